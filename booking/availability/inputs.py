"""Input types: working hours, breaks, time off, occupied time, locations, and the requested service.

Types with hundreds of instances are named tuples, which are cheap to create.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.availability.intervals import Interval
from booking.availability.local_time import DAY, SECOND, LocalDay, ceil_second, days, floor_second, second_at

NOTHING = timedelta(0)


def since_midnight(wall: time) -> int:
    """A wall time as seconds since midnight."""
    return (wall.hour * 60 + wall.minute) * 60 + wall.second


class WallSpan(NamedTuple):
    """A span of wall time in seconds since midnight; ``closes`` exceeds ``DAY`` if it ends on the next day."""

    opens: int
    closes: int

    @classmethod
    def between(cls, start: time, end: time, ends_next_day: bool = False) -> "WallSpan":
        """Build a span; an end of 00:00 is midnight at the end of the day (R3)."""
        closes = since_midnight(end)
        return cls(since_midnight(start), closes + DAY if ends_next_day or closes == 0 else closes)

    def on(self, day: date, zone: ZoneInfo) -> Interval:
        """The interval of this span when it starts on ``day``."""
        return second_at(day, self.opens, zone), second_at(day, self.closes, zone)


class WeeklySpan(NamedTuple):
    """Weekly hours on one weekday (Monday is 0) between their first and last valid dates."""

    weekday: int
    span: WallSpan
    location: int | None = None  # None: at every location (a break).
    starts_on: date | None = None
    ends_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether ``day`` is within the valid dates; does not check the weekday."""
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)


class DatedHours(NamedTuple):
    """Hours for one date that replace the weekly hours; without a span, a day off (R9)."""

    location: int
    span: WallSpan | None


class TimeOffSpan(NamedTuple):
    """Time off between two wall times; None is the start of the first day or the end of the last."""

    starts_on: date
    start_time: time | None
    ends_on: date
    end_time: time | None

    def at(self, zone: ZoneInfo) -> Interval:
        """The interval of the time off in this time zone."""
        begins = since_midnight(self.start_time) if self.start_time else 0
        ends = DAY if self.end_time is None else since_midnight(self.end_time)
        return second_at(self.starts_on, begins, zone), second_at(self.ends_on, ends, zone)


class OccupiedSpan(NamedTuple):
    """The time of an appointment or an unexpired hold, its own buffers (R6), and its location. In seconds."""

    start: int
    end: int
    buffer_before: int = 0
    buffer_after: int = 0
    location: int | None = None  # None: no travel from or to it.

    @classmethod
    def between(
        cls,
        start: datetime,
        end: datetime,
        buffer_before: timedelta = NOTHING,
        buffer_after: timedelta = NOTHING,
        location: int | None = None,
    ) -> "OccupiedSpan":
        # Buffers are rounded up to whole seconds.
        before, after = -(-buffer_before // SECOND), -(-buffer_after // SECOND)
        return cls(floor_second(start), ceil_second(end), before, after, location)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One practitioner's hours, overrides by date, breaks, time off, busy and occupied time, and time to travel."""

    weekly: Sequence[WeeklySpan] = ()
    overrides: Mapping[date, Sequence[DatedHours]] = field(default_factory=dict)
    breaks: Sequence[WeeklySpan] = ()
    away: Sequence[TimeOffSpan] = ()
    busy: Sequence[Interval] = ()  # Of the practitioner's own calendar elsewhere.
    visits: Sequence[OccupiedSpan] = ()
    travel_time: timedelta = NOTHING  # Between visits at two locations.


@dataclass(frozen=True, slots=True)
class LocationDay:
    """A location: its time zone, closed days, and the occupied intervals of its rooms."""

    id: int
    zone: ZoneInfo
    closed_on: frozenset[date] = frozenset()
    # By room id, in the order in which rooms are filled; the intervals are merged.
    rooms: Mapping[int, Sequence[Interval]] = field(default_factory=dict)
    # Caches, shared by all practitioners: the results of starts_without_room() by duration in seconds,
    # and the local days by first and last date.
    without_room_by_duration: dict[int, list[Interval]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    days_by_range: dict[tuple[date, date], list[LocalDay]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def days(self, first: date, last: date) -> list[LocalDay]:
        """The local days ``first`` to ``last``, both included."""
        if (first, last) not in self.days_by_range:
            self.days_by_range[first, last] = days(first, last, self.zone)
        return self.days_by_range[first, last]


@dataclass(frozen=True, slots=True)
class Request:
    """The requested service, with one practitioner's duration; ``step`` is the grid between starts."""

    duration: timedelta
    step: timedelta
    buffer_before: timedelta = NOTHING
    buffer_after: timedelta = NOTHING
    needs_room: bool = False
