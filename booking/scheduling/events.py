"""Record appointment events: an append-only audit log of each change."""

from datetime import datetime
from typing import Any

from booking.models import Appointment, AppointmentEvent
from booking.scheduling.actors import Actor

_SELDOM_SET = (
    "asked_to_move_at",
    "attendance_confirmed_at",
    "late_by",
    "cancel_category_id",
    "cancel_reason",
    "overbooked_reason",
    "exception_reason",
    "series",
)


def appointment_state(appointment: Appointment) -> dict[str, Any]:
    """Return the fields that an event stores before and after a change: all that a command may change.

    Those that are empty at most appointments are left out where they are. Contains no patient data.
    """
    state = {
        "status": str(appointment.status),
        "starts_at": appointment.starts_at.isoformat(),
        "ends_at": appointment.ends_at.isoformat(),
        "practitioner": appointment.practitioner_id,
        "location": appointment.location_id,
        "room": appointment.room_id,
        "link_generation": appointment.link_generation,
    }
    return state | {name: _json(getattr(appointment, name)) for name in _SELDOM_SET if getattr(appointment, name)}


def _json(value: Any) -> Any:
    return value if isinstance(value, int) else value.isoformat() if isinstance(value, datetime) else str(value)


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
