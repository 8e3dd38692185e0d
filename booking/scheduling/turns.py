"""Whose turn is it? Those who wait for a time, the times that are free, and nothing else.

Pure by rule: no Django, no database, no clock. Wishes come in the order people joined, instants are
UTC, and "now" is passed in.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

# Nobody's telephone rings at night: offers go out, and end, between these times of the location's clock.
FROM, UNTIL = time(8), time(20)
NOON, EVENING = time(12), time(17)


class FreeTime(NamedTuple):
    """A start that is free, where it is, and who could take it."""

    starts_at: datetime
    location: int
    practitioners: tuple[int, ...]


@dataclass(frozen=True)
class Wish:
    """What one entry waits for. ``no_news`` are starts that its person was offered before, or saw free."""

    entry: int
    person: str
    service: int
    location: int
    practitioner: int | None
    is_first_visit: bool | None
    first_on: date
    last_on: date
    parts: frozenset[str]
    no_news: frozenset[datetime] = field(default_factory=frozenset)


def part_of_day(at: time) -> str:
    """ "morning", "afternoon" or "evening": by when a visit starts."""
    if at < NOON:
        return "morning"
    return "afternoon" if at < EVENING else "evening"


def suits(wish: Wish, free: FreeTime, zone: ZoneInfo, takes_new: Collection[int]) -> bool:
    """Whether this time is what they wait for, with somebody who may see them, and news to them."""
    local = free.starts_at.astimezone(zone)
    may = [person for person in free.practitioners if not wish.is_first_visit or person in takes_new]
    return (
        free.location == wish.location
        and (wish.practitioner in may if wish.practitioner is not None else bool(may))
        and wish.first_on <= local.date() <= wish.last_on
        and part_of_day(local.time()) in wish.parts
        and free.starts_at not in wish.no_news
    )


def next_turn(
    wishes: Iterable[Wish],
    free: Mapping[int, Sequence[FreeTime]],
    zones: Mapping[int, ZoneInfo],
    *,
    takes_new: Collection[int],
    has_offer: Collection[str] = (),
    passed_over: Collection[tuple[int, datetime]] = (),
) -> tuple[Wish, FreeTime] | None:
    """Who comes next, and for which time: the first who joined of those something suits, and its soonest start.

    ``free`` holds each service's times in order; ``has_offer`` the people who have an offer that stands;
    ``passed_over`` entries and starts that were tried just now, in vain.
    """
    for wish in wishes:
        if wish.person in has_offer or wish.location not in zones:
            continue
        for time_free in free.get(wish.service, ()):
            if (wish.entry, time_free.starts_at) in passed_over:
                continue
            if suits(wish, time_free, zones[wish.location], takes_new):
                return wish, time_free
    return None


def offer_ends(now: datetime, lasts: timedelta, zone: ZoneInfo) -> datetime | None:
    """When an offer made now would end; None outside the hours of the day in which all of it fits.

    An offer is never cut short: one that would run past the evening's end goes out the next morning.
    """
    ends_at = now.astimezone(UTC) + lasts
    first, last = now.astimezone(zone), ends_at.astimezone(zone)
    if first.date() != last.date() or first.time() < FROM or last.time() > UNTIL:
        return None
    return ends_at
