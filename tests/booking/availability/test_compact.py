"""Compact days (R15): which free starts leave no gap that is too short for another visit."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.availability import (
    LocationDay,
    OccupiedSpan,
    Request,
    Schedule,
    WallSpan,
    WeeklySpan,
    compact_starts,
    floor_second,
    instant_at,
    starts,
)

pytestmark = pytest.mark.once
ZONE = ZoneInfo("America/Edmonton")
MONDAY = date(2026, 11, 23)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PLACE = LocationDay(id=1, zone=ZONE)
NINE = floor_second(instant_at(MONDAY, time(9), ZONE))
QUARTER = 15 * 60


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def schedule(visits: list[tuple[int, int]], pause: tuple[int, int] | None = None) -> Schedule:
    """Hours from 9:00 to 17:00; visits and the break in quarters of an hour since 9:00."""
    rows = [WeeklySpan(0, WallSpan.between(time(9), time(17)), 1)]
    breaks = []
    if pause:
        opens = 9 * 3600 + pause[0] * QUARTER
        breaks = [WeeklySpan(0, WallSpan(opens, opens + pause[1] * QUARTER))]
    spans = [OccupiedSpan(NINE + begin * QUARTER, NINE + (begin + length) * QUARTER) for begin, length in visits]
    return Schedule(weekly=rows, breaks=breaks, visits=spans)


def shown_first(plan: Schedule, length: int, shortest: int) -> list[int]:
    """The compact starts in quarters of an hour since 9:00."""
    request = Request(duration=minutes(15 * length), step=minutes(15))
    free = starts(plan, PLACE, request, first=MONDAY, last=MONDAY, not_before=LONG_AGO)
    compact = compact_starts(plan, PLACE, request, free, MONDAY, minutes(15 * shortest))
    return [(start - NINE) // QUARTER for start in compact]


def test_a_start_that_touches_a_visit_a_break_or_the_hours_is_kept():
    # Free: 0 to 6, 8 to 14 and 16 to 32 quarters, for 45 minutes; the shortest visit takes an hour and a half.
    kept = shown_first(schedule([(6, 2)], pause=(14, 2)), length=3, shortest=6)
    assert kept == [0, 3, 8, 11, 16, 22, 23, 29]


def test_a_gap_as_long_as_the_shortest_visit_is_kept():
    assert shown_first(schedule([(10, 22)]), length=4, shortest=3) == [0, 3, 6]


def test_no_start_is_dropped_where_any_visit_fits_into_each_gap():
    assert shown_first(schedule([]), length=3, shortest=1) == list(range(30))


@given(
    visits=st.lists(st.tuples(st.integers(0, 31), st.integers(1, 6)), max_size=5),
    pause=st.none() | st.tuples(st.integers(0, 28), st.integers(1, 4)),
    length=st.integers(1, 6),
    shortest=st.integers(1, 6),
)
def test_the_same_as_counting_free_quarters_before_and_after(visits, pause, length, shortest):
    taken = {
        quarter for begin, size in [*visits, *([pause] if pause else [])] for quarter in range(begin, begin + size)
    }
    free = [quarter not in taken for quarter in range(32)]

    def free_run(quarters: range) -> int:
        """The number of free quarters until the first that is not."""
        count = 0
        for quarter in quarters:
            if not free[quarter]:
                break
            count += 1
        return count

    expected = []
    for start in range(32 - length + 1):
        if not all(free[start : start + length]):
            continue
        before, after = free_run(range(start - 1, -1, -1)), free_run(range(start + length, 32))
        if before == 0 or after == 0 or (before >= shortest and after >= shortest):
            expected.append(start)
    assert shown_first(schedule(visits, pause), length, shortest) == expected
