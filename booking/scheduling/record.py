"""Write an appointment's time, and the event that tells of a change."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

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
    lapsed = lapsed_holds(now).filter(_in_the_way(practitioners, location))
    if but is not None:
        lapsed = lapsed.exclude(pk=but)
    expire(lapsed, kind=AppointmentEvent.Kind.EXPIRED, by=Actor.system(), now=now)


def make_way(*, holder: str, by: Actor, now: datetime, practitioners: Iterable[int], location: Location) -> None:
    """Before a session's new hold is written: give up the one it has, and mark lapsed ones as ``expire_lapsed`` does."""
    lapsed = Q(hold_expires_at__lte=now) & _in_the_way(practitioners, location)
    held = list(Appointment.objects.filter(Q(hold_key=holder) | lapsed, status=Status.HELD).order_by("pk"))
    own = [hold for hold in held if hold.hold_key == holder]
    expire(own, kind=AppointmentEvent.Kind.RELEASED, by=by, now=now)
    others = (hold for hold in held if hold.hold_key != holder)
    expire(others, kind=AppointmentEvent.Kind.EXPIRED, by=Actor.system(), now=now)


def _in_the_way(practitioners: Iterable[int], location: Location) -> Q:
    return Q(practitioner__in=list(practitioners)) | Q(room__location=location)


def lapsed_holds(now: datetime) -> AppointmentQuerySet:
    """In the order of their keys, so that two commands that mark them never wait for one another."""
    return Appointment.objects.filter(status=Status.HELD, hold_expires_at__lte=now).order_by("pk")
