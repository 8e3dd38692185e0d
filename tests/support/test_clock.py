"""Tests and the processes that they start run at TEST_NOW."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.support import clock

ROOT = clock.SITECUSTOMIZE.parent.parent
PRINT_THE_TIME = "import time; print(time.time())"
MINUTES = timedelta(minutes=5)


@pytest.fixture(scope="module")
def module_now():
    return timezone.now()


def test_every_test_runs_at_one_instant(module_now):
    assert module_now == timezone.now() == datetime.now(UTC) == clock.TEST_NOW
    assert time.time() == clock.TEST_NOW.timestamp()
    assert timezone.localdate() == clock.TEST_NOW.date()


def test_a_test_with_a_stopped_clock_runs_in_november_2026(stopped_clock):
    assert timezone.now() == stopped_clock == datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def test_a_running_clock_starts_at_the_same_instant(running_clock):
    assert clock.TEST_NOW <= timezone.now() < clock.TEST_NOW + MINUTES
    assert timezone.now() < timezone.now()


def test_monotonic_clocks_are_not_frozen():
    assert time.monotonic() < time.monotonic()
    assert time.perf_counter() < time.perf_counter()


def test_a_process_that_a_test_starts_sees_the_same_date():
    assert clock.TEST_NOW <= time_in(PRINT_THE_TIME) < clock.TEST_NOW + MINUTES


def test_a_process_of_a_test_with_a_stopped_clock_starts_at_the_same_time(stopped_clock):
    assert stopped_clock <= time_in(PRINT_THE_TIME) < stopped_clock + MINUTES


def test_a_grandchild_process_sees_the_same_date():
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {PRINT_THE_TIME!r}])"
    assert clock.TEST_NOW <= time_in(code) < clock.TEST_NOW + MINUTES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2028-03-01T12:00", datetime(2028, 3, 1, 12, 0, tzinfo=UTC)),
        ("2028-03-01T12:00Z", datetime(2028, 3, 1, 12, 0, tzinfo=UTC)),
        ("2028-03-01T12:00-06:00", datetime(2028, 3, 1, 18, 0, tzinfo=UTC)),
    ],
)
def test_an_instant_without_an_offset_is_in_utc(text, expected):
    assert clock.instant(text) == expected


def time_in(code: str) -> datetime:
    """Run Python code that prints a timestamp, and return it."""
    environment = {"PATH": "/usr/bin:/bin"} | clock.child_environment()
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert result.stderr == ""
    return datetime.fromtimestamp(float(result.stdout), UTC)
