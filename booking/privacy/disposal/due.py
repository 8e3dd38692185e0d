"""Find the patients whose retention period is over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, Max, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from booking.models import Patient, RetentionPeriods, WaitlistEntry

ADULT_AT = 18  # The age of majority in Alberta.


@dataclass(frozen=True)
class DuePatient:
    """``last_on``: the day of the last appointment, or the day on which the patient was added."""

    patient: Patient
    last_on: date
    had_visits: bool


def due_patients(*, now: datetime, among: Collection[int] | None = None) -> list[DuePatient]:
    """Patients whose last appointment is longer ago than the period, oldest first; none without a period.

    For a patient who was a minor then, the years count from the birthday of ``minors_until_age``, and without that
    setting never end. Nobody with anything ahead, as that is the last appointment, and nobody who waits for a time.
    """
    periods = RetentionPeriods.objects.filter(pk=1).first()
    if periods is None or periods.patients_years is None:
        return []
    today = timezone.localdate(now)
    rows = Patient.objects.current().annotate(last_visit_at=Max("appointments__ends_at"))
    rows = rows.annotate(last_at=Coalesce("last_visit_at", "created_at"))
    rows = rows.filter(last_at__lt=years_before(now, periods.patients_years))
    waiting = WaitlistEntry.objects.waiting().filter(patient=OuterRef("pk"))
    rows = rows.filter(~Exists(waiting)).order_by("last_at", "pk")
    if among is not None:
        rows = rows.filter(pk__in=among)
    waiting_people = _waiting_people()
    return [
        DuePatient(patient, timezone.localdate(patient.last_at), patient.last_visit_at is not None)
        for patient in rows
        if not _is_waiting(patient, waiting_people)
        and _is_over_for_minor(patient, timezone.localdate(patient.last_at), periods, today)
    ]


def _is_over_for_minor(patient: Patient, last_on: date, periods: RetentionPeriods, today: date) -> bool:
    """Whether the period is over for someone who may have been a minor. True for adults and without a date of birth."""
    born_on = patient.date_of_birth
    if born_on is None or patient.age_on(last_on) >= ADULT_AT:
        return True
    if periods.minors_until_age is None or periods.patients_years is None:
        return False
    return patient.age_on(today) >= periods.minors_until_age + periods.patients_years


def _waiting_people() -> set[tuple[str, str]]:
    """Names with addresses or numbers of waitlist entries that may name no patient."""
    rows = WaitlistEntry.objects.waiting().values_list("name", "email", "phone")
    return {
        (name.casefold(), reach) for name, email, phone in rows for reach in (email.casefold(), str(phone)) if reach
    }


def _is_waiting(patient: Patient, waiting: set[tuple[str, str]]) -> bool:
    name = patient.name.casefold()
    return bool(waiting & {(name, patient.email.casefold()), (name, str(patient.phone))})


def years_before(now: datetime, years: int) -> datetime:
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # February 29.
        return now.replace(year=now.year - years, day=28)
