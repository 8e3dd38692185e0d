"""Resend messages: after a corrected address, or on request of staff."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from booking.messages.delivery.staleness import is_still_true
from booking.messages.outbox.enqueue import NEWS, enqueue, reminders_ahead, to_reachable, unclaimed
from booking.messages.outbox.factory import build_message, idempotency_key
from booking.models import Appointment, Channel, Message

Kind, State = Message.Kind, Message.State

# Messages to patients that are rendered from the appointment's current state.
TO_PATIENTS = frozenset(
    {
        Kind.CONFIRM_REQUEST,
        Kind.CONFIRMATION,
        Kind.RESCHEDULED,
        Kind.MOVE_REQUESTED,
        Kind.CANCELLED,
        Kind.REMINDER,
        Kind.FORM_REMINDER,
        Kind.CLOCK_CHANGE,
    }
)


def resend_confirmation(appointments: Iterable[Appointment], *, now: datetime) -> None:
    """Queue a confirmation of each appointment to the patient's current address, unless one is queued already.

    Call it in the transaction of the change. Parked reminders and move requests are requeued, and reminders
    that were not queued for lack of an address are added.
    """
    for appointment in appointments:
        unsent = appointment.messages.filter(kind__in=TO_PATIENTS)
        parked = unsent.filter(state=State.PARKED)
        parked.filter(kind__in=NEWS).update(state=State.DROPPED)
        parked.update(state=State.WAITING, due_at=now, attempts=0, leased_until=None)
        queued = unsent.filter(
            unclaimed(now), state=State.WAITING, kind__in=NEWS, content__sequence=appointment.sequence
        )
        new_messages = list(reminders_ahead(appointment, now))
        if not queued.exists():
            number = appointment.messages.filter(kind=Kind.CONFIRMATION).count() + 1
            new_messages.append(build_message(appointment, Kind.CONFIRMATION, f"again-{number}", due_at=now))
        enqueue(*to_reachable(appointment, *new_messages))


def resend(message: Message, *, now: datetime) -> bool:
    """Requeue a parked message, or queue a copy of one that has left.

    Returns False if the message is queued already or has become stale.
    """
    if message.state == State.PARKED:
        return bool(release_parked(Message.objects.filter(pk=message.pk), now=now))
    copy = _copy(message, now)
    if copy is None:
        return False
    appointment = message.appointment
    assert appointment is not None
    number = appointment.messages.filter(kind=message.kind).count() + 1
    copy.key = idempotency_key(appointment, Kind(message.kind), f"again-{number}")
    enqueue(copy)
    return True


def can_resend(message: Message, *, now: datetime) -> bool:
    """Whether ``resend`` would queue something. Queries only for the reminder of a form, if relations are loaded."""
    return message.state == State.PARKED or _copy(message, now) is not None


def _copy(message: Message, now: datetime) -> Message | None:
    """Build a copy for the appointment's current state; None if it would be stale."""
    appointment = message.appointment
    if message.state not in Message.LEFT or appointment is None or message.kind not in TO_PATIENTS:
        return None
    copy = build_message(
        appointment, Kind(message.kind), due_at=now, **{**message.content, "sequence": appointment.sequence}
    )
    return copy if is_still_true(copy, now=now, by=Channel(copy.channel)) else None


def release_parked(parked: Iterable[Message], *, now: datetime) -> int:
    """Requeue the parked ones of these messages. Returns their number."""
    ids = [message.pk for message in parked]
    return Message.objects.filter(Q(state=State.PARKED), pk__in=ids).update(
        state=State.WAITING, due_at=now, attempts=0, leased_until=None
    )
