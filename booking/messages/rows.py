"""One outbox row: by which way it travels, and the key that says what it is."""

from datetime import datetime
from typing import Any

from booking.messages import texting
from booking.messages.texts import can_get_texts
from booking.models import Appointment, Channel, Message


def row(appointment: Appointment, kind: Message.Kind, detail: str = "", *, due_at: datetime, **content: Any) -> Message:
    """An appointment's message. It remembers the sequence: a later change makes it stale."""
    return Message(
        key=key_of(appointment, kind, detail),
        kind=kind,
        channel=_channel(appointment, kind),
        appointment=appointment,
        due_at=due_at,
        content={"sequence": appointment.sequence, **content},
    )


def key_of(appointment: Appointment, kind: Message.Kind, detail: str = "") -> str:
    return "-".join(filter(None, [kind.value, appointment.reference, str(appointment.sequence), detail]))


def _channel(appointment: Appointment, kind: Message.Kind) -> Channel:
    """Reminders go by text to whom wants them so; all else needs room, and goes by mail."""
    by_text = kind == Message.Kind.REMINDER and appointment.reminders_by == Channel.TEXT and texting.is_on()
    if by_text and appointment.patient and can_get_texts(appointment.patient.phone):
        return Channel.TEXT
    return Channel.EMAIL
