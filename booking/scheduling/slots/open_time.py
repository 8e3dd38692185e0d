"""How long practitioners work: their hours without breaks, closures and time off."""

from collections.abc import Collection, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from booking import availability
from booking.availability import LocationDay
from booking.scheduling.slots.schedules import Schedules, schedules_for_service


def open_seconds(
    people: Collection[int], ranges: Sequence[tuple[date, date]], *, location: int | None = None
) -> list[dict[int, int]]:
    """For each range of local days, the seconds that each practitioner works, at one location or at all of them.

    By the hours as they are stored now. Five database queries.
    """
    hours = schedules_for_service(people, min(first for first, _ in ranges), max(last for _, last in ranges))
    return [{person: _seconds(hours, person, first, last, location) for person in people} for first, last in ranges]


def _seconds(hours: Schedules, person: int, first: date, last: date, location: int | None) -> int:
    places = [
        LocationDay(pk, ZoneInfo(zone), hours.closures.get(pk, frozenset()))
        for pk, zone in hours.zones[person].items()
        if location in (None, pk)
    ]
    return sum(availability.open_seconds(hours.schedules[person], place, first, last) for place in places)
