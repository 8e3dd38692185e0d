"""Convert between wall times in a time zone and instants (R2)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
DAY = 86_400  # seconds, without a DST change
# Hours may run past midnight, and a time zone may skip a whole day (Samoa had no December 30, 2011), so
# hours that are open today may have started two calendar days ago, and the next day may be two calendar
# days ahead.
LOOK_BACK = timedelta(days=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = EPOCH.toordinal()
SECOND = timedelta(seconds=1)


# Wall times


def instant_at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall time (RFC 5545, 3.3.5).

    A time in a DST gap is read with the offset before the gap; of an ambiguous time, the first is returned.
    """
    if wall.fold:
        wall = wall.replace(fold=0)
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)


def instants_of(day: date, wall: time, zone: ZoneInfo) -> list[datetime]:
    """All instants of a wall time: none in a DST gap, two if it is ambiguous."""
    instants = []
    for fold in (0, 1):
        instant = datetime.combine(day, wall.replace(fold=fold), tzinfo=zone).astimezone(UTC)
        local = instant.astimezone(zone)
        if local.date() == day and local.time() == wall.replace(fold=0) and instant not in instants:
            instants.append(instant)
    return instants


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def horizon(now: datetime, days: int, zone: ZoneInfo) -> tuple[date, date]:
    """The first and last local dates that can be booked: today and ``days`` later (R8)."""
    today = local_day(now, zone)
    return today, today + timedelta(days=days)


# Instants as seconds


def floor_second(instant: datetime) -> int:
    """An instant in seconds since 1970 UTC, rounded down; for starts."""
    return (instant - EPOCH) // SECOND


def ceil_second(instant: datetime) -> int:
    """An instant in seconds since 1970 UTC, rounded up; for ends and for earliest starts."""
    return -((EPOCH - instant) // SECOND)


def instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def second_at(day: date, since_midnight: int, zone: ZoneInfo) -> int:
    """The instant of a wall time given as seconds since midnight of ``day``; DST as in ``instant_at()``.

    ``since_midnight`` may be a day or more, for a wall time on a later day.
    """
    more_days, seconds = divmod(since_midnight, DAY)
    ordinal = day.toordinal() + more_days
    local = datetime.fromordinal(ordinal).replace(tzinfo=zone) + seconds * SECOND
    offset = local.utcoffset()
    assert offset is not None
    return (ordinal - _EPOCH_DAY) * DAY + seconds - offset // SECOND


def bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants at which the local day ``first`` starts and ``last`` ends."""
    return instant(second_at(first, 0, zone)), instant(second_at(last, DAY, zone))


class LocalDay(NamedTuple):
    """A local day; ``midnight`` is its first second, or None if the UTC offset changes on it or on the next day.

    On other days a wall time is ``midnight`` plus seconds, far cheaper than ``second_at()``.
    """

    on: date
    weekday: int
    midnight: int | None


def days(first: date, last: date, zone: ZoneInfo) -> list[LocalDay]:
    """The local days ``first`` to ``last``, both included."""
    ordinals = range(first.toordinal(), last.toordinal() + 1)
    return [_day(date.fromordinal(ordinal), zone) for ordinal in ordinals]


def _day(on: date, zone: ZoneInfo) -> LocalDay:
    # Misses two offset changes that cancel each other out within the two days; no zone has ever had those.
    midnight = second_at(on, 0, zone)
    has_fixed_offset = all(second_at(on, count * DAY, zone) - midnight == count * DAY for count in (1, 2))
    return LocalDay(on, on.weekday(), midnight if has_fixed_offset else None)
