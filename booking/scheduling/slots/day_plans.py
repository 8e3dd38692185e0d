"""The days of several practitioners as staff see them. The number of queries does not grow with people or visits."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from booking import availability
from booking.availability import DayPlan, LocationDay, OccupiedSpan, Schedule
from booking.models import Appointment, Location, Practitioner, PractitionerService
from booking.scheduling.slots.schedules import rooms_by_location, schedules_for_service

SHORTEST_GAP = timedelta(minutes=30)  # For a practitioner without services.


def day_plans(
    *,
    practitioners: Collection[Practitioner],
    locations: Collection[Location],
    days: Collection[date],
    occupying: Iterable[Appointment],
    now: datetime,
) -> dict[tuple[int, int, date], DayPlan]:
    """The plans by practitioner id, location id and local day. Seven queries.

    ``occupying``: all appointments and live holds that occupy time on these days, also those of other practitioners,
    because they occupy rooms.
    """
    people = [person.pk for person in practitioners]
    hours = schedules_for_service(people, min(days), max(days))
    rooms = rooms_by_location()
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
    needs = _needs(people)
    gaps_from = availability.ceil_second(now)
    plans = {}
    for person in people:
        shortest, needs_room = needs.get(person, (SHORTEST_GAP, False))
        for place in places.values():
            for day in days:
                plans[person, place.id, day] = availability.day_plan(
                    schedules[person], place, day, gaps_from=gaps_from, shortest=shortest, needs_room=needs_room
                )
    return plans


def _needs(people: Collection[int]) -> dict[int, tuple[timedelta, bool]]:
    """By practitioner id: the length of the shortest visit, and whether every service needs a room."""
    offers = PractitionerService.objects.filter(practitioner__in=people, service__is_active=True)
    columns = ("practitioner_id", "own_duration", "service__duration", "service__needs_room")
    needs: dict[int, tuple[timedelta, bool]] = {}
    for person, own_duration, duration, needs_room in offers.order_by().values_list(*columns):
        shortest, always_room = needs.get(person, (timedelta.max, True))
        needs[person] = (min(shortest, own_duration or duration), always_room and needs_room)
    return needs
