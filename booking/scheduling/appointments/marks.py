"""Commands on the desk's marks of a visit: arrived, attended, did not come, late; each can be undone."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from booking import messages
from booking.models import Appointment, AppointmentEvent, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.change import lock_appointment
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import WrongStatus

_Kind = AppointmentEvent.Kind

# A mistake at the desk can be corrected, so each of these statuses can become any other.
MARKABLE = frozenset({Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.NOSHOW})

LATEST = timedelta(hours=2)


def check_in(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Record that the patient has arrived, on the visit's local day or later."""
    return _mark(appointment, Status.ARRIVED, _Kind.ARRIVED, by, now)


def fulfil(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Record that the visit took place, from its start on."""
    return _mark(appointment, Status.FULFILLED, _Kind.FULFILLED, by, now)


def mark_no_show(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Record a no-show, from the start of the visit on. Its time stays occupied."""
    return _mark(appointment, Status.NOSHOW, _Kind.NOSHOW, by, now)


def undo_mark(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Take back a mark: the visit is booked again, and messages that the mark has dropped are queued again."""
    return _mark(appointment, Status.BOOKED, _Kind.MARK_UNDONE, by, now)


def why_not_mark(appointment: Appointment, status: Status, *, now: datetime) -> str:
    """Return a sentence on why this status cannot be set now; empty if it can."""
    if appointment.status not in MARKABLE:
        return f"This appointment is {appointment.get_status_display().lower()}, so this can't be set."
    zone = appointment.location.zone
    if status == Status.ARRIVED and appointment.starts_at.astimezone(zone).date() > now.astimezone(zone).date():
        return "This visit is on a later day: mark it as arrived on that day."
    if status == Status.FULFILLED and appointment.starts_at > now:
        return "This visit hasn't started yet: mark it as attended once it has."
    if status == Status.NOSHOW and appointment.starts_at > now:
        return "This visit hasn't started yet: to free its time, cancel it."
    return ""


def _mark(
    appointment: Appointment, status: Status, kind: AppointmentEvent.Kind, by: Actor, now: datetime
) -> Appointment:
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    with transaction.atomic():
        current = lock_appointment(appointment)
        if current.status == status:
            return current
        if refusal := why_not_mark(current, status, now=now):
            raise WrongStatus(refusal)
        before = appointment_state(current)
        current.status = status
        current.save()
        add_event(current, kind, by=by, now=now, before=before)
        if status == Status.BOOKED:
            messages.requeue_after_undo(current, now=now)
        return current


def mark_late(*, appointment: Appointment, late_by: timedelta | None, by: Actor, now: datetime) -> Appointment:
    """Record how late the patient said they would be; None clears it. Moving the appointment clears it, too.

    Raises WrongStatus unless ``by`` is staff, and the patient is still expected.
    """
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    with transaction.atomic():
        current = lock_appointment(appointment)
        if current.late_by == late_by:
            return current
        if current.status != Status.BOOKED or current.ends_at <= now:
            raise WrongStatus(gettext("Only a patient who is still expected can be late."))
        if late_by is not None and not timedelta(0) < late_by <= LATEST:
            raise WrongStatus(gettext("Choose up to two hours. To come later than that, move the visit."))
        before = appointment_state(current)
        current.late_by = late_by
        current.save(update_fields=["late_by", "updated_at"])
        minutes = late_by // timedelta(minutes=1) if late_by else 0
        note = gettext("%(minutes)s minutes late") % {"minutes": minutes} if late_by else gettext("On time after all")
        add_event(current, _Kind.LATE, by=by, now=now, before=before, note=note)
        return current
