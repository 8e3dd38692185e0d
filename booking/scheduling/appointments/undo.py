"""Staff commands: take back a cancellation, or a move."""

from datetime import datetime

from django.utils.translation import gettext

from booking import messages
from booking.models import Appointment, AppointmentEvent, Location, Patient, Practitioner, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.book_by_staff import check_practitioner, reserve_for_staff
from booking.scheduling.appointments.change import lock_appointment, reschedule
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import LostRace, PatientDisposed, SlotTaken, WrongStatus
from booking.scheduling.locks import locked, overlap_as_lost_race
from booking.scheduling.slots.staff_rules import OVERBOOKING, Exemption, NeedsReason, StaffRule

_Kind = AppointmentEvent.Kind


def restore(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Take back a cancellation until the end of the appointment's day, if its time is still free.

    The sequence rises; who was told of the cancellation gets a new confirmation. Does nothing if the appointment is
    booked. Raises WrongStatus, NotBookable, or SlotTaken.
    """
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    try:
        with overlap_as_lost_race(), locked([appointment.practitioner_id], appointment.location):
            current = lock_appointment(appointment)
            if current.status == Status.BOOKED:
                return current
            _check_can_be_restored(current, now)
            before = appointment_state(current)
            reasons = current.overbooked_reason, current.exception_reason
            check_practitioner(current.service, current.practitioner)
            current.status = Status.BOOKED
            reserve_for_staff(current, by=by, now=now, exemption=_as_before(*reasons))
            current.overbooked_reason, current.exception_reason = reasons
            current.cancel_reason, current.cancel_category = "", None
            current.sequence += 1
            current.save()
            add_event(current, _Kind.RESTORED, by=by, now=now, before=before)
            messages.enqueue_restored(current, now=now)
            return current
    except (LostRace, SlotTaken) as error:
        why = getattr(error, "message", "") or gettext("This time is no longer free.")
        raise SlotTaken(f"{why} {gettext('The visit stays cancelled.')}") from None


def _check_can_be_restored(appointment: Appointment, now: datetime) -> None:
    # A query of its own: the row that was joined when the lock was awaited may be older than the lock.
    if Patient.objects.filter(appointments=appointment, disposed_at__isnull=False).exists():
        raise PatientDisposed
    if appointment.status != Status.CANCELLED:
        raise WrongStatus(gettext("This visit isn't cancelled."))
    if now.astimezone(appointment.location.zone).date() > appointment.local_on:
        raise WrongStatus(gettext("The day of this visit is over, so its cancellation stays."))


def _as_before(overbooked_reason: str, exception_reason: str) -> Exemption:
    """The rules that the appointment was already booked against, and that its time may be over meanwhile."""
    rules = {StaffRule.PAST}
    if overbooked_reason:
        rules |= OVERBOOKING
    if exception_reason:
        rules |= set(StaffRule) - OVERBOOKING
    return Exemption(overbooked_reason or exception_reason or gettext("As before"), rules)


def undo_move(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Move an appointment back to where it was before its last move, if that time is still free.

    ``appointment`` is as the move has left it: a later change is not undone (WrongStatus). The patient is told if
    they were told of the move. Raises SlotTaken if the old time is not free.
    """
    events = list(appointment.events.filter(kind__in=[_Kind.BOOKED, _Kind.RESCHEDULED, _Kind.RESTORED]))
    if not events or events[-1].kind != _Kind.RESCHEDULED:
        raise WrongStatus(gettext("This visit was not moved, or has changed since."))
    last = events[-1]
    # The note of the event that led to the old time says why it was outside a rule.
    reason = events[-2].note if len(events) > 1 else ""
    try:
        return reschedule(
            appointment=appointment,
            starts_at=datetime.fromisoformat(last.before["starts_at"]),
            practitioner=Practitioner.objects.get(pk=last.before["practitioner"]),
            location=Location.objects.get(pk=last.before["location"]),
            by=by,
            now=now,
            exemption=_as_before("", reason),
            tell_patient=messages.patient_must_hear_of_move_back(appointment, now=now),
        )
    except NeedsReason as error:
        raise SlotTaken(f"{error.message} {gettext('The visit stays where it is now.')}") from None
