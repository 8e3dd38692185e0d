"""Availability of a single start: who works, who is free, who is least busy, which room.

Commands check it under the lock of the practitioners who may be meant: ``people_for`` says whom to lock for a hold.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef

from booking import availability
from booking.models import Appointment, Room
from booking.scheduling.slots.data import AvailabilityData, load_schedules, with_occupied
from booking.scheduling.slots.schedules import providers_of
from booking.scheduling.types import SlotQuery


def pick_room(appointment: Appointment, now: datetime) -> Room | None:
    """Return the first active room at the appointment's location that is free for it, or None."""
    others = Appointment.objects.occupying(now=now).exclude(pk=appointment.pk)
    taken = others.filter(room=OuterRef("pk"), ends_at__gt=appointment.starts_at, starts_at__lt=appointment.ends_at)
    free = Room.objects.filter(~Exists(taken), location=appointment.location_id, is_active=True)
    return free.order_by("position", "pk").first()


def people_for(query: SlotQuery) -> list[int]:
    """Ids of the practitioners who offer the service and may see this patient. One database query."""
    return [provider.id for provider in providers_of(query.service.pk) if query.may_be_seen_by(provider)]


def data_for_start(query: SlotQuery, starts_at: datetime) -> AvailabilityData | None:
    """Load the schedules of the start's local day at ``query.location``; None if it is outside the horizon (R8)."""
    assert query.location is not None
    day = availability.local_day(starts_at, query.location.zone)
    earliest, latest = availability.horizon(query.now, query.days_ahead, query.location.zone)
    return load_schedules(query, day, day) if earliest <= day <= latest else None


def working_at(data: AvailabilityData | None, starts_at: datetime) -> list[int]:
    """Ids of the practitioners whose working hours allow this start, ordered by position. Ignores appointments."""
    if data is None or starts_at.microsecond:
        return []
    (location_day,) = data.location_days.values()
    second, not_before = availability.floor_second(starts_at), data.query.not_before
    return [
        person
        for person, request in data.requests.items()
        if availability.works_at(data.schedules[person], location_day, request, second, not_before=not_before)
    ]


def with_occupied_by(data: AvailabilityData, starts_at: datetime) -> AvailabilityData:
    """Return a copy of ``data`` with the occupied time of the start's local day. One database query."""
    (location_day,) = data.location_days.values()
    day = availability.local_day(starts_at, location_day.zone)
    return with_occupied(data, day, day, whole=True)


def free_at(data: AvailabilityData, starts_at: datetime, practitioner_ids: Iterable[int]) -> list[int]:
    """Filter practitioners who work at this start: no conflicting appointment, and a free room if one is needed."""
    (location_day,) = data.location_days.values()
    second = availability.floor_second(starts_at)
    return [
        person
        for person in practitioner_ids
        if availability.is_free(data.schedules[person], location_day, data.requests[person], second)
    ]


def least_busy(practitioner_ids: list[int], data: AvailabilityData, starts_at: datetime) -> int:
    """Return the practitioner with the fewest appointments and holds that day; ties by position (R11).

    ``data`` comes from ``with_occupied_by``.
    """
    (location_day,) = data.location_days.values()
    day = availability.local_day(starts_at, location_day.zone)
    begin, end = map(availability.floor_second, availability.bounds(day, day, location_day.zone))

    def appointment_count(person: int) -> int:
        return sum(begin <= span.start < end for span in data.schedules[person].visits)

    return min(practitioner_ids, key=appointment_count)
