"""Compute the slots (bookable start times) of one practitioner at one location."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from booking.availability.inputs import LocationDay, Request, Schedule, WeeklySpan
from booking.availability.intervals import ALWAYS, Interval, difference, intersections, merge, overlaps
from booking.availability.local_time import (
    DAY,
    LOOK_BACK,
    ONE_DAY,
    SECOND,
    LocalDay,
    ceil_second,
    instant,
    local_day,
    second_at,
)


def starts(
    schedule: Schedule, place: LocationDay, request: Request, *, first: date, last: date, not_before: datetime
) -> list[int]:
    """The sorted slots on the local days ``first`` to ``last``, in seconds since 1970 UTC (R5).

    ``not_before`` is now plus the lead time, inclusive (R7). The caller limits the days to the
    booking horizon (R8).
    """
    window = second_at(first, 0, place.zone), second_at(last, DAY, place.zone)
    earliest_on = first - LOOK_BACK
    hours = hours_of(schedule, place, earliest_on, last)
    blocks = blocks_of(schedule, place, request, earliest_on, last)
    slots = free_starts(hours, blocks, request, max(window[0], ceil_second(not_before)), window[1])
    return difference(slots, starts_without_room(place, request.duration)) if request.needs_room else slots


def free_starts(
    hours: Sequence[Interval], blocks: Sequence[Interval], request: Request, earliest: int, until: int
) -> list[int]:
    """The sorted starts of visits that fit into ``hours`` and between the merged ``blocks`` (R5).

    The grid of starts is anchored at the start of the hours, whatever is blocked (R4).
    """
    duration, step = request.duration // SECOND, request.step // SECOND
    slots: list[int] = []
    over = 0  # The number of blocks that end before the hours start.
    for opens, closes in hours:
        last_start = min(closes - duration, until - 1)
        start = opens if opens >= earliest else on_grid(earliest, opens, step)
        while over < len(blocks) and blocks[over][1] <= opens:
            over += 1
        for index in range(over, len(blocks)):
            block_start, block_end = blocks[index]
            if block_start - duration >= last_start:
                break
            if start <= block_start - duration:
                slots += range(start, block_start - duration + 1, step)
            if start < block_end:
                start = on_grid(block_end, opens, step)
        if start <= last_start:
            slots += range(start, last_start + 1, step)
    # Hours that run past midnight can overlap the next day's hours.
    return slots if all(a[1] <= b[0] for a, b in pairwise(hours)) else sorted(set(slots))


# One start


def works_at(schedule: Schedule, place: LocationDay, request: Request, start: int, *, not_before: datetime) -> bool:
    """Whether the schedule allows this start: all the rules of ``starts()`` except occupied time and rooms."""
    day = local_day(instant(start), place.zone)
    if not max(second_at(day, 0, place.zone), ceil_second(not_before)) <= start < second_at(day, DAY, place.zone):
        return False
    visit, step = (start, start + request.duration // SECOND), request.step // SECOND
    earliest_on = day - LOOK_BACK
    if not any(
        opens <= start and visit[1] <= closes and (start - opens) % step == 0
        for opens, closes in hours_of(schedule, place, earliest_on, day)
    ):
        return False
    return not any(overlaps(visit, block) for block in breaks_and_closures(schedule, place, earliest_on, day))


def is_free(schedule: Schedule, place: LocationDay, request: Request, start: int) -> bool:
    """Whether the practitioner and, if needed, a room are unoccupied: the rules that ``works_at()`` omits."""
    visit = start, start + request.duration // SECOND
    if any(overlaps(visit, block) for block in buffered(schedule, place, request)):
        return False
    return not request.needs_room or free_room(place, visit) is not None


def on_grid(earliest: int, anchor: int, step: int) -> int:
    """The first second at or after ``earliest`` that is a multiple of ``step`` from ``anchor``."""
    return earliest + (anchor - earliest) % step


# Hours


def hours_of(schedule: Schedule, place: LocationDay, first: date, last: date) -> list[Interval]:
    """The working hours that start on these days, merged for each day (R3, R4): an override, else weekly (R9)."""
    weekly = Weekly((row for row in schedule.weekly if row.location == place.id), place.zone)
    hours: list[Interval] = []
    for day in place.days(first, last):
        if day.on in schedule.overrides:
            spans = [dated.span for dated in schedule.overrides[day.on] if dated.location == place.id and dated.span]
            hours += merge(span.on(day.on, place.zone) for span in spans)
        elif day.on not in place.closed_on:
            hours += weekly.on(day)
    hours.sort()  # If a time zone skips a day, that day's hours fall among the next day's.
    return hours


class Weekly:
    """Weekly rows, merged for each local day. Caches the merged spans of weekdays that never change."""

    def __init__(self, rows: Iterable[WeeklySpan], zone: ZoneInfo) -> None:
        self.zone = zone
        self.rows: dict[int, list[WeeklySpan]] = defaultdict(list)
        for row in rows:
            self.rows[row.weekday].append(row)
        # By weekday, in seconds since midnight; only for weekdays whose rows have no first or last date.
        self.patterns: dict[int, list[Interval]] = {}

    def on(self, day: LocalDay) -> list[Interval]:
        """The merged intervals that start on ``day`` (R3, R4)."""
        _, weekday, midnight = day
        if weekday not in self.rows:
            return []
        if midnight is None:
            return merge(row.span.on(day.on, self.zone) for row in self.rows[weekday] if row.holds_on(day.on))
        pattern = self.patterns.get(weekday)
        if pattern is None:
            rows = self.rows[weekday]
            pattern = merge(row.span for row in rows if row.holds_on(day.on))
            if not any(row.starts_on or row.ends_on for row in rows):
                self.patterns[weekday] = pattern
        return [(midnight + opens, midnight + closes) for opens, closes in pattern]


# Blocks: intervals in which nothing can be booked


def blocks_of(schedule: Schedule, place: LocationDay, request: Request, first: date, last: date) -> list[Interval]:
    """The merged blocks for hours starting on ``first`` to ``last``: of the schedule, and occupied time."""
    return merge(chain(breaks_and_closures(schedule, place, first, last), buffered(schedule, place, request)))


def breaks_and_closures(schedule: Schedule, place: LocationDay, first: date, last: date) -> Iterator[Interval]:
    """The blocks that do not depend on the request: closures, breaks, time off, own calendars."""
    return chain(
        closures_of(schedule, place, first, last + LOOK_BACK),
        breaks_of(schedule, place, first - ONE_DAY, last + LOOK_BACK),
        (away.at(place.zone) for away in schedule.away),
        schedule.busy,
    )


def closures_of(schedule: Schedule, place: LocationDay, first: date, last: date) -> list[Interval]:
    """The closed days from ``first`` to ``last``, except those that dated hours reopen (R9)."""
    return [
        (second_at(day, 0, place.zone), second_at(day, DAY, place.zone))
        for day in place.closed_on
        if first <= day <= last and not reopens(schedule, place, day)
    ]


def reopens(schedule: Schedule, place: LocationDay, day: date) -> bool:
    """Whether dated hours reopen a closed day for this practitioner (R9)."""
    return any(dated.location == place.id and dated.span for dated in schedule.overrides.get(day, ()))


def breaks_of(schedule: Schedule, place: LocationDay, first: date, last: date) -> list[Interval]:
    """The breaks that start on the local days ``first`` to ``last``."""
    weekly = Weekly(schedule.breaks, place.zone)
    return [pause for day in place.days(first, last) for pause in weekly.on(day)]


def buffered(schedule: Schedule, place: LocationDay, request: Request) -> list[Interval]:
    """The occupied intervals, widened by buffers (R6), and by the time to travel from and to other locations.

    Buffers are shared: the gap between two visits is the longest of the first one's buffer after, the second
    one's buffer before, and the travel.
    """
    own_before, own_after = request.buffer_before // SECOND, request.buffer_after // SECOND
    travel = schedule.travel_time // SECOND
    intervals = []
    for start, end, before, after, location in schedule.visits:
        least = travel if location is not None and location != place.id else 0
        intervals.append((start - max(before, own_after, least), end + max(after, own_before, least)))
    return intervals


def starts_without_room(place: LocationDay, duration: timedelta) -> list[Interval]:
    """The merged intervals of starts for which no room is free (R12). Cached on ``place``."""
    length = duration // SECOND
    result = place.without_room_by_duration.get(length)
    if result is None:
        result = [ALWAYS]
        for occupied in place.rooms.values():
            # A visit overlaps an interval if it starts before its end and ends after its start.
            conflicting = merge((start - length + 1, end) for start, end in occupied)
            result = intersections(result, conflicting)
        place.without_room_by_duration[length] = result
    return result


def free_room(place: LocationDay, visit: Interval) -> int | None:
    """The first room, in filling order, that is unoccupied during the visit without buffers (R6, R12)."""
    for room, occupied in place.rooms.items():
        if not any(overlaps(visit, interval) for interval in occupied):
            return room
    return None
