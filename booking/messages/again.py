"""Send once more what went astray: to an address that was mended, or because somebody asks for it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from booking.messages.fitting import still_fits
from booking.messages.queueing import _NEWS, _reminders, _to_patient, _write, unclaimed
from booking.messages.rows import key_of, row
from booking.models import Appointment, Channel, Message

Kind, State = Message.Kind, Message.State

# What a patient is written about an appointment, by the appointment's own state at sending.
TO_PATIENTS = frozenset(
    {
        Kind.CONFIRMATION,
        Kind.RESCHEDULED,
        Kind.MOVE_REQUESTED,
        Kind.CANCELLED,
        Kind.REMINDER,
        Kind.CLOCK_CHANGE,
    }
)


def confirm_again(appointments: Iterable[Appointment], *, now: datetime) -> None:
    """Queue a confirmation of each upcoming appointment to the address now on file, at once.

    Inside the transaction of the change that calls for it. What waits still leaves, and is written
    when it does, so one that has not left yet is not sent twice. Reminders and requests that could
    not be sent are tried again; reminders that an address was missing for are queued.
    """
    for appointment in appointments:
        unsent = appointment.messages.filter(kind__in=TO_PATIENTS)
        parked = unsent.filter(state=State.PARKED)
        parked.filter(kind__in=_NEWS).update(state=State.DROPPED)
        parked.update(state=State.WAITING, due_at=now, attempts=0, leased_until=None)
        waits = unsent.filter(
            unclaimed(now), state=State.WAITING, kind__in=_NEWS, content__sequence=appointment.sequence
        )
        wanted = list(_reminders(appointment, now))
        if not waits.exists():
            number = appointment.messages.filter(kind=Kind.CONFIRMATION).count() + 1
            wanted.append(row(appointment, Kind.CONFIRMATION, f"again-{number}", due_at=now))
        _write(*_to_patient(appointment, *wanted))


def send_again(message: Message, *, now: datetime) -> bool:
    """Queue a message once more; False for one that waits already or no longer fits its appointment.

    One that could not be sent goes back into the queue; of one that was sent, a copy is queued.
    """
    if message.state == State.PARKED:
        return bool(put_back(Message.objects.filter(pk=message.pk), now=now))
    again = _copy(message, now)
    if again is None:
        return False
    appointment = message.appointment
    assert appointment is not None
    number = appointment.messages.filter(kind=message.kind).count() + 1
    again.key = key_of(appointment, Kind(message.kind), f"again-{number}")
    _write(again)
    return True


def can_send_again(message: Message, *, now: datetime) -> bool:
    """Whether ``send_again`` would do something. Asks nothing of the database that is not loaded."""
    return message.state == State.PARKED or _copy(message, now) is not None


def _copy(message: Message, now: datetime) -> Message | None:
    """The same message about the appointment as it now is; None if it would tell nothing that is true."""
    appointment = message.appointment
    if message.state != State.SENT or appointment is None or message.kind not in TO_PATIENTS:
        return None
    again = row(appointment, Kind(message.kind), due_at=now, **{**message.content, "sequence": appointment.sequence})
    return again if still_fits(again, now=now, by=Channel(again.channel)) else None


def put_back(parked: Iterable[Message], *, now: datetime) -> int:
    """Put messages that could not be sent back into the queue; how many. Others of them stay as they are."""
    ids = [message.pk for message in parked]
    return Message.objects.filter(Q(state=State.PARKED), pk__in=ids).update(
        state=State.WAITING, due_at=now, attempts=0, leased_until=None
    )
