"""Holds that end without a booking, and bookings that nobody confirmed: release and expiry."""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from django.db import transaction
from django.db.models import Q

from booking import rate_limits
from booking.models import (
    CHOSEN,
    PENDING,
    Appointment,
    AppointmentEvent,
    AppointmentQuerySet,
    Location,
    Status,
)
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.allowance import source_key
from booking.scheduling.events import add_event, appointment_state

_Kind = AppointmentEvent.Kind


def release(*, appointment: Appointment, by: Actor, now: datetime) -> None:
    """Release a hold. Does nothing if it has ended already."""
    with transaction.atomic():
        expire([appointment], kind=_Kind.RELEASED, by=by, now=now)


def expire_holds(*, now: datetime) -> int:
    """Set the status of overdue holds and unconfirmed bookings to expired, for staff and for the constraints.

    Returns the number.
    """
    count = 0
    for hold in lapsed_holds(now)[:500]:
        # One transaction each: a transaction with a single lock cannot deadlock.
        with transaction.atomic():
            count += expire([hold], kind=_Kind.EXPIRED, by=Actor.system(), now=now)
    return count


def expire(holds: Iterable[Appointment], *, kind: AppointmentEvent.Kind, by: Actor, now: datetime) -> int:
    """Expire these holds. Returns the number; a hold that ended concurrently is skipped."""
    count = 0
    # In order of primary key, to prevent deadlocks with other commands that expire several holds.
    for hold in sorted(holds, key=attrgetter("pk")):
        unchanged = Appointment.objects.filter(pk=hold.pk, status=hold.status)
        if unchanged.filter(status__in=PENDING).update(status=Status.EXPIRED, updated_at=now):
            before = appointment_state(hold)
            hold.status = Status.EXPIRED
            add_event(hold, kind, by=by, now=now, before=before)
            count += 1
    return count


def expire_lapsed(
    *, now: datetime, practitioners: Iterable[int], location: Location, exclude_id: int | None = None
) -> None:
    """Expire overdue holds before their time is booked: the overlap constraint does not depend on the clock."""
    overdue = lapsed_holds(now).filter(Q(practitioner__in=list(practitioners)) | Q(room__location=location))
    if exclude_id is not None:
        overdue = overdue.exclude(pk=exclude_id)
    expire(overdue, kind=AppointmentEvent.Kind.EXPIRED, by=Actor.system(), now=now)


def competing_holds(
    *, holder: str, network: str, now: datetime, practitioners: Iterable[int], location: Location
) -> list[Appointment]:
    """Load the holds that matter to a session's new hold, in one query.

    These are the time that the session has chosen, overdue holds of these practitioners and this location, and live
    holds from ``network`` and, of IPv6, from its /48 (empty: none).
    """
    condition = Q(hold_key=holder)
    condition |= Q(hold_expires_at__lte=now) & (Q(room__location=location) | Q(practitioner__in=list(practitioners)))
    if network:
        condition |= Q(hold_expires_at__gt=now, source=source_key(network))
    if site := rate_limits.site_network(network):
        condition |= Q(hold_expires_at__gt=now, source_site=source_key(site))
    # Order by the indexed column: ordered by primary key, SQLite would scan the whole table.
    return list(Appointment.objects.filter(condition, status__in=CHOSEN).order_by("hold_expires_at"))


def release_competing(holds: Iterable[Appointment], *, holder: str, by: Actor, now: datetime) -> None:
    """Make room for a session's new hold: release its own one and expire overdue ones."""
    own_holds = [hold for hold in holds if hold.hold_key == holder]
    overdue = [hold for hold in holds if hold.hold_key != holder and hold.has_ended(now)]
    expire(own_holds, kind=AppointmentEvent.Kind.RELEASED, by=by, now=now)
    expire(overdue, kind=AppointmentEvent.Kind.EXPIRED, by=Actor.system(), now=now)


def lapsed_holds(now: datetime) -> AppointmentQuerySet:
    """Overdue holds, chosen times and unconfirmed bookings: past their end, but not marked as expired yet."""
    # Order by the indexed column: ordered by primary key, SQLite would scan the whole table.
    return Appointment.objects.filter(status__in=PENDING, hold_expires_at__lte=now).order_by("hold_expires_at")
