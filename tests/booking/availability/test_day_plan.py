"""A day as staff see it: working hours, interruptions and gaps, compared with counting single minutes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.availability import (
    DatedHours,
    LocationDay,
    OccupiedSpan,
    Reason,
    Schedule,
    TimeOffSpan,
    WallSpan,
    WeeklySpan,
    day_plan,
    floor_second,
    instant_at,
)

pytestmark = pytest.mark.once
ZONE = ZoneInfo("America/Edmonton")
MONDAY = date(2026, 11, 23)
PLACE = LocationDay(id=1, zone=ZONE)
MIDNIGHT = floor_second(instant_at(MONDAY, time(0), ZONE))
NINE_TO_FIVE = [WeeklySpan(0, WallSpan.between(time(9), time(17)), 1)]
HALF_HOUR = timedelta(minutes=30)


def at(hour, minute=0):
    return MIDNIGHT + hour * 3600 + minute * 60


def plan(schedule, place=PLACE, day=MONDAY, gaps_from=0, shortest=HALF_HOUR, needs_room=False):
    return day_plan(schedule, place, day, gaps_from=gaps_from, shortest=shortest, needs_room=needs_room)


def visit(start, end):
    return OccupiedSpan(start, end, 900, 900)  # Buffers, which do not count for staff.


def test_a_gap_lies_between_visits_breaks_and_the_end_of_the_hours():
    schedule = Schedule(
        weekly=NINE_TO_FIVE,
        breaks=[WeeklySpan(0, WallSpan.between(time(12), time(13)))],
        visits=[visit(at(9), at(10)), visit(at(10, 15), at(11))],
    )
    found = plan(schedule)
    assert found.hours == [(at(9), at(17))]
    assert found.interruptions == [(Reason.BREAK, (at(12), at(13)))]
    assert found.gaps == [(at(11), at(12)), (at(13), at(17))]  # Not the quarter of an hour after ten.


def test_no_gap_begins_before_now():
    found = plan(Schedule(weekly=NINE_TO_FIVE), gaps_from=at(16, 20))
    assert found.gaps == [(at(16, 20), at(17))]
    assert plan(Schedule(weekly=NINE_TO_FIVE), gaps_from=at(16, 31)).gaps == []


def test_a_closed_day_has_no_gaps_unless_dated_hours_reopen_it():
    closed = LocationDay(id=1, zone=ZONE, closed_on=frozenset([MONDAY]))
    shut = plan(Schedule(weekly=NINE_TO_FIVE), closed)
    assert (shut.hours, shut.gaps) == ([], [])
    assert shut.interruptions == [(Reason.CLOSURE, (at(0), at(24)))]
    dated = {MONDAY: [DatedHours(1, WallSpan.between(time(10), time(12)))]}
    reopened = plan(Schedule(weekly=NINE_TO_FIVE, overrides=dated), closed)
    assert (reopened.closed, reopened.gaps) == ([], [(at(10), at(12))])


def test_time_off_takes_its_part_of_the_day():
    away = [TimeOffSpan(MONDAY - timedelta(days=3), None, MONDAY, time(11))]
    found = plan(Schedule(weekly=NINE_TO_FIVE, away=away))
    assert found.away == [(at(0), at(11))]
    assert found.gaps == [(at(11), at(17))]


def test_hours_past_midnight_are_cut_at_midnight_on_both_days():
    night = Schedule(weekly=[WeeklySpan(0, WallSpan.between(time(20), time(2), ends_next_day=True), 1)])
    assert plan(night).hours == [(at(20), at(24))]
    assert plan(night, day=MONDAY + timedelta(days=1)).hours == [(at(24), at(26))]


def test_a_gap_needs_a_room_only_where_every_service_does():
    taken = {7: [(at(9), at(12))], 8: [(at(11), at(15))]}
    rooms = LocationDay(id=1, zone=ZONE, rooms=taken)
    schedule = Schedule(weekly=NINE_TO_FIVE)
    assert plan(schedule, rooms).gaps == [(at(9), at(17))]
    assert plan(schedule, rooms, needs_room=True).gaps == [(at(9), at(11)), (at(12), at(17))]
    no_rooms = LocationDay(id=1, zone=ZONE)
    assert plan(schedule, no_rooms, needs_room=True).gaps == []


quarters = st.tuples(st.integers(0, 95), st.integers(1, 24))


@given(
    hours=st.lists(quarters, max_size=3),
    pauses=st.lists(quarters, max_size=2),
    visits=st.lists(quarters, max_size=6),
    since=st.integers(0, 96),
    shortest=st.integers(1, 6),
)
def test_gaps_are_the_runs_of_free_quarters(hours, pauses, visits, since, shortest):
    def spans(rows):
        return [(start * 900, min(start + length, 96) * 900) for start, length in rows]

    schedule = Schedule(
        weekly=[WeeklySpan(0, WallSpan(*span), 1) for span in spans(hours)],
        breaks=[WeeklySpan(0, WallSpan(*span)) for span in spans(pauses)],
        visits=[visit(MIDNIGHT + start, MIDNIGHT + end) for start, end in spans(visits)],
    )
    found = plan(schedule, gaps_from=MIDNIGHT + since * 900, shortest=timedelta(minutes=15 * shortest))

    def covers(rows, quarter):
        return any(start <= quarter * 900 < end for start, end in spans(rows))

    free = [covers(hours, q) and not covers(pauses, q) and not covers(visits, q) and q >= since for q in range(96)]
    runs, begins = [], None
    for quarter, is_free in enumerate([*free, False]):
        if is_free and begins is None:
            begins = quarter
        elif not is_free and begins is not None:
            runs += [(begins, quarter)] if quarter - begins >= shortest else []
            begins = None
    assert found.gaps == [(MIDNIGHT + start * 900, MIDNIGHT + end * 900) for start, end in runs]


def test_the_plan_of_a_day_with_a_clock_change_has_its_real_length():
    zone = ZoneInfo("America/Toronto")  # Alberta changes its clocks no more.
    sunday = date(2026, 11, 1)
    schedule = Schedule(weekly=[WeeklySpan(6, WallSpan.between(time(0), time(4)), 1)])
    found = plan(schedule, LocationDay(id=1, zone=zone), sunday)
    begin = floor_second(datetime(2026, 11, 1, 4, 0, tzinfo=UTC))
    assert found.gaps == [(begin, begin + 5 * 3600)]


marks = st.lists(st.tuples(st.integers(0, 47), st.integers(1, 12)), max_size=6).map(
    lambda rows: [(at(0) + start * 1800, at(0) + (start + length) * 1800) for start, length in rows]
)


@given(marks, st.booleans())
def test_filled_time_is_the_working_time_that_a_visit_covers_counted_once(visits, has_break):
    breaks = [WeeklySpan(0, WallSpan.between(time(12), time(13)))] if has_break else []
    found = plan(Schedule(weekly=NINE_TO_FIVE, breaks=breaks))
    halves = [at(9) + number * 1800 for number in range(16)]
    working = [half for half in halves if not has_break or not at(12) <= half < at(13)]
    filled = [half for half in working if any(start <= half < end for start, end in visits)]
    assert found.working_seconds == 1800 * len(working)
    assert found.filled_seconds(visits) == 1800 * len(filled) <= found.working_seconds
