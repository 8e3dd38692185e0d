"""Write an appointment's time, and the event that tells of a change."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q

from booking.models import Appointment, AppointmentEvent, Location, Status, writing
from booking.models.appointments import AppointmentQuerySet
from booking.scheduling.actors import Actor
from booking.scheduling.rows import read


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
    """Record what has just happened to an appointment."""
    event = event_of(appointment, kind, by=by, now=now, before=before, note=note)
    writing.insert(event)
    return event


def event_of(
    appointment: Appointment,
    kind: AppointmentEvent.Kind,
    *,
    by: Actor,
    now: datetime,
    before: dict[str, Any] | None = None,
    note: str = "",
) -> AppointmentEvent:
    """The event that tells of a change, not yet stored: the appointment as it is to be, and as it was ``before``."""
    return AppointmentEvent(
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


class Held(NamedTuple):
    """A hold that stands in the way of a new one, or counts beside it."""

    id: int
    is_own: bool
    has_lapsed: bool
    ends_at: str  # As the database writes it (see ``together.instant``).


# Both what has to make way for a session's new hold, and what its network address holds besides.
_HELD = """
    SELECT visit.id, visit.hold_key = %(holder)s, visit.hold_expires_at <= %(now)s, CAST(visit.hold_expires_at AS text)
    FROM booking_appointment visit LEFT JOIN booking_room room ON room.id = visit.room_id
    WHERE visit.status = 'held' AND (
        visit.hold_key = %(holder)s
        OR visit.hold_expires_at <= %(now)s AND (room.location_id = %(place)s OR visit.practitioner_id IN (%(people)s))
        OR visit.hold_expires_at > %(now)s AND visit.hold_client = %(client)s
    )
    ORDER BY visit.id
"""


def holds_beside(
    *, holder: str, client: str, now: datetime, practitioners: Iterable[int], location: Location
) -> list[Held]:
    """This session's hold, lapsed ones of these people and this place, live ones of a client (a key of ``limits``)."""
    people = list(practitioners)
    # Nobody is counted without an address: no hold has this one.
    rows = read(_HELD, holder=holder, client=client or "-", now=now, place=location.pk, people=people)
    return [Held(*row) for row in rows]


def make_way(held: Iterable[Held], *, by: Actor, now: datetime) -> None:
    """Before a session's new hold: give up the one that it has, and mark lapsed ones as ``expire_lapsed`` does."""
    own = {hold.id for hold in held if hold.is_own}
    lapsed = {hold.id for hold in held if hold.has_lapsed and not hold.is_own}
    if not own and not lapsed:
        return
    rows = list(Appointment.objects.filter(pk__in=own | lapsed).order_by("pk"))
    expire([row for row in rows if row.pk in own], kind=AppointmentEvent.Kind.RELEASED, by=by, now=now)
    expire([row for row in rows if row.pk in lapsed], kind=AppointmentEvent.Kind.EXPIRED, by=Actor.system(), now=now)


def lapsed_holds(now: datetime) -> AppointmentQuerySet:
    """In the order of their keys, so that two commands that mark them never wait for one another."""
    return Appointment.objects.filter(status=Status.HELD, hold_expires_at__lte=now).order_by("pk")
