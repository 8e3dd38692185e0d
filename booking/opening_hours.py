"""Front desk opening hours: whether it is open, until when, and when it opens next.

Special hours for a date replace the weekly hours. Pure functions: no Django, no database, no clock.
Hours are wall times in the location's time zone, resolved by rule R2; a span includes its opening
instant but not its closing instant (R1). When patients can be booked is decided by
``booking.availability``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from booking.availability import ONE_DAY, instant_at, local_day

Hours = Sequence[tuple[time, time]]
LOOK_AHEAD = 92  # local days to search for the next opening


@dataclass(frozen=True)
class SpecialHoursOn:
    """The hours of one date, in place of the weekly hours; closed if ``hours`` is empty."""

    hours: tuple[tuple[time, time], ...] = ()
    name: str = ""  # The public reason, such as Christmas Day.


@dataclass(frozen=True)
class OpeningState:
    """Whether the front desk is open at an instant. Valid until ``changes_at`` (UTC, exclusive)."""

    today: date  # The local date.
    is_open: bool
    changes_at: datetime
    closes: time | None = None  # If open: the wall time of closing.
    opens_on: date | None = None  # If closed: the next opening within LOOK_AHEAD.
    opens: time | None = None
    shut_today: SpecialHoursOn | None = None  # If closed all day by a special date.


@dataclass
class _Span:
    starts_at: datetime
    ends_at: datetime
    opens: time
    closes: time


def opening_state_at(
    now: datetime, *, zone: ZoneInfo, weekly: Mapping[int, Hours], special: Mapping[date, SpecialHoursOn]
) -> OpeningState | None:
    """The state at an instant; None if no hours are given at all. ``weekly`` is keyed by ``date.weekday()``."""
    if not any(weekly.values()) and not any(day.hours for day in special.values()):
        return None
    today = local_day(now, zone)
    midnight = _end_of(today, now, zone)
    special_today = special.get(today)
    shut_today = special_today if special_today is not None and not special_today.hours else None
    for on in (today + ONE_DAY * offset for offset in range(LOOK_AHEAD + 1)):
        for span in _spans(on, zone, weekly, special):
            if span.starts_at <= now < span.ends_at:
                return OpeningState(today, True, span.ends_at, closes=span.closes)
            if now < span.starts_at:
                changes_at = min(span.starts_at, midnight)
                return OpeningState(today, False, changes_at, opens_on=on, opens=span.opens, shut_today=shut_today)
    return OpeningState(today, False, midnight, shut_today=shut_today)


def group_days(week: Sequence[Hours]) -> Iterator[tuple[int, int, Hours]]:
    """Group consecutive days with the same hours: yields first index, last index and hours.

    Days without hours are grouped, too. Groups do not wrap around the end of the week.
    """
    for hours, group in groupby(range(len(week)), key=lambda day: list(week[day])):
        days = list(group)
        yield days[0], days[-1], hours


def end_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the next local midnight."""
    return _end_of(local_day(now, zone), now, zone)


def _end_of(today: date, now: datetime, zone: ZoneInfo) -> datetime:
    midnight = instant_at(today + ONE_DAY, time(0), zone)
    # If a clock is set back across midnight, midnight occurs twice.
    return midnight if midnight > now else datetime.combine(today + ONE_DAY, time(0, fold=1), tzinfo=zone)


def _spans(
    on: date, zone: ZoneInfo, weekly: Mapping[int, Hours], special: Mapping[date, SpecialHoursOn]
) -> Iterator[_Span]:
    """The open spans of a local day in order; touching and overlapping spans are merged."""
    hours = special[on].hours if on in special else weekly.get(on.weekday(), ())
    current: _Span | None = None
    unmerged = [
        _Span(instant_at(on, opens, zone), instant_at(on, closes, zone), opens, closes) for opens, closes in hours
    ]
    for span in sorted(unmerged, key=lambda span: span.starts_at):
        if span.ends_at <= span.starts_at:
            continue  # Empty: the clock skips it.
        if current is not None and span.starts_at <= current.ends_at:
            if span.ends_at > current.ends_at:
                current.ends_at, current.closes = span.ends_at, span.closes
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current
