"""Delete what is not needed after a week: ended holds, bookings that nobody confirmed, and where bookings came from."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from booking.models import Appointment, AppointmentEvent, Patient, Status, WaitlistOffer
from booking.privacy.change_log import log_removed, patients_with_values
from booking.scheduling.actors import Actor

_RETENTION = timedelta(days=7)  # Staff can see expired holds, and the source of a booking, for this long.
_BATCH = 500


def delete_old_holds(*, now: datetime) -> int:
    """Delete holds that expired a week ago, with their events. Returns the number.

    They have no patient: an appointment that a patient has confirmed is never deleted.
    """
    old = list(
        Appointment.objects.filter(status=Status.EXPIRED, patient=None, updated_at__lt=now - _RETENTION)
        .exclude(waitlist_offer__state=WaitlistOffer.State.OPEN)  # The waitlist task has yet to close it.
        .order_by("pk")
        .values_list("pk", flat=True)[:_BATCH]
    )
    with transaction.atomic():
        _delete_events(old)
        Appointment.objects.filter(pk__in=old, status=Status.EXPIRED, patient=None).delete()
    return len(old)


def delete_lapsed_bookings(*, now: datetime) -> int:
    """Delete bookings that were not confirmed in time, a week later, with their events and messages.

    A patient who was created by such a booking, and has nothing else here, is deleted with it, unless staff changed
    their data. Returns the number.
    """
    lapsed = Appointment.objects.filter(
        status=Status.EXPIRED, patient__isnull=False, updated_at__lt=now - _RETENTION
    ).order_by("pk")
    count = 0
    for pk, patient_id in lapsed.values_list("pk", "patient")[:_BATCH]:
        with transaction.atomic():
            # The lock keeps others from adding rows of this patient meanwhile.
            patient = Patient.objects.select_for_update().get(pk=patient_id)
            appointment = Appointment.objects.get(pk=pk)
            _delete_events([pk])
            appointment.delete()
            if patient.created_at >= appointment.created_at and not _has_rows(patient):
                log_removed(Actor.system(), patient)
                patient.delete()
        count += 1
    return count


def forget_sources(*, now: datetime) -> int:
    """Delete the hashes of the networks that times were chosen from, after a week. Returns the number."""
    known = Appointment.objects.filter(~Q(source="") | ~Q(source_site=""), created_at__lt=now - _RETENTION)
    return known.update(source="", source_site="")


def _delete_events(appointments: list[int]) -> None:
    # A plain QuerySet: the model's append-only queryset refuses to delete.
    events: QuerySet[AppointmentEvent] = QuerySet(AppointmentEvent).filter(appointment__in=appointments)
    events.delete()


def _has_rows(patient: Patient) -> bool:
    """Whether any row refers to this patient, the change log says what they were, or they were merged into another."""
    if patient.merged_into_id is not None or patients_with_values([patient.pk]):
        return True
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: patient}).exists()
        for relation in Patient._meta.related_objects
    )
