"""Appointments stay as service, time, status and price; their histories lose their words, their messages go."""

from collections.abc import Collection, Sequence

from booking.models import DISPOSED_NAME, Appointment, AppointmentEvent, IntakeAnswers, Message, Patient, new_reference

BATCH = 200  # Rows of one UPDATE.

# What is emptied of an appointment; the rest stays, as the data map says.
_WORDS = ("cancel_reason", "exception_reason", "hold_key", "source", "source_site")
_CHANGED = (*_WORDS, "overbooked_reason", "reference", "link_generation")


def lock_visits(rows: Collection[Patient]) -> list[Appointment]:
    """Lock the appointments of these patients, so that none of them is restored or moved meanwhile."""
    visits = Appointment.objects.filter(patient__in=[row.pk for row in rows]).order_by("pk")
    return list(visits.select_for_update(of=("self",)))


def empty_visits(visits: Sequence[Appointment]) -> dict[str, int]:
    """Empty these appointments, which are locked, and delete their messages, whose keys hold the old references, and
    the answers to their health forms.

    They get new references: the old ones stand in emails and in the addresses of the access log. Links that were sent
    stop working. An overbooked appointment keeps a reason, because without one the overlap constraint applies to it.
    """
    keys = [visit.pk for visit in visits]
    events = AppointmentEvent.objects.filter(appointment__in=keys).redact(before={}, after={}, note="")
    messages = Message.objects.filter(appointment__in=keys).delete()[0]
    forms = IntakeAnswers.objects.filter(appointment__in=keys).delete()[0]
    for visit in visits:
        for name in _WORDS:
            setattr(visit, name, "")
        visit.overbooked_reason = DISPOSED_NAME if visit.overbooked_reason else ""
        visit.reference = new_reference()
        visit.link_generation += 1
    Appointment.objects.bulk_update(visits, _CHANGED, batch_size=BATCH)
    return {"appointments": len(keys), "events": events, "messages": messages, "forms": forms}
