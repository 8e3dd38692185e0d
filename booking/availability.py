"""When can a patient be seen? Interval arithmetic, and nothing else.

Pure by rule: no Django, no database, no clock. Every fact is passed in, "now" included.
Instants are aware datetimes in UTC; wall times are naive ``date`` and ``time`` in a location's zone.
What is made by the thousand (intervals, visits) is a named tuple: those are cheap to make and to sort.
The rules R1 to R12 that the docstrings name are the clinic's booking rules.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from functools import lru_cache
from itertools import chain, starmap
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
# Hours may run past midnight, and a place may skip a whole day (Samoa had no 30 December 2011):
# what is open today can have begun on the calendar's day before yesterday, and what comes
# next can be on the day after tomorrow.
LOOK_BACK = timedelta(days=2)
NOTHING = timedelta(0)
INSTANT = timedelta(microseconds=1)  # The shortest time there is here.
LONG_AGO = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class Interval(NamedTuple):
    """A half-open stretch of time (R1): it holds its start, but not its end (UTC)."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Interval") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class WallSpan:
    """Hours on a wall clock. An end of 00:00 is midnight at the day's end (R3)."""

    start: time
    end: time
    ends_next_day: bool = False

    def on(self, day: date, zone: tzinfo) -> Interval:
        """The instants of these hours when they start on ``day``."""
        runs_over = self.ends_next_day or self.end == time(0)
        return Interval(resolve(day, self.start, zone), resolve(day + ONE_DAY if runs_over else day, self.end, zone))


@dataclass(frozen=True, slots=True)
class WeeklySpan:
    """Hours that come back each week, on one weekday (Monday is 0), while they are valid."""

    weekday: int
    span: WallSpan
    location: int | None = None  # None: wherever the practitioner is (a break).
    starts_on: date | None = None
    ends_on: date | None = None

    def holds_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and (self.starts_on is None or self.starts_on <= day)
            and (self.ends_on is None or day <= self.ends_on)
        )


@dataclass(frozen=True, slots=True)
class DatedHours:
    """Hours for one date, in place of the weekly ones; no span means a day off (R9)."""

    location: int
    span: WallSpan | None


@dataclass(frozen=True, slots=True)
class Away:
    """Time off from one wall time to another; an empty time is the day's edge."""

    starts_on: date
    start_time: time | None
    ends_on: date
    end_time: time | None

    def instants(self, zone: ZoneInfo) -> Interval:
        end_day = self.ends_on + ONE_DAY if self.end_time is None else self.ends_on
        return Interval(
            resolve(self.starts_on, self.start_time or time(0), zone), resolve(end_day, self.end_time or time(0), zone)
        )


class Visit(NamedTuple):
    """Time already taken: an appointment, or a hold that has not lapsed. Buffers are its own (R6)."""

    start: datetime
    end: datetime
    buffer_before: timedelta = NOTHING
    buffer_after: timedelta = NOTHING


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that decides when one practitioner is free."""

    weekly: Sequence[WeeklySpan] = ()
    overrides: Mapping[date, Sequence[DatedHours]] = field(default_factory=dict)
    breaks: Sequence[WeeklySpan] = ()
    away: Sequence[Away] = ()
    visits: Sequence[Visit] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A location: its zone, its closed days, and what its rooms are taken for."""

    id: int
    zone: ZoneInfo
    closed_on: frozenset[date] = frozenset()
    # In the order they are filled; what each is taken for is merged.
    rooms: Mapping[int, Sequence[Interval]] = field(default_factory=dict)
    # What roomless_starts found: it is the same for every practitioner.
    roomless: dict[timedelta, list[Interval]] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: a service, as one practitioner gives it."""

    duration: timedelta
    step: timedelta
    buffer_before: timedelta = NOTHING
    buffer_after: timedelta = NOTHING
    needs_room: bool = False


# Wall clocks and instants (R2)


def resolve(day: date, wall: time, zone: tzinfo) -> datetime:
    """The instant of a wall time: before a gap's offset, the first of two (RFC 5545, 3.3.5)."""
    if wall.fold:
        wall = wall.replace(fold=0)
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)


