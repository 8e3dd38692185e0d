"""What has to be known to say when a patient can be seen: hours, breaks, time off, visits, places, wishes.

What is made by the hundred is a named tuple: those are cheap to make.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.availability.clocks import DAY, SECOND, ceil_second, floor_second, second_at
from booking.availability.stretches import Stretch

NOTHING = timedelta(0)


def since_midnight(wall: time) -> int:
    """What a clock shows, in seconds."""
    return (wall.hour * 60 + wall.minute) * 60 + wall.second


class WallSpan(NamedTuple):
    """Hours on a wall clock, in seconds since midnight; those that end on the next day end beyond ``DAY``."""

    opens: int
    closes: int

    @classmethod
    def between(cls, start: time, end: time, ends_next_day: bool = False) -> "WallSpan":
        """An end of 00:00 is midnight at the day's end (R3)."""
        closes = since_midnight(end)
        return cls(since_midnight(start), closes + DAY if ends_next_day or closes == 0 else closes)

    def on(self, day: date, zone: ZoneInfo) -> Stretch:
        """When these hours are if they start on ``day``."""
        return second_at(day, self.opens, zone), second_at(day, self.closes, zone)


class WeeklySpan(NamedTuple):
    """Hours that come back each week, on one weekday (Monday is 0), while they are valid."""

    weekday: int
    span: WallSpan
    location: int | None = None  # None: wherever the practitioner is (a break).
    starts_on: date | None = None
    ends_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is valid then; the weekday is not asked."""
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)


class DatedHours(NamedTuple):
    """Hours for one date, in place of the weekly ones; no span means a day off (R9)."""

    location: int
    span: WallSpan | None


class Away(NamedTuple):
    """Time off from one wall time to another; an empty time is the day's edge."""

    starts_on: date
    start_time: time | None
    ends_on: date
    end_time: time | None

    def at(self, zone: ZoneInfo) -> Stretch:
        """When that is."""
        begins = since_midnight(self.start_time) if self.start_time else 0
        ends = DAY if self.end_time is None else since_midnight(self.end_time)
        return second_at(self.starts_on, begins, zone), second_at(self.ends_on, ends, zone)


class Visit(NamedTuple):
    """Time already taken: an appointment, or a hold that has not lapsed. Buffers are its own (R6). In seconds."""

    start: int
    end: int
    buffer_before: int = 0
    buffer_after: int = 0

    @classmethod
    def between(
        cls, start: datetime, end: datetime, buffer_before: timedelta = NOTHING, buffer_after: timedelta = NOTHING
    ) -> "Visit":
        """From instants and lengths."""
        return cls(floor_second(start), ceil_second(end), buffer_before // SECOND, buffer_after // SECOND)


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
    rooms: Mapping[int, Sequence[Stretch]] = field(default_factory=dict)
    # What roomless_starts found, by the visit's length: it is the same for every practitioner.
    roomless: dict[int, list[Stretch]] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: a service, as one practitioner gives it."""

    duration: timedelta
    step: timedelta
    buffer_before: timedelta = NOTHING
    buffer_after: timedelta = NOTHING
    needs_room: bool = False
