"""Is the front desk open, until when, and when next? Whole dates may differ from the week's hours.

Pure by rule: no Django, no database, no clock. Hours are wall-clock times in the location's zone,
read as rule R2 says; a span holds its opening instant, but not its closing one (R1). Says nothing
of when patients can be booked: that is ``booking.availability``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from booking.availability.clocks import ONE_DAY, local_day, resolve

Hours = Sequence[tuple[time, time]]
LOOK_AHEAD = 92  # Local days in which the next opening is looked for.


@dataclass(frozen=True)
class SpecialDate:
    """A date that does not follow the week: with hours of its own, or shut when it has none."""

    hours: tuple[tuple[time, time], ...] = ()
    name: str = ""  # Why, as people read it, such as Christmas Day.


@dataclass(frozen=True)
class OpeningState:
    """What a clock alone decides. It stays so until ``changes_at`` (UTC), which is not part of it."""

    today: date  # The local day of the answer.
    is_open: bool
    changes_at: datetime
    closes: time | None = None  # While open: the wall time of closing.
    opens_on: date | None = None  # While shut: the next opening, if one is in sight.
    opens: time | None = None
    shut_today: SpecialDate | None = None  # While shut for the whole of a special date.


@dataclass
class _Span:
    starts_at: datetime
    ends_at: datetime
    opens: time
    closes: time


def state_at(
    now: datetime, *, zone: ZoneInfo, weekly: Mapping[int, Hours], special: Mapping[date, SpecialDate]
) -> OpeningState | None:
    """The state at an instant; None where no hours are told at all. ``weekly`` goes by ``date.weekday()``."""
    if not any(weekly.values()) and not any(day.hours for day in special.values()):
        return None
    today = local_day(now, zone)
    midnight = _end_of(today, now, zone)
    special_today = special.get(today)
    shut_today = special_today if special_today is not None and not special_today.hours else None
    for on in (today + ONE_DAY * more for more in range(LOOK_AHEAD + 1)):
        for span in _spans(on, zone, weekly, special):
            if span.starts_at <= now < span.ends_at:
                return OpeningState(today, True, span.ends_at, closes=span.closes)
            if now < span.starts_at:
                changes_at = min(span.starts_at, midnight)
                return OpeningState(today, False, changes_at, opens_on=on, opens=span.opens, shut_today=shut_today)
    return OpeningState(today, False, midnight, shut_today=shut_today)


def alike(week: Sequence[Hours]) -> Iterator[tuple[int, int, Hours]]:
    """Neighbouring days with the same hours as one: the first, the last (by their place in the week), the hours.

    Days without hours are neighbours, too. A week has an end: its last day is no neighbour of its first.
    """
    for hours, group in groupby(range(len(week)), key=lambda day: list(week[day])):
        days = list(group)
        yield days[0], days[-1], hours


def end_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """When the location's calendar next turns a page."""
    return _end_of(local_day(now, zone), now, zone)


def _end_of(today: date, now: datetime, zone: ZoneInfo) -> datetime:
    midnight = resolve(today + ONE_DAY, time(0), zone)
    # Where a clock goes back over midnight, the day ends a second time.
    return midnight if midnight > now else datetime.combine(today + ONE_DAY, time(0, fold=1), tzinfo=zone)


def _spans(
    on: date, zone: ZoneInfo, weekly: Mapping[int, Hours], special: Mapping[date, SpecialDate]
) -> Iterator[_Span]:
    """The open stretches of a local day in order, those that touch as one."""
    hours = special[on].hours if on in special else weekly.get(on.weekday(), ())
    held: _Span | None = None
    told = [_Span(resolve(on, opens, zone), resolve(on, closes, zone), opens, closes) for opens, closes in hours]
    for span in sorted(told, key=lambda span: span.starts_at):
        if span.ends_at <= span.starts_at:
            continue  # The clock skips it.
        if held is not None and span.starts_at <= held.ends_at:
            if span.ends_at > held.ends_at:
                held.ends_at, held.closes = span.ends_at, span.closes
            continue
        if held is not None:
            yield held
        held = span
    if held is not None:
        yield held