def instants_of(day: date, wall: time, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which the clock shows this: none in a gap, two where an hour comes twice."""
    found = []
    for fold in (0, 1):
        instant = datetime.combine(day, wall.replace(fold=fold), tzinfo=zone).astimezone(UTC)
        shown = instant.astimezone(zone)
        if shown.date() == day and shown.time() == wall.replace(fold=0) and instant not in found:
            found.append(instant)
    return found


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def day_interval(first: date, last: date, zone: ZoneInfo) -> Interval:
    """The local days ``first`` to ``last``, both included."""
    return Interval(resolve(first, time(0), zone), resolve(last + ONE_DAY, time(0), zone))


def horizon(now: datetime, days: int, zone: ZoneInfo) -> tuple[date, date]:
    """The local days that can be booked: today and ``days`` more (R8)."""
    today = local_day(now, zone)
    return today, today + timedelta(days=days)


@lru_cache(maxsize=4096)
def steady_midnight(day: date, zone: ZoneInfo) -> datetime | None:
    """When ``day`` begins, if no clock is changed on it or on the next day; otherwise None.

    On such days adding to midnight gives every wall time, far cheaper than resolving each. Two
    changes that cancel each other out within the two days would be missed: none ever happened so.
    """
    midnight = resolve(day, time(0), zone)
    is_steady = all(resolve(day + more * ONE_DAY, time(0), zone) - midnight == more * ONE_DAY for more in (1, 2))
    return midnight if is_steady else None


# Sets of intervals


def merge(intervals: Iterable[tuple[datetime, datetime]]) -> list[Interval]:
    """Sorted, with overlapping and touching ones made one (R4)."""
    merged: list[Interval] = []
    begin = reach = LONG_AGO
    for start, end in sorted(intervals, key=itemgetter(0)):
        if start > reach:
            if begin < reach:
                merged.append(Interval(begin, reach))
            begin, reach = start, end
        elif end > reach:
            reach = end
    if begin < reach:
        merged.append(Interval(begin, reach))
    return merged


def overlaps_of(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """What two merged sets both cover."""
    found = []
    index = 0
    for start, end in one:
        while index < len(other) and other[index].end <= start:
            index += 1
        ahead = index
        while ahead < len(other) and other[ahead].start < end:
            found.append(Interval(max(start, other[ahead].start), min(end, other[ahead].end)))
            ahead += 1
    return found


# One practitioner at one place


class Weekly:
    """Weekly rows asked for day by day: what they say is the same each week until a row begins or ends."""

    def __init__(self, rows: Iterable[WeeklySpan]) -> None:
        self.rows: dict[int, list[WeeklySpan]] = {weekday: [] for weekday in range(7)}
        edges = set()
        for row in rows:
            self.rows[row.weekday].append(row)
            edges |= {row.starts_on and row.starts_on.toordinal(), row.ends_on and row.ends_on.toordinal() + 1}
        self.edges = sorted(edge for edge in edges if edge)
        self.patterns: dict[tuple[int, int], list[tuple[timedelta, timedelta]]] = {}  # Since midnight.

    def on(self, day: date, zone: ZoneInfo) -> list[Interval]:
        """The merged stretches that start on ``day`` (R3, R4)."""
        midnight = steady_midnight(day, zone)
        if midnight is None:
            return self.resolved(day, zone)
        week_day = day.weekday(), bisect_right(self.edges, day.toordinal()) if self.edges else 0
        pattern = self.patterns.get(week_day)
        if pattern is None:
            # As on a clock that is never changed, which costs less to ask.
            zero = resolve(day, time(0), UTC)
            pattern = [(start - zero, end - zero) for start, end in self.resolved(day, UTC)]
            self.patterns[week_day] = pattern
        return [Interval(midnight + start, midnight + end) for start, end in pattern]

    def resolved(self, day: date, zone: tzinfo) -> list[Interval]:
        return merge([row.span.on(day, zone) for row in self.rows[day.weekday()] if row.holds_on(day)])


def weekly_hours(schedule: Schedule, place: Place) -> Weekly:
    """The weekly hours at this place."""
    return Weekly(row for row in schedule.weekly if row.location == place.id)


def hours_of(schedule: Schedule, place: Place, day: date, weekly: Weekly | None = None) -> list[Interval]:
    """The merged working hours that start on ``day`` (R3, R4, R9): dated hours, or else weekly ones.

    Who asks for many days passes the ``weekly_hours`` along, to have them sorted out only once.
    """
    if day in schedule.overrides:
        spans = [dated.span for dated in schedule.overrides[day] if dated.location == place.id and dated.span]
        return merge(span.on(day, place.zone) for span in spans)
    if day in place.closed_on:
        return []
    return (weekly or weekly_hours(schedule, place)).on(day, place.zone)


def reopens(schedule: Schedule, place: Place, day: date) -> bool:
    """Whether dated hours open a closed day again for this practitioner (R9)."""
    return any(dated.location == place.id and dated.span for dated in schedule.overrides.get(day, ()))


def closures_of(schedule: Schedule, place: Place, first: date, last: date) -> list[Interval]:
    """The closed local days between ``first`` and ``last`` that no dated hours open again (R9)."""
    return [
        day_interval(day, day, place.zone)
        for day in place.closed_on
        if first <= day <= last and not reopens(schedule, place, day)
    ]


def breaks_of(schedule: Schedule, place: Place, first: date, last: date) -> list[Interval]:
    """The breaks that start on the local days ``first`` to ``last``."""
    weekly = Weekly(schedule.breaks)
    return [pause for day in days(first, last) for pause in weekly.on(day, place.zone)]


def buffered(visits: Iterable[Visit], request: Request) -> list[tuple[datetime, datetime]]:
    """The time that each visit takes from another one (R6).

    Buffers are shared: between two visits there is the longer of what the first needs after it
    and what the second needs before it.
    """
    ours_before, ours_after = request.buffer_before, request.buffer_after
    return [
        (start - (before if before > ours_after else ours_after), end + (after if after > ours_before else ours_before))
        for start, end, before, after in visits
    ]


def blocks_of(schedule: Schedule, place: Place, request: Request, first: date, last: date) -> list[Interval]:
    """All that cuts time out of hours starting on ``first`` to ``last``: closures, breaks, time off, visits."""
    return merge(
        chain(
            closures_of(schedule, place, first, last + LOOK_BACK),
            breaks_of(schedule, place, first - ONE_DAY, last + LOOK_BACK),
            (away.instants(place.zone) for away in schedule.away),
            buffered(schedule.visits, request),
        )
    )


def starts(
    schedule: Schedule, place: Place, request: Request, *, first: date, last: date, not_before: datetime
) -> list[datetime]:
    """Every start on the local days ``first`` to ``last`` that can be booked, in order (R5).

    ``not_before`` is now plus the lead time, and itself allowed (R7). The caller has already
    bounded the days by the horizon (R8).
    """
    window = day_interval(first, last, place.zone)
    bounds = Interval(max(window.start, not_before), window.end)
    blocks = blocks_of(schedule, place, request, first - LOOK_BACK, last)
    weekly = weekly_hours(schedule, place)
    found: list[datetime] = []
    for day in days(first - LOOK_BACK, last):
        for hours in hours_of(schedule, place, day, weekly):
            free = free_starts(hours, blocks, request, bounds)
            overlaps = bool(found and free and free[0] <= found[-1])
            found += free
            if overlaps:  # Hours that run past midnight can meet the next day's.
                found = sorted(set(found))
    return outside(found, roomless_starts(place, request.duration)) if request.needs_room else found


def free_starts(hours: Interval, blocks: Sequence[Interval], request: Request, bounds: Interval) -> list[datetime]:
    """The starts within ``bounds`` of visits that fit into ``hours`` and between ``blocks``, which are merged (R5).

    Whatever is cut out, the grid stays where the hours began (R4).
    """
    duration, step = request.duration, request.step
    (start, closes), (earliest, until) = hours, bounds
    closes = min(closes, until - INSTANT + duration)
    found = []
    # From the first block that is not over when the hours begin to the last that begins before they end.
    reaching_in = blocks[
        bisect_right(blocks, start, key=itemgetter(1)) : bisect_left(blocks, closes, key=itemgetter(0))
    ]
    if start < earliest:
        start -= (start - earliest) // step * step
    for block_start, block_end in reaching_in:
        last_start = block_start - duration
        while start <= last_start:
            found.append(start)
            start += step
        if start < block_end:
            start -= (start - block_end) // step * step  # The first on the grid that is not before the block's end.
    last_start = closes - duration
    while start <= last_start:
        found.append(start)
        start += step
    return found


def roomless_starts(place: Place, duration: timedelta) -> list[Interval]:
    """When no room is free for a visit that starts then: merged, and worked out once for a place (R12)."""
    found = place.roomless.get(duration)
    if found is None:
        found = [Interval(LONG_AGO, NEVER)]
        for taken in place.rooms.values():
            # A visit meets a taken stretch when it starts before its end, and ends after its start.
            meets = merge([(start - duration + INSTANT, end) for start, end in taken])
            found = overlaps_of(found, meets)
        place.roomless[duration] = found
    return found


def outside(instants: Iterable[datetime], blocks: Sequence[Interval]) -> list[datetime]:
    """Those of the sorted ``instants`` that none of the merged ``blocks`` holds."""
    found = []
    index = 0
    for instant in instants:
        while index < len(blocks) and blocks[index].end <= instant:
            index += 1
        if index == len(blocks) or instant < blocks[index].start:
            found.append(instant)
    return found


class Reason(Enum):
    """The rule that keeps a start from being offered."""

    HORIZON = "too far ahead"
    LEAD_TIME = "too soon"
    CLOSED = "outside working hours"
    OVERRIDE = "other hours on this date"
    CLOSURE = "the location is closed"
    BREAK = "a break"
    TIME_OFF = "time off"
    VISIT = "another visit"
    BUFFER = "too close to another visit"
    ROOM = "no room is free"
    GRID = "between the offered starts"


def why_not(
    schedule: Schedule,
    place: Place,
    request: Request,
    start: datetime,
    *,
    first: date,
    last: date,
    not_before: datetime,
) -> Reason | None:
    """The first rule that hides a start, or None exactly when ``starts`` offers it.

    ``first`` to ``last`` are the days of the booking horizon.
    """
    visit = Interval(start, start + request.duration)
    day = local_day(start, place.zone)
    if not first <= day <= last:
        return Reason.HORIZON
    if start < not_before:
        return Reason.LEAD_TIME
    covering = [
        hours
        for since in days(day - LOOK_BACK, day)
        for hours in hours_of(schedule, place, since)
        if hours.start <= visit.start and visit.end <= hours.end
    ]

    def hit(blocks: Iterable[Interval]) -> bool:
        return any(block.overlaps(visit) for block in blocks)

    # The widest reason first: a closed day has neither hours nor breaks worth naming.
    checks = (
        (Reason.CLOSURE, lambda: hit(closures_of(schedule, place, day - LOOK_BACK, day + LOOK_BACK))),
        (Reason.OVERRIDE, lambda: not covering and day in schedule.overrides),
        (Reason.CLOSED, lambda: not covering),
        (Reason.TIME_OFF, lambda: hit(away.instants(place.zone) for away in schedule.away)),
        (Reason.BREAK, lambda: hit(breaks_of(schedule, place, day - ONE_DAY - LOOK_BACK, day + LOOK_BACK))),
        (Reason.VISIT, lambda: hit(Interval(other.start, other.end) for other in schedule.visits)),
        (Reason.BUFFER, lambda: hit(starmap(Interval, buffered(schedule.visits, request)))),
        (Reason.GRID, lambda: all((start - hours.start) % request.step for hours in covering)),
        (Reason.ROOM, lambda: request.needs_room and free_room(place, visit) is None),
    )
    return next((reason for reason, hides in checks if hides()), None)


def free_room(place: Place, visit: Interval) -> int | None:
    """The first room that is free for the bare visit (R6, R12), or None."""
    for room, taken in place.rooms.items():
        index = bisect_left(taken, visit.end, key=lambda interval: interval.start)
        if index == 0 or taken[index - 1].end <= visit.start:
            return room
    return None


def days(first: date, last: date) -> Iterator[date]:
    """The days from ``first`` to ``last``, both included."""
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
