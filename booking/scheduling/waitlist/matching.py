"""Match free slots to waitlist entries, oldest entry first.

Pure functions: no Django, no database, no clock. Criteria are ordered by the time of joining, instants are
UTC, and ``now`` is a parameter.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

# Offers start and end between these times at the location, so that no notification arrives at night.
OFFERS_FROM, OFFERS_UNTIL = time(8), time(20)
NOON, EVENING = time(12), time(17)


class FreeSlot(NamedTuple):
    """An available start, its location and the practitioners who are free."""

    starts_at: datetime
    location: int
    practitioners: tuple[int, ...]


@dataclass(frozen=True)
class WaitlistCriteria:
    """The criteria of one entry. ``known_starts``: offered to the person before, or available when they joined."""

    entry: int
    person: str
    service: int
    location: int
    practitioner: int | None
    is_first_visit: bool | None
    first_on: date
    last_on: date
    parts: frozenset[str]
    known_starts: frozenset[datetime] = field(default_factory=frozenset)


def part_of_day(at: time) -> str:
    """Return "morning", "afternoon" or "evening" for the local start time of a visit."""
    if at < NOON:
        return "morning"
    return "afternoon" if at < EVENING else "evening"


def suits(criteria: WaitlistCriteria, slot: FreeSlot, zone: ZoneInfo, accepts_new: Collection[int]) -> bool:
    """Whether the slot matches the criteria, an eligible practitioner is free, and the start is not known."""
    local = slot.starts_at.astimezone(zone)
    eligible = [person for person in slot.practitioners if not criteria.is_first_visit or person in accepts_new]
    return (
        slot.location == criteria.location
        and (criteria.practitioner in eligible if criteria.practitioner is not None else bool(eligible))
        and criteria.first_on <= local.date() <= criteria.last_on
        and part_of_day(local.time()) in criteria.parts
        and slot.starts_at not in criteria.known_starts
    )


def next_match(
    criteria_list: Iterable[WaitlistCriteria],
    free: Mapping[int, Sequence[FreeSlot]],
    zones: Mapping[int, ZoneInfo],
    *,
    accepts_new: Collection[int],
    has_offer: Collection[str] = (),
    skipped: Collection[tuple[int, datetime]] = (),
) -> tuple[WaitlistCriteria, FreeSlot] | None:
    """Return the oldest criteria with a matching slot, and the earliest such slot, or None.

    ``free``: slots by service id, ordered by start. ``accepts_new``: ids of practitioners who accept new
    patients. ``has_offer``: keys of persons with an open offer. ``skipped``: entry ids and starts to ignore,
    because an offer has just failed.
    """
    for criteria in criteria_list:
        if criteria.person in has_offer or criteria.location not in zones:
            continue
        for slot in free.get(criteria.service, ()):
            if (criteria.entry, slot.starts_at) in skipped:
                continue
            if suits(criteria, slot, zones[criteria.location], accepts_new):
                return criteria, slot
    return None


def offer_ends(now: datetime, lifetime: timedelta, zone: ZoneInfo) -> datetime | None:
    """Return when an offer made now would expire, or None if it would not fit into the hours for offers.

    An offer is never shortened: if it would end too late in the evening, it waits until the next morning.
    """
    ends_at = now.astimezone(UTC) + lifetime
    first, last = now.astimezone(zone), ends_at.astimezone(zone)
    if first.date() != last.date() or first.time() < OFFERS_FROM or last.time() > OFFERS_UNTIL:
        return None
    return ends_at
