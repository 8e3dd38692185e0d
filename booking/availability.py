"""When can a patient be seen? Interval arithmetic, and nothing else.

Pure by rule: no Django, no database, no clock. Every fact is passed in, "now" included.
Instants are aware datetimes in UTC; wall times are naive ``date`` and ``time`` in a location's zone.
The rules R1 to R12 that the docstrings name are the clinic's booking rules.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from itertools import chain
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
# Hours may run past midnight, and a place may skip a whole day (Samoa had no 30 December 2011):
# what is open today can have begun on the calendar's day before yesterday.
LOOK_BACK = timedelta(days=2)
NOTHING = timedelta(0)


@dataclass(frozen=True, order=True, slots=True)
class Interval:
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

    def on(self, day: date, zone: ZoneInfo) -> Interval:
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


@dataclass(frozen=True, slots=True)
class Visit:
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
    rooms: Mapping[int, Sequence[Interval]] = field(default_factory=dict)  # In the order they are filled.


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: a service, as one practitioner gives it."""

    duration: timedelta
    step: timedelta
    buffer_before: timedelta = NOTHING
    buffer_after: timedelta = NOTHING
    needs_room: bool = False


# Wall clocks and instants (R2)


def resolve(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall time: before a gap's offset, the first of two (RFC 5545, 3.3.5)."""
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)


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


# Sets of intervals


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, with overlapping and touching ones made one (R4)."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.start <= merged[-1].end:
            if interval.end > merged[-1].end:
                merged[-1] = Interval(merged[-1].start, interval.end)
        elif interval.start < interval.end:
            merged.append(interval)
    return merged


def gaps(whole: Interval, blocks: Sequence[Interval]) -> Iterator[Interval]:
    """What is left of ``whole`` between ``blocks``, which are merged (and so sorted by both ends)."""
    start = whole.start
    index = bisect_right(blocks, whole.start, key=lambda block: block.end)
    while index < len(blocks) and blocks[index].start < whole.end:
        block = blocks[index]
        if start < block.start:
            yield Interval(start, block.start)
        start = block.end
        index += 1
    if start < whole.end:
        yield Interval(start, whole.end)


# One practitioner at one place


def hours_of(schedule: Schedule, place: Place, day: date) -> list[Interval]:
    """The merged working hours that start on ``day`` (R3, R4, R9): dated hours, or else weekly ones."""
    if day in schedule.overrides:
        spans = [dated.span for dated in schedule.overrides[day] if dated.location == place.id and dated.span]
    elif day in place.closed_on:
        spans = []
    else:
        spans = [row.span for row in schedule.weekly if row.location == place.id and row.holds_on(day)]
    return merge(span.on(day, place.zone) for span in spans)


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
    return [row.span.on(day, place.zone) for day in days(first, last) for row in schedule.breaks if row.holds_on(day)]


def buffered(visit: Visit, request: Request) -> Interval:
    """The time that a visit takes from another one (R6).

    Buffers are shared: between two visits there is the longer of what the first needs after it
    and what the second needs before it.
    """
    return Interval(
        visit.start - max(request.buffer_after, visit.buffer_before),
        visit.end + max(request.buffer_before, visit.buffer_after),
    )


def blocks_of(schedule: Schedule, place: Place, request: Request, first: date, last: date) -> list[Interval]:
    """All that cuts time out of hours starting on ``first`` to ``last``: closures, breaks, time off, visits."""
    return merge(
        chain(
            closures_of(schedule, place, first, last + ONE_DAY),
            breaks_of(schedule, place, first - ONE_DAY, last + ONE_DAY),
            (away.instants(place.zone) for away in schedule.away),
            (buffered(visit, request) for visit in schedule.visits),
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
    blocks = blocks_of(schedule, place, request, first - LOOK_BACK, last)
    found: set[datetime] = set()
    for day in days(first - LOOK_BACK, last):
        for hours in hours_of(schedule, place, day):
            for free in gaps(hours, blocks):
                earliest = max(free.start, window.start, not_before)
                # Whatever is cut out, the grid stays where the hours began (R4).
                steps = -((hours.start - earliest) // request.step)
                start = hours.start + steps * request.step
                while start < window.end and start + request.duration <= free.end:
                    found.add(start)
                    start += request.step
    ordered = sorted(found)
    if request.needs_room:
        ordered = [
            start for start in ordered if free_room(place, Interval(start, start + request.duration)) is not None
        ]
    return ordered


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
        (Reason.CLOSURE, lambda: hit(closures_of(schedule, place, day - LOOK_BACK, day + ONE_DAY))),
        (Reason.OVERRIDE, lambda: not covering and day in schedule.overrides),
        (Reason.CLOSED, lambda: not covering),
        (Reason.TIME_OFF, lambda: hit(away.instants(place.zone) for away in schedule.away)),
        (Reason.BREAK, lambda: hit(breaks_of(schedule, place, day - ONE_DAY - LOOK_BACK, day + ONE_DAY))),
        (Reason.VISIT, lambda: hit(Interval(other.start, other.end) for other in schedule.visits)),
        (Reason.BUFFER, lambda: hit(buffered(other, request) for other in schedule.visits)),
        (Reason.GRID, lambda: all((start - hours.start) % request.step for hours in covering)),
        (Reason.ROOM, lambda: request.needs_room and free_room(place, visit) is None),
    )
    return next((reason for reason, hides in checks if hides()), None)


def free_room(place: Place, visit: Interval) -> int | None:
    """The first room that is free for the bare visit (R6, R12), or None."""
    for room, taken in place.rooms.items():
        # ``taken`` never overlaps itself but where staff overbooked, so it is kept merged.
        index = bisect_left(taken, visit.end, key=lambda interval: interval.start)
        if index == 0 or taken[index - 1].end <= visit.start:
            return room
    return None


def days(first: date, last: date) -> Iterator[date]:
    """The days from ``first`` to ``last``, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
