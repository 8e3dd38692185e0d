"""Wall clocks and instants (R2): what a clock shows at a place, and when that is."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
DAY = 86_400  # In seconds, on a clock that is not changed.
# Hours may run past midnight, and a place may skip a whole day (Samoa had no 30 December 2011):
# what is open today can have begun on the calendar's day before yesterday, and what comes
# next can be on the day after tomorrow.
LOOK_BACK = timedelta(days=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = EPOCH.toordinal()
SECOND = timedelta(seconds=1)


# Wall times


def resolve(day: date, wall: time, zone: ZoneInfo) -> datetime:
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


def horizon(now: datetime, days: int, zone: ZoneInfo) -> tuple[date, date]:
    """The local days that can be booked: today and ``days`` more (R8)."""
    today = local_day(now, zone)
    return today, today + timedelta(days=days)


# Instants as seconds


def floor_second(instant: datetime) -> int:
    """The second that an instant lies in: what begins then."""
    return (instant - EPOCH) // SECOND


def ceil_second(instant: datetime) -> int:
    """The first second that is not before an instant: what ends then, or may begin then."""
    return -((EPOCH - instant) // SECOND)


@lru_cache(maxsize=1 << 15)  # The same starts are told again and again: 35 days of them, to the minute.
def instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@lru_cache(maxsize=1 << 12)  # Everybody's search asks for the same midnights.
def second_at(day: date, since_midnight: int, zone: ZoneInfo) -> int:
    """When a clock shows so many seconds after ``day`` began, a day or more included; as ``resolve`` says."""
    more_days, seconds = divmod(since_midnight, DAY)
    ordinal = day.toordinal() + more_days
    shown = datetime.fromordinal(ordinal).replace(tzinfo=zone) + seconds * SECOND
    offset = shown.utcoffset()
    assert offset is not None
    return (ordinal - _EPOCH_DAY) * DAY + seconds - offset // SECOND


def bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the local days ``first`` to ``last`` begin, and when they are over."""
    return instant(second_at(first, 0, zone)), instant(second_at(last, DAY, zone))


class Day(NamedTuple):
    """A local day; ``midnight`` is its first second, or None when a clock is changed on it or on the next.

    On other days adding to midnight gives every wall time, far cheaper than resolving each.
    """

    on: date
    weekday: int
    midnight: int | None


@lru_cache(maxsize=256)
def days(first: date, last: date, zone: ZoneInfo) -> tuple[Day, ...]:
    """The local days ``first`` to ``last``, both included."""
    ordinals = range(first.toordinal(), last.toordinal() + 1)
    return tuple(_day(date.fromordinal(ordinal), zone) for ordinal in ordinals)


def _day(on: date, zone: ZoneInfo) -> Day:
    # Two changes that cancel each other out within the two days would be missed: none ever happened so.
    midnight = second_at(on, 0, zone)
    is_steady = all(second_at(on, more * DAY, zone) - midnight == more * DAY for more in (1, 2))
    return Day(on, on.weekday(), midnight if is_steady else None)
