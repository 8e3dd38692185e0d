"""Load the rows that decide which slots are available, as plain values for ``booking.availability``.

The number of database queries is constant: ``schedules.py`` loads working hours, ``with_occupied`` loads
occupied time. Appointments can be many, so they are read as tuples, and only those of the requested days.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from booking import availability
from booking.availability import Interval, LocationDay, OccupiedSpan, Request, Schedule
from booking.models import Appointment, AppointmentQuerySet, Status
from booking.scheduling.slots.schedules import Schedules, providers_of, rooms_by_location, schedules_for_service
from booking.scheduling.types import Provider, SlotQuery

LONGEST_BUFFER = timedelta(hours=4)  # Also of travel. Enforced by constraints on Service and Practitioner.
NO_HOURS = Schedule()
NO_BUFFER = timedelta(0)


@dataclass(frozen=True)
class AvailabilityData:
    """Input for ``booking.availability``: everything about one query that comes from the database."""

    query: SlotQuery
    providers: dict[int, Provider]
    requests: dict[int, Request]  # by practitioner id, ordered by position
    schedules: dict[int, Schedule]
    location_days: dict[int, LocationDay]
    hours: Schedules  # as loaded: without travel time, at every location


def load(query: SlotQuery, first: date, last: date) -> AvailabilityData:
    """Load schedules and occupied time of the local days ``first`` to ``last``, inclusive."""
    return with_occupied(load_schedules(query, first, last), first, last)


def load_schedules(query: SlotQuery, first: date, last: date) -> AvailabilityData:
    """Load schedules without occupied time.

    Six database queries; one more if the service needs a room, and if somebody has given a calendar of their own.
    """
    practitioner_id = query.practitioner and query.practitioner.pk
    providers = [
        provider
        for provider in providers_of(query.service.pk)
        if practitioner_id in (None, provider.id) and query.may_be_seen_by(provider)
    ]
    hours = schedules_for_service(
        [provider.id for provider in providers],
        first,
        last,
        own_calendars_of=[provider.id for provider in providers if provider.reads_calendar],
    )
    rooms = rooms_by_location() if query.service.needs_room else {}
    zones: dict[int, str] = {}
    if query.location is not None:
        zones[query.location.pk] = query.location.time_zone
    else:
        for provider in providers:
            zones |= hours.zones.get(provider.id, {})
    return AvailabilityData(
        query=query,
        providers={provider.id: provider for provider in providers},
        requests={provider.id: _request(query, provider) for provider in providers},
        schedules={
            provider.id: replace(hours.schedules.get(provider.id, NO_HOURS), travel_time=provider.travel_time)
            for provider in providers
        },
        location_days={
            location: LocationDay(
                id=location,
                zone=ZoneInfo(zone),
                closed_on=hours.closures.get(location, frozenset()),
                rooms=dict.fromkeys(rooms.get(location, ()), ()),
            )
            for location, zone in zones.items()
        },
        hours=hours,
    )


def _request(query: SlotQuery, provider: Provider) -> Request:
    service, moving = query.service, query.moving
    buffers = moving or service
    return Request(
        duration=moving.duration if moving else provider.own_duration or service.duration,
        step=query.step or service.step or provider.own_duration or service.duration,
        buffer_before=buffers.buffer_before if query.has_buffers else NO_BUFFER,
        buffer_after=buffers.buffer_after if query.has_buffers else NO_BUFFER,
        needs_room=service.needs_room,
    )


def with_occupied(data: AvailabilityData, first: date, last: date, *, whole: bool = False) -> AvailabilityData:
    """Return a copy of ``data`` with the occupied time of the local days ``first`` to ``last``. One database query.

    Appointments that end before the earliest bookable start are skipped, unless ``whole`` days are requested.
    """
    if not data.location_days or not data.requests:
        return data
    begin, end = _window(data, first, last, whole=whole)
    visits: dict[int, list[OccupiedSpan]] = {person: [] for person in data.schedules}
    taken: dict[int, list[Interval]] = {
        room: [] for location_day in data.location_days.values() for room in location_day.rooms
    }
    rows = _occupying(data.query).filter(ends_at__gt=begin, starts_at__lt=end)
    if not taken:  # With rooms, appointments of other practitioners matter, too.
        rows = rows.filter(practitioner__in=visits)
    for person, room, *times in rows.values_list(*_OCCUPIED_COLUMNS):
        visit = OccupiedSpan.between(*times)
        if not data.query.has_buffers:
            visit = visit._replace(buffer_before=0, buffer_after=0)
        if person in visits:
            visits[person].append(visit)
        if room in taken:
            taken[room].append((visit.start, visit.end))  # Buffers do not apply to rooms (R6).
    return replace(
        data,
        schedules={person: replace(schedule, visits=visits[person]) for person, schedule in data.schedules.items()},
        location_days={
            location: replace(
                location_day, rooms={room: availability.merge(taken[room]) for room in location_day.rooms}
            )
            for location, location_day in data.location_days.items()
        },
    )


_OCCUPIED_COLUMNS = (
    *("practitioner_id", "room_id"),
    *("starts_at", "ends_at", "buffer_before", "buffer_after", "location_id"),
)


def _window(data: AvailabilityData, first: date, last: date, *, whole: bool) -> tuple[datetime, datetime]:
    """Return the instants between which an appointment can affect a start on these local days."""
    bounds = [availability.bounds(first, last, location_day.zone) for location_day in data.location_days.values()]
    begin, end = min(begin for begin, _ in bounds), max(end for _, end in bounds)
    if not whole:
        begin = max(begin, data.query.not_before)
    longest = max(request.duration for request in data.requests.values())
    return begin - LONGEST_BUFFER, end + longest + LONGEST_BUFFER


def _occupying(query: SlotQuery) -> AppointmentQuerySet:
    """Appointments that occupy time: all but the visitor's own hold and the appointment being moved (R10)."""
    rows = Appointment.objects.occupying(now=query.now).exclude(status=Status.HELD, hold_key=query.holder)
    if query.moving:
        rows = rows.exclude(pk=query.moving.pk)
    return rows.order_by()
