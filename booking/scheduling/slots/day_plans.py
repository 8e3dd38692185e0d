"""The days of several practitioners as staff see them. The number of queries does not grow with people or visits."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from booking import availability
from booking.availability import DayPlan, LocationDay, OccupiedSpan, Schedule
from booking.models import Appointment, Location, Practitioner, PractitionerService
from booking.scheduling.slots.schedules import rooms_by_location, schedules_for_service

SHORTEST_GAP = timedelta(minutes=30)  # For a practitioner without services.


@dataclass(frozen=True)
class OfferedService:
    """How long a practitioner's visit of a service takes, and whether it needs a room."""

    length: timedelta
    needs_room: bool


def day_plans(
    *,
    practitioners: Collection[Practitioner],
    locations: Collection[Location],
    days: Collection[date],
    occupying: Iterable[Appointment],
    offers: Mapping[int, Mapping[int, OfferedService]],
    now: datetime,
    own_calendars_of: Collection[int] = (),
) -> dict[tuple[int, int, date], DayPlan]:
    """The plans by practitioner id, location id and local day. Five queries; one more if a service needs a room.

    ``occupying``: all appointments and live holds that occupy time on these days, also those of other practitioners,
    because they occupy rooms. ``offers``: of ``offered_services()``. ``own_calendars_of``: the ids of those who have
    given calendars of their own, for whom there is one query more.
    """
    people = [person.pk for person in practitioners]
    hours = schedules_for_service(people, min(days), max(days), own_calendars_of=own_calendars_of)
    needs_rooms = any(offer.needs_room for own in offers.values() for offer in own.values())
    rooms = rooms_by_location() if needs_rooms else {}
    visits: dict[int, list[OccupiedSpan]] = defaultdict(list)
    taken: dict[int, list[availability.Interval]] = defaultdict(list)
    for row in occupying:
        span = OccupiedSpan.between(row.starts_at, row.ends_at)
        visits[row.practitioner_id].append(span)
        if row.room_id:
            taken[row.room_id].append((span.start, span.end))
    places = {
        location.pk: LocationDay(
            id=location.pk,
            zone=location.zone,
            closed_on=hours.closures.get(location.pk, frozenset()),
            rooms={room: availability.merge(taken[room]) for room in rooms.get(location.pk, ())},
        )
        for location in locations
    }
    schedules = {person: replace(hours.schedules.get(person, Schedule()), visits=visits[person]) for person in people}
    gaps_from = availability.ceil_second(now)
    plans = {}
    for person in people:
        own = offers.get(person, {}).values()
        shortest = min((offer.length for offer in own), default=SHORTEST_GAP)
        needs_room = bool(own) and all(offer.needs_room for offer in own)
        for place in places.values():
            for day in days:
                plans[person, place.id, day] = availability.day_plan(
                    schedules[person], place, day, gaps_from=gaps_from, shortest=shortest, needs_room=needs_room
                )
    return plans


def offered_services() -> dict[int, dict[int, OfferedService]]:
    """What each active practitioner offers, by practitioner id and service id. One query."""
    rows = PractitionerService.objects.filter(practitioner__is_active=True, service__is_active=True)
    columns = ("practitioner_id", "service_id", "own_duration", "service__duration", "service__needs_room")
    offers: dict[int, dict[int, OfferedService]] = defaultdict(dict)
    for person, service, own_duration, duration, needs_room in rows.order_by().values_list(*columns):
        offers[person][service] = OfferedService(own_duration or duration, needs_room)
    return dict(offers)
