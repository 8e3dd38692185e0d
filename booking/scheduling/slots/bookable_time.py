"""How much of a practitioner's day can still be booked, with and without some of its visits."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from booking import availability
from booking.availability import Interval, LocationDay, OccupiedSpan, Request, Schedule
from booking.models import Appointment, PractitionerService, Service
from booking.scheduling.slots.schedules import Schedules, rooms_by_location, schedules_for_service


@dataclass(frozen=True)
class BookableTime:
    """Seconds of one day that visits of one service can cover: ``before`` and ``after`` some of them are taken."""

    service: Service
    before: int
    after: int


def bookable_time(
    practitioner_id: int,
    day: date,
    taken: Collection[Appointment],
    *,
    now: datetime,
    hours: Schedules | None = None,
) -> list[BookableTime]:
    """For each service that can be booked online with a practitioner: the time of a local day, at all locations.

    ``taken``: the visits, saved or not, that count in ``after`` only. All other visits and live holds count in both.
    ``hours``: the practitioner's hours of that day, if they are loaded. Three database queries, otherwise nine.
    """
    offers = PractitionerService.objects.filter(
        practitioner=practitioner_id, service__in=Service.objects.bookable().values("pk")
    ).select_related("service", "practitioner")
    hours = hours or schedules_for_service([practitioner_id], day, day, own_calendars_of=[practitioner_id])
    rooms = rooms_by_location()
    places = [
        LocationDay(
            location,
            ZoneInfo(zone),
            hours.closures.get(location, frozenset()),
            rooms=dict.fromkeys(rooms.get(location, ()), ()),
        )
        for location, zone in hours.zones[practitioner_id].items()
    ]
    without = Appointment.objects.occupying(now=now).exclude(pk__in=[visit.pk for visit in taken if visit.pk])
    around = availability.LOOK_BACK
    others = list(without.filter(local_on__range=(day - around, day + around)).order_by())
    result = []
    for offer in offers:
        service, practitioner = offer.service, offer.practitioner
        schedule = replace(hours.schedules[practitioner_id], travel_time=practitioner.travel_time)
        length = offer.own_duration or service.duration
        request = Request(
            length, service.step or length, service.buffer_before, service.buffer_after, service.needs_room
        )
        not_before = now + service.lead_time
        before, after = (
            _seconds(schedule, places, request, day, visits, practitioner_id, not_before)
            for visits in (others, [*others, *taken])
        )
        result.append(BookableTime(service, before, after))
    return result


def _seconds(
    schedule: Schedule,
    places: list[LocationDay],
    request: Request,
    day: date,
    visits: list[Appointment],
    practitioner_id: int,
    not_before: datetime,
) -> int:
    own = [
        OccupiedSpan.between(visit.starts_at, visit.ends_at, visit.buffer_before, visit.buffer_after, visit.location_id)
        for visit in visits
        if visit.practitioner_id == practitioner_id
    ]
    in_rooms: dict[int, list[Interval]] = {}
    for visit in visits:
        if visit.room_id is not None:
            interval = availability.floor_second(visit.starts_at), availability.ceil_second(visit.ends_at)
            in_rooms.setdefault(visit.room_id, []).append(interval)
    with_rooms = [
        replace(place, rooms={room: availability.merge(in_rooms.get(room, ())) for room in place.rooms})
        for place in places
    ]
    return availability.bookable_seconds(replace(schedule, visits=own), with_rooms, request, day, not_before=not_before)
