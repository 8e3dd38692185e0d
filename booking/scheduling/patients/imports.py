"""Commands: add many patients from a file, take that back within a week, and forget that it can be taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from booking.models import Patient, PatientImport, WaitlistEntry, search_key_of
from booking.privacy.change_log import log_patients_without_values, log_removed_rows, patients_with_values
from booking.scheduling.actors import Actor
from booking.scheduling.exceptions import WrongStatus

UNDO_FOR = timedelta(days=7)
BATCH = 500  # Rows of one INSERT.


@dataclass(frozen=True)
class UndoneImport:
    """``staying``: patients who have a visit, a note, a waitlist entry or a merge by now."""

    removed: int
    staying: list[Patient]


def import_patients(*, key: UUID, rows: Sequence[Mapping[str, Any]], by: Actor, now: datetime) -> PatientImport:
    """Add one patient for each row of fields, and queue no message. The same ``key`` a second time adds nobody.

    Raises WrongStatus.
    """
    if not by.may_import_patients():
        raise WrongStatus("Your login may not import patients.")
    with transaction.atomic():
        batch, is_new = PatientImport.objects.get_or_create(
            key=key, defaults={"created_at": now, "created_by": by.user, "count": len(rows)}
        )
        if is_new:
            patients = [Patient(**row, imported_in=batch, created_at=now) for row in rows]
            for patient in patients:
                patient.search_key = search_key_of(patient)  # bulk_create() does not call save().
            Patient.objects.bulk_create(patients, batch_size=BATCH)
            log_patients_without_values(by, patients)  # The import may be taken back.
        return batch


def undo_import(*, batch: PatientImport, by: Actor, now: datetime) -> UndoneImport:
    """Remove the patients of an import about whom nothing else is stored. Raises WrongStatus."""
    if not by.may_import_patients():
        raise WrongStatus("Your login may not import patients.")
    with transaction.atomic():
        locked = PatientImport.objects.select_for_update().filter(pk=batch.pk).first()
        if locked is None or locked.created_at < now - UNDO_FOR:
            raise WrongStatus("This import can no longer be undone.")
        patients = list(Patient.objects.select_for_update(of=("self",)).filter(imported_in=locked).order_by("pk"))
        used = _used(patients)
        removed = [patient for patient in patients if patient.pk not in used]
        log_removed_rows(by, removed)
        Patient.objects.filter(pk__in=[patient.pk for patient in removed]).delete()
        staying = [patient for patient in patients if patient.pk in used]
        if not staying:
            locked.delete()
        return UndoneImport(len(removed), staying)


def forget_imports(*, now: datetime) -> int:
    """Delete the rows of imports that can no longer be undone; their patients stay. Returns the number."""
    return PatientImport.objects.filter(created_at__lt=now - UNDO_FOR).delete()[1].get("booking.PatientImport", 0)


def _used(patients: Iterable[Patient]) -> set[int]:
    """The primary keys of those to whom any row refers, whose data was changed, who were merged, or who wait."""
    rows = {patient.pk: patient for patient in patients}
    used = {pk for pk, patient in rows.items() if patient.merged_into_id is not None} | patients_with_values(rows)
    for relation in Patient._meta.related_objects:
        name = relation.field.name
        referring = relation.related_model._base_manager.filter(**{f"{name}__in": list(rows)})
        used |= set(referring.values_list(name, flat=True))
    # Waitlist entries have no foreign key to a patient.
    waiting = WaitlistEntry.objects.waiting().values_list("name", "email", "phone")
    people = {(name.casefold(), reach) for name, email, phone in waiting for reach in (email.casefold(), str(phone))}
    for pk, patient in rows.items():
        name = patient.name.casefold()
        if people & {(name, patient.email.casefold() or None), (name, str(patient.phone))}:
            used.add(pk)
    return used
