"""Build a Message row: its channel and its idempotency key."""

from datetime import datetime
from typing import Any

from booking.messages.sms import gateway
from booking.messages.sms.encoding import can_receive_sms
from booking.models import Appointment, Channel, Message

_SHORT = {Message.Kind.REMINDER, Message.Kind.RUNNING_LATE}


def build_message(
    appointment: Appointment, kind: Message.Kind, detail: str = "", *, due_at: datetime, **content: Any
) -> Message:
    """Build an unsaved message. It stores the appointment's sequence: a later change makes it stale."""
    return Message(
        key=idempotency_key(appointment, kind, detail),
        kind=kind,
        channel=channel_of(appointment, kind),
        appointment=appointment,
        due_at=due_at,
        content={"sequence": appointment.sequence, **content},
    )


def idempotency_key(appointment: Appointment, kind: Message.Kind, detail: str = "") -> str:
    return "-".join(filter(None, [kind.value, appointment.reference, str(appointment.sequence), detail]))


def channel_of(appointment: Appointment, kind: Message.Kind) -> Channel:
    """SMS for what is short, if the patient chose it for reminders; e-mail for everything else."""
    by_text = kind in _SHORT and appointment.reminders_by == Channel.TEXT and gateway.is_enabled()
    if by_text and appointment.patient and can_receive_sms(appointment.patient.phone):
        return Channel.TEXT
    return Channel.EMAIL
