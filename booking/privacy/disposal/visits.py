"""Appointments stay as service, time, status and price; their histories lose their words, their messages go."""

from collections.abc import Collection, Sequence
from typing import Any

from booking.models import DISPOSED_NAME, Appointment, AppointmentEvent, Message, Patient, new_reference

BATCH = 200  # Rows of one UPDATE.

# What is emptied of an appointment. All other columns stay; a test names them all.
_EMPTIED: dict[str, Any] = {
    "cancel_reason": "",
    "exception_reason": "",
    "hold_key": "",
    "source": "",
    "source_site": "",
    "notice_version": "",
    "attendance_confirmed_at": None,
    "late_by": None,
    "asked_to_move_at": None,
}
EMPTIED = {*_EMPTIED, "overbooked_reason", "reference", "submission_key", "link_generation"}


def lock_visits(rows: Collection[Patient]) -> list[Appointment]:
    """Lock the appointments of these patients, so that none of them is restored or moved meanwhile."""
    visits = Appointment.objects.filter(patient__in=[row.pk for row in rows]).order_by("pk")
    return list(visits.select_for_update(of=("self",)))


def empty_visits(visits: Sequence[Appointment]) -> dict[str, int]:
    """Empty these appointments, which are locked.

    They get new references: the old ones stand in emails and in the addresses of the access log. Links that were sent
    stop working. An overbooked appointment keeps a reason, because without one the overlap constraint applies to it.
    """
    keys = [visit.pk for visit in visits]
    events = AppointmentEvent.objects.filter(appointment__in=keys).redact(before={}, after={}, note="")
    messages = Message.objects.filter(appointment__in=keys).delete()[0]
    for visit in visits:
        for name, value in _EMPTIED.items():
            setattr(visit, name, value)
        visit.overbooked_reason = DISPOSED_NAME if visit.overbooked_reason else ""
        visit.submission_key = f"disposed-{visit.pk}" if visit.submission_key else None
        visit.reference = new_reference()
        visit.link_generation += 1
    Appointment.objects.bulk_update(visits, sorted(EMPTIED), batch_size=BATCH)
    return {"appointments": len(keys), "events": events, "messages": messages}
