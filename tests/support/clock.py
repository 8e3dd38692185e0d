"""The frozen clock of the tests. All tests run at TEST_NOW, which the environment variable of that name sets.

A test that contains dates uses the fixtures ``stopped_clock`` or ``now``, which freeze the clock at NOW.
A process that a test starts needs ``child_environment()``: its clock starts at the test's time and runs.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import time_machine

# Monday, November 23, 2026, 8:00 a.m. in Alberta (UTC-06 all year since 2026).
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def instant(text: str) -> datetime:
    """Parse an ISO 8601 date and time, as UTC if it has no offset."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


TEST_NOW = instant(os.environ["TEST_NOW"]) if os.environ.get("TEST_NOW") else NOW
SITECUSTOMIZE = Path(__file__).resolve().parent / "child_clock"


def child_environment() -> dict[str, str]:
    """Return environment variables that set the clock of a Python process and of its children to this process's.

    A worker does not compare it with other clocks, which show the real time.
    """
    ahead = time.time() - time_machine.escape_hatch.time.time()
    path = [str(SITECUSTOMIZE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"TEST_CLOCK_AHEAD": repr(ahead), "PYTHONPATH": os.pathsep.join(path), "CLOCK_TOLERANCE_MINUTES": "0"}
