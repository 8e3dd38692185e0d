"""Commands: add a patient; change names, date of birth and whether they book by phone only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from booking.models import Patient
from booking.privacy.change_log import log_added, log_changed, values_of
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.patient_matching import check_current
from booking.scheduling.exceptions import WrongStatus

DETAILS = (
    "name", "preferred_name", "pronouns", "date_of_birth", "contact_name", "books_by_phone_only", "phone_only_note",
)  # fmt: skip
_PHONE_ONLY = {"books_by_phone_only", "phone_only_note"}


def add_patient(*, values: Mapping[str, Any], by: Actor, now: datetime) -> Patient:
    """Add a patient with these fields, of ``DETAILS``, phone and email. Raises WrongStatus."""
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    patient = Patient(**values)
    if patient.books_by_phone_only or patient.phone_only_note:
        patient.phone_only_by, patient.phone_only_at = by.user, now
    with transaction.atomic():
        patient.save()
        log_added(by, patient)
    return patient


def change_patient(*, patient: Patient, values: Mapping[str, Any], by: Actor, now: datetime) -> Patient:
    """Write these fields, of ``DETAILS``. Phone and email are ``correct_contact``'s. Raises WrongStatus."""
    if not by.is_staff:
        raise WrongStatus("Only staff can do this.")
    if unknown := set(values) - set(DETAILS):
        raise ValueError(f"not a detail: {sorted(unknown)}")
    with transaction.atomic():
        patient = Patient.objects.select_for_update().get(pk=patient.pk)
        check_current(patient)
        before = values_of(patient)
        for name, value in values.items():
            setattr(patient, name, value)
        fields = [*values]
        if _PHONE_ONLY & set(values):
            patient.phone_only_by, patient.phone_only_at = by.user, now
            fields += ["phone_only_by", "phone_only_at"]
        if fields:
            patient.save(update_fields=fields)
            log_changed(by, patient, before)
        return patient
