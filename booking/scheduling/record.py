"""Write an appointment's time, and the event that tells of a change."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from booking.models import Appointment, AppointmentEvent, Location, Status
from booking.models.appointments import AppointmentQuerySet
from booking.scheduling.actors import Actor


def place_at(appointment: Appointment, starts_at: datetime, duration: timedelta, location: Location) -> None:
    """Set the instants, and the wall time beside them that is the promise to the patient."""
    local = starts_at.astimezone(location.zone)
    appointment.location = location
    appointment.starts_at, appointment.ends_at = starts_at, starts_at + duration
    appointment.local_on, appointment.local_time, appointment.local_fold = local.date(), local.time(), local.fold
    appointment.time_zone = location.time_zone


def snapshot(appointment: Appointment) -> dict[str, Any]:
    """What an event keeps of an appointment: its time, people and place, and nothing about the patient."""
    return {
        "status": str(appointment.status),
        "starts_at": appointment.starts_at.isoformat(),
        "ends_at": appointment.ends_at.isoformat(),
        "practitioner": appointment.practitioner_id,
        "location": appointment.location_id,
        "room": appointment.room_id,
    }


def add_event(
    appointment: Appointment,
    kind: AppointmentEvent.Kind,
    *,
    by: Actor,
    now: datetime,
    before: dict[str, Any] | None = None,
    note: str = "",
) -> AppointmentEvent:
    return AppointmentEvent.objects.create(
        appointment=appointment,
        kind=kind,
        at=now,
        actor_kind=by.kind,
        actor=by.user,
        before=before or {},
        after=snapshot(appointment),
        note=note,
    )


def expire(holds: Iterable[Appointment], *, kind: AppointmentEvent.Kind, by: Actor, now: datetime) -> int:
    """Free the time of these holds; a hold that somebody else has just freed is passed over."""
    freed = 0
    for hold in holds:
        if Appointment.objects.filter(pk=hold.pk, status=Status.HELD).update(
            status=Status.EXPIRED, hold_client="", updated_at=now
        ):
            before = snapshot(hold)
            hold.status, hold.hold_client = Status.EXPIRED, ""
            add_event(hold, kind, by=by, now=now, before=before)
            freed += 1
    return freed


def expire_lapsed(*, now: datetime, practitioners: Iterable[int], location: Location, but: int | None = None) -> None:
    """Mark lapsed holds before something is written over them: the database's guard knows no clock."""
    lapsed = lapsed_holds(now).filter(Q(practitioner__in=list(practitioners)) | Q(room__location=location))
    if but is not None:
        lapsed = lapsed.exclude(pk=but)
    expire(lapsed, kind=AppointmentEvent.Kind.EXPIRED, by=Actor.system(), now=now)


# Written out, as in ``facts``: Django would be longer about it than the database.
_TO_FREE = """
    SELECT visit.* FROM booking_appointment visit LEFT JOIN booking_room room ON room.id = visit.room_id
    WHERE visit.status = 'held' AND (
        visit.hold_key = %s
        OR visit.hold_expires_at <= %s AND (room.location_id = %s OR visit.practitioner_id IN ({people}))
    )
    ORDER BY visit.id
"""


def make_way(*, holder: str, by: Actor, now: datetime, practitioners: Iterable[int], location: Location) -> None:
    """Before a session's new hold: give up the one that it has, and mark lapsed ones as ``expire_lapsed`` does."""
    people = list(practitioners)
    values = [holder, connection.ops.adapt_datetimefield_value(now), location.pk, *people]
    sql = _TO_FREE.format(people=", ".join(["%s"] * len(people)))
    held = list(Appointment.objects.raw(sql, values))  # Read before anything is written.
    own = [hold for hold in held if hold.hold_key == holder]
    expire(own, kind=AppointmentEvent.Kind.RELEASED, by=by, now=now)
    others = (hold for hold in held if hold.hold_key != holder)
    expire(others, kind=AppointmentEvent.Kind.EXPIRED, by=Actor.system(), now=now)


def lapsed_holds(now: datetime) -> AppointmentQuerySet:
    """In the order of their keys, so that two commands that mark them never wait for one another."""
    return Appointment.objects.filter(status=Status.HELD, hold_expires_at__lte=now).order_by("pk")
