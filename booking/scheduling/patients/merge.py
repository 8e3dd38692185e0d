"""Command: merge two patient rows of one person. The merged row is kept and points to the surviving one."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, Q

from booking.models import Appointment, Patient, PatientMerge, PatientNote
from booking.privacy.change_log import log_changed, log_removed, values_of
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.patient_matching import upcoming_visits
from booking.scheduling.exceptions import PatientDisposed, WrongStatus
from booking.scheduling.patients.contact import renew_confirm_requests, renew_links
from booking.scheduling.waitlist.entries import transfer_entries

_OWN = PatientNote.Audience.OWN
MERGED_FIELDS = ("name", "preferred_name", "pronouns", "date_of_birth", "phone", "email", "contact_name")


PHONE_ONLY_FIELDS = ("books_by_phone_only", "phone_only_note", "phone_only_by", "phone_only_at")


def merge_values(patient: Patient) -> dict[str, Any]:
    """Return a patient's fields as JSON-serializable values, for the merge record and its form."""
    born_on = patient.date_of_birth
    values = {name: str(getattr(patient, name) or "") for name in MERGED_FIELDS}
    return values | {"date_of_birth": born_on.isoformat() if born_on else None, "id": patient.pk}


def merge(
    *,
    keep: Patient,
    merged: Patient,
    take: Collection[str],
    by: Actor,
    now: datetime,
    shown: Mapping[str, Any] | None = None,
    renew: bool = False,
) -> PatientMerge:
    """Merge ``merged`` into ``keep``, which takes the fields named in ``take`` from ``merged``.

    In one transaction, all rows that reference ``merged`` are moved to ``keep`` and a PatientMerge records
    both rows' previous values. ``shown``: both rows' values as displayed in the form, for optimistic locking.
    ``renew``: invalidate the manage links of upcoming visits and queue confirmations with new ones.
    Raises WrongStatus.
    """
    if not by.may_merge():
        raise WrongStatus("Your login may not merge patients.")
    if keep.pk == merged.pk:
        raise WrongStatus("This is the same patient twice. Choose two.")
    unknown = set(take) - set(MERGED_FIELDS)
    if unknown:
        raise ValueError(f"not a field that can be chosen: {sorted(unknown)}")
    with transaction.atomic():
        keep, merged = _lock_pair(keep.pk, merged.pk)
        if shown is not None and shown != {"keep": merge_values(keep), "merged": merge_values(merged)}:
            raise WrongStatus("Someone just changed one of these patients. Look at both again.")
        before = {"kept_values": merge_values(keep), "merged_values": merge_values(merged)}
        kept_values = values_of(keep)
        for field in take:
            setattr(keep, field, getattr(merged, field))
        keep.save(update_fields=list(take)) if take else None
        if merged.books_by_phone_only and not keep.books_by_phone_only:
            for field in PHONE_ONLY_FIELDS:
                setattr(keep, field, getattr(merged, field))
            keep.save(update_fields=PHONE_ONLY_FIELDS)
        _join_notes(merged, keep, by, now)
        keep.tags.add(*merged.tags.all())
        log_changed(by, keep, kept_values)
        reassigned = _reassign_rows(merged, keep, now)
        by_name = transfer_entries(name=merged.name, email=merged.email, to=keep)
        reassigned["waitlistentry"] = sorted({*reassigned["waitlistentry"], *by_name})
        Patient.objects.filter(Q(pk=merged.pk) | Q(merged_into=merged.pk)).update(merged_into=keep)
        record = PatientMerge.objects.create(
            kept=keep, merged=merged, at=now, actor=by.user, chosen=merge_values(keep), moved=reassigned, **before
        )
        if renew:
            renew_links(upcoming_visits(keep, now=now), by=by, now=now)
            renew_confirm_requests(keep, by=by, now=now)
        return record


def _lock_pair(keep: int, merged: int) -> tuple[Patient, Patient]:
    """Lock both rows, and rows merged into them before, in order of primary key to prevent deadlocks."""
    pair = [keep, merged]
    rows = Patient.objects.select_for_update().filter(Q(pk__in=pair) | Q(merged_into__in=pair)).order_by("pk")
    patients = {row.pk: row for row in rows}
    if keep not in patients or merged not in patients:
        raise WrongStatus("One of these patients no longer exists.")
    for row in (patients[keep], patients[merged]):
        if row.merged_into_id is not None:
            raise WrongStatus(f"{row} has been merged already. Look for the patient who stands.")
        if row.disposed_at is not None:
            raise PatientDisposed
    return patients[keep], patients[merged]


def _join_notes(merged: Patient, keep: Patient, by: Actor, now: datetime) -> None:
    """Put the text of notes on ``merged`` under the one of the same readers on ``keep``, which may have only one."""
    notes = PatientNote.objects.filter(appointment__isnull=True)
    for note in notes.filter(patient=merged):
        readers = {"audience": note.audience} | ({"author": note.author} if note.audience == _OWN else {})
        kept = notes.filter(patient=keep, **readers).first()
        if kept is not None:
            before = values_of(kept)
            kept.text = f"{kept.text}\n{note.text}"
            kept.updated_at = now
            kept.save()
            log_changed(by, kept, before)
            log_removed(by, note)
            note.delete()


def _reassign_rows(merged: Patient, keep: Patient, now: datetime) -> dict[str, list[int]]:
    """Point every row that references ``merged`` to ``keep``. Returns the ids by model name.

    Messages reference the appointment, so they need no change. Records of earlier merges stay as they are.
    """
    reassigned: dict[str, list[int]] = {}
    for model, field in belongings():
        rows = model._base_manager.filter(**{field: merged})
        # Lock in order of primary key, to prevent deadlocks.
        ids = list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        changes: dict[str, Any] = {field: keep} | ({"updated_at": now} if model is Appointment else {})
        rows.filter(pk__in=ids).update(**changes)
        reassigned[model._meta.model_name or ""] = ids
    return reassigned


def belongings() -> list[tuple[type[Model], str]]:
    """Every model with a foreign key to Patient and the field's name, except those of the merge itself."""
    return [
        (relation.related_model, relation.field.name)
        for relation in Patient._meta.related_objects
        if relation.related_model not in (Patient, PatientMerge)
    ]
