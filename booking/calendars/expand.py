"""Run ``occurrences.py`` on a calendar, in a process of its own with limits, and merge what it finds."""

import json
import subprocess
import sys
from pathlib import Path

from booking import availability
from booking.availability import Interval
from booking.calendars.problems import CalendarUnreadable, Problem

PROGRAM = Path(__file__).with_name("occurrences.py")
TIME_LIMIT = 30.0  # seconds; the program's own limit counts its CPU time only
MOST_BUSY = 5000  # Busy times of one calendar, merged.
PROBLEMS = {"not-a-calendar": Problem.NOT_A_CALENDAR, "too-many": Problem.TOO_MANY}


def expand(content: bytes, question: dict[str, object]) -> tuple[list[Interval], int]:
    """The merged busy times of a calendar, and the number of events that could not be read.

    ``question``: the fields of ``occurrences.CalendarQuestion``. Raises CalendarUnreadable.
    """
    answer = json.loads(_run(json.dumps(question).encode() + b"\n" + content))
    if problem := answer.get("problem"):
        raise CalendarUnreadable(PROBLEMS[problem])
    busy = availability.merge((int(begin), int(end)) for begin, end in answer["busy"])
    if len(busy) > MOST_BUSY:
        raise CalendarUnreadable(Problem.TOO_MANY)
    return busy, int(answer["skipped"])


def _run(given: bytes) -> bytes:
    """What the program writes. It gets nothing but its input: no environment, and no open file of this process."""
    command = [sys.executable, "-I", str(PROGRAM)]
    try:
        done = subprocess.run(
            command, input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, timeout=TIME_LIMIT,
            check=True,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        raise CalendarUnreadable(Problem.TOO_SLOW) from None
    return done.stdout
