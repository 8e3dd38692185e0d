"""Match entered contact details to an existing patient, or create one."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import cached_property

from django.db import transaction
from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Coalesce, Upper

from booking.models import Appointment, Patient
from booking.privacy.change_log import log_added, log_patients_without_values
from booking.scheduling.actors import Actor
from booking.scheduling.exceptions import CallToBook, PatientDisposed, WrongStatus
from booking.scheduling.types import PatientDetails


def patients_with_email(details: PatientDetails) -> list[Patient]:
    """Patients with the e-mail address of ``details`` (case-insensitive), oldest first.

    Many patients booked by phone have no address; for an empty one, the phone number must match, too.
    """
    # Uses the index on UPPER(email). SQLite compiles iexact to LIKE, which would not use it.
    rows = (
        Patient.objects.filter(disposed_at__isnull=True)
        .alias(email_alike=Upper("email"))
        .filter(email_alike=Upper(Value(details.email)))
    )
    if not details.email:
        rows = rows.filter(phone=details.phone)
    return list(rows.order_by("pk"))


def check_books_online(name: str, email: str, phone: str) -> None:
    """Raise CallToBook if these are the details of a patient who books by phone only."""
    if PhoneOnlyPatients().include(name, email, phone):
        raise CallToBook


class PhoneOnlyPatients:
    """The patients who book by phone only, loaded once."""

    @cached_property
    def _rows(self) -> list[Patient]:
        return list(Patient.objects.phone_only())

    def include(self, name: str, email: str, phone: str) -> bool:
        """Whether one of them has this name and this e-mail address or phone number.

        A family shares an address and a number, so the name has to match as well.
        """
        return any(
            patient.is_called(name)
            and (patient.phone == phone or (patient.email != "" and patient.email.casefold() == email.casefold()))
            for patient in self._rows
        )


def count_upcoming_visits(patients: Iterable[Patient], *, now: datetime) -> int:
    """Count the upcoming visits of these patients that were booked online, with those still to be confirmed.

    The visits of one basket count once.
    """
    online = Appointment.objects.filter(patient__in=patients, submission_key__isnull=False)
    return count_forms(online.upcoming(now=now) | online.unconfirmed(now=now))


def count_forms(appointments: QuerySet[Appointment]) -> int:
    """Count online bookings by the form that made them: those of one basket share a series."""
    return appointments.order_by().aggregate(forms=Count(Coalesce("series", "uid"), distinct=True))["forms"]


def match_or_create(details: PatientDetails, candidates: Iterable[Patient], *, by: Actor) -> Patient:
    """Return the patient among ``candidates`` whose details match exactly, or create one.

    ``candidates`` comes from ``patients_with_email``. An existing row is never changed. Name, e-mail, phone and
    date of birth must all match: a partial match may be another person or somebody guessing, and staff can
    merge duplicates. A different preferred name creates a new row, too, so that nobody can rename a patient
    by booking in their name. A merged patient is replaced by the surviving one if that has the same e-mail
    address and phone, because messages go there.

    Call it in a transaction: it locks the row against a concurrent merge.
    """
    for patient in candidates:
        if not _is_same_person(patient, details):
            continue
        try:
            row = surviving_patient(patient)
        except PatientDisposed:
            continue
        if row.pk == patient.pk or (row.email.lower() == details.email.lower() and row.phone == details.phone):
            return row
    patient = Patient.objects.create(
        name=details.name,
        preferred_name=details.preferred_name,
        pronouns=details.pronouns,
        email=details.email,
        phone=details.phone,
        date_of_birth=details.date_of_birth,
        contact_name=details.contact_name,
    )
    if by.is_staff:
        log_added(by, patient)
    else:  # The row goes again if the booking is not confirmed.
        log_patients_without_values(by, [patient])
    return patient


def _is_same_person(patient: Patient, details: PatientDetails) -> bool:
    """Whether all entered details match; empty optional fields match anything."""
    return (
        patient.phone == details.phone
        and patient.name.upper() == details.name.upper()
        and patient.contact_name.upper() == details.contact_name.upper()
        and patient.date_of_birth == details.date_of_birth
        and details.preferred_name in {"", patient.preferred_name}
        and details.pronouns in {"", patient.pronouns}
    )


class _MergedConcurrently(Exception):
    """The patient was merged while this transaction waited for the lock."""


def surviving_patient(patient: Patient) -> Patient:
    """Lock and return the patient, or the one into which they were merged.

    Call it in a transaction: until it ends, the row can be neither merged nor disposed of. Raises PatientDisposed.
    """
    while True:
        with suppress(_MergedConcurrently), transaction.atomic():
            other = Patient.objects.filter(pk=patient.pk).values_list("merged_into", flat=True).get()
            ids = [patient.pk] if other is None else [patient.pk, other]
            # Lock in order of primary key, like merge(), to prevent deadlocks.
            rows = Patient.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
            patients = {row.pk: row for row in rows}
            survivor = patients.get(patients[patient.pk].merged_into_id or patient.pk)
            if survivor is None or survivor.merged_into_id is not None:
                # Rolling back to the savepoint releases the locks; the retry then locks in order again.
                raise _MergedConcurrently
            if survivor.disposed_at is not None:
                raise PatientDisposed
            return survivor


def check_current(patient: Patient) -> None:
    """Raise WrongStatus if the patient, whose row is locked, was merged into another or disposed of."""
    if patient.merged_into_id is not None:
        raise WrongStatus("This patient was merged with another. Open that one.")
    if patient.disposed_at is not None:
        raise PatientDisposed


def upcoming_visits(patient: Patient, *, now: datetime) -> list[Appointment]:
    """Lock and return the patient's upcoming visits, ordered by start. Call it in a transaction."""
    rows = Appointment.objects.upcoming(now=now).filter(patient=patient).order_by("pk").select_for_update(of=("self",))
    visits = rows.select_related("patient", "practitioner", "service", "location", "room")
    return sorted(visits, key=lambda visit: visit.starts_at)
