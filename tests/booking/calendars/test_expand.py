"""The program that works a calendar out: its limits, and what it is given."""

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from booking.calendars import expand as expansion
from booking.calendars.expand import PROGRAM, expand
from booking.calendars.problems import CalendarUnreadable, Problem
from tests.support.ical_files import make_calendar

BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
QUESTION = {
    "zone": "America/Edmonton",
    "begin": int(BEGIN.timestamp()),
    "end": int((BEGIN + timedelta(days=60)).timestamp()),
}
HOUR = timedelta(hours=1)


def event(start, end, uid="1"):
    return f"UID:{uid}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{end:%Y%m%dT%H%M%SZ}"


def problem_of(content, **fields):
    with pytest.raises(CalendarUnreadable) as failed:
        expand(content, QUESTION | fields)
    return failed.value.problem


def test_it_uses_the_pinned_time_zones():
    """Alberta is UTC-6 in winter since 2026; many systems' own files still say UTC-7."""
    content = make_calendar("UID:1\nDTSTART;TZID=America/Edmonton:20261124T090000\nDURATION:PT1H")
    (span,), _skipped = expand(content, QUESTION)
    assert datetime.fromtimestamp(span[0], UTC).hour == 15


@pytest.mark.parametrize("seed", range(3))
def test_busy_times_are_merged_as_counting_every_minute_says(seed):
    chance = random.Random(seed)
    spans = []
    for _number in range(60):
        start = BEGIN + timedelta(minutes=chance.randrange(-600, 4000))
        spans.append((start, start + timedelta(minutes=chance.randrange(0, 300))))
    busy, skipped = expand(make_calendar(*(event(*span, uid=str(uid)) for uid, span in enumerate(spans))), QUESTION)
    minutes = {
        minute
        for start, end in spans
        for minute in range(int(start.timestamp()) // 60, int(end.timestamp()) // 60)
        if minute >= QUESTION["begin"] // 60
    }
    assert {minute for start, end in busy for minute in range(start // 60, end // 60)} == minutes
    assert all(before[1] < after[0] for before, after in pairwise(busy))
    assert skipped == 0


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (make_calendar(event(BEGIN, BEGIN + HOUR) + "\nRRULE:FREQ=SECONDLY"), Problem.TOO_MANY),
        (make_calendar(event(BEGIN, BEGIN + HOUR) + "\nRRULE:FREQ=MINUTELY;INTERVAL=2"), Problem.TOO_MANY),
        (b"<html>", Problem.NOT_A_CALENDAR),
        (b"", Problem.NOT_A_CALENDAR),
    ],
    ids=["every second", "every other minute", "a page", "nothing"],
)
def test_what_it_refuses(content, problem):
    assert problem_of(content) == problem


def test_a_rule_that_never_comes_true_ends():
    """February 30: a library could look for it for ever."""
    content = make_calendar(event(BEGIN, BEGIN + HOUR) + "\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert len(expand(content, QUESTION)[0]) <= 1


def test_a_program_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(expansion, "TIME_LIMIT", 0.01)
    assert problem_of(make_calendar(event(BEGIN, BEGIN + HOUR))) == Problem.TOO_SLOW


def test_entities_that_grow_are_refused():
    entities = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 12))
    content = f'<!DOCTYPE x [<!ENTITY e0 "haha">{entities}]><x>&e11;</x>'.encode()
    assert problem_of(content, is_multistatus=True) == Problem.NOT_A_CALENDAR


@pytest.mark.prove
@pytest.mark.parametrize(
    "content",
    [
        make_calendar(
            *(
                event(BEGIN, BEGIN + HOUR, str(number))
                + "\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6;BYMINUTE="
                + ",".join(map(str, range(60)))
                for number in range(50)
            )
        ),
        b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 300_000 + b"END:VCALENDAR",
        b"BEGIN:VCALENDAR\r\nX:" + b"a" * 5_000_000 + b"\r\nEND:VCALENDAR",
        make_calendar(*(event(BEGIN, BEGIN + HOUR, str(number)) for number in range(40_000))),
    ],
    ids=["many series of most minutes", "deep", "one line", "many events"],
)
def test_a_huge_calendar_ends_in_a_result_or_a_problem(content):
    try:
        busy, _skipped = expand(content, QUESTION)
    except CalendarUnreadable:
        return
    assert len(busy) <= 1


def test_the_program_limits_itself_before_it_reads():
    code = (
        "import resource, runpy, sys; module = runpy.run_path(sys.argv[1]); module['limit_resources']();"
        "print([resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU,"
        " resource.RLIMIT_FSIZE)])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(PROGRAM)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [512_000_000, 20, 0]


def test_the_program_gets_none_of_the_sites_variables(monkeypatch):
    given = {}

    def run(command, **options):
        given.update(options, command=command)
        return subprocess.CompletedProcess(command, 0, stdout=b'{"busy": [], "skipped": 0}')

    monkeypatch.setattr(subprocess, "run", run)
    expand(b"", QUESTION)
    assert given["env"] == {}
    assert given["command"][1] == "-I"
