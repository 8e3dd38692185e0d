"""Record appointment events: an append-only audit log of each change."""

from datetime import datetime
from typing import Any

from booking.models import Appointment, AppointmentEvent
from booking.scheduling.actors import Actor


def appointment_state(appointment: Appointment) -> dict[str, Any]:
    """Return the fields that an event stores before and after a change. Contains no patient data."""
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
    """Append an event; ``appointment`` already has its new values, ``before`` its old ones."""
    return AppointmentEvent.objects.create(
        appointment=appointment,
        kind=kind,
        at=now,
        actor_kind=by.kind,
        actor=by.user,
        before=before or {},
        after=appointment_state(appointment),
        note=note,
    )
