"""Two patients who turn out to be one person: one row goes on, the other stays for the record."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, Q

from booking.models import Appointment, Patient, PatientMerge
from booking.scheduling.actors import Actor
from booking.scheduling.patients import carry_waitlist, upcoming_visits
from booking.scheduling.reaching import renew_links
from booking.scheduling.refusals import WrongState

MERGED_FIELDS = ("name", "preferred_name", "pronouns", "date_of_birth", "phone", "email", "contact_name")


def values_of(patient: Patient) -> dict[str, Any]:
    """What a record keeps of a patient, as plain values."""
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
    """Make two patients one: ``keep`` goes on, with the fields named in ``take`` from ``merged``.

    All that belongs to ``merged`` becomes ``keep``'s, in one transaction, and a record of both as
    they were is written. ``shown`` holds both rows' values as they were decided on: if they are
    others by now, nothing is merged. ``renew``: links sent so far to upcoming visits open nothing any
    more, and confirmations with new ones go to the address that stays. Raises WrongState.
    """
    if not by.may_merge():
        raise WrongState("Your login may not merge patients.")
    if keep.pk == merged.pk:
        raise WrongState("This is one and the same patient. Choose two.")
    unknown = set(take) - set(MERGED_FIELDS)
    if unknown:
        raise ValueError(f"not a field that can be chosen: {sorted(unknown)}")
    with transaction.atomic():
        keep, merged = _locked(keep.pk, merged.pk)
        if shown is not None and shown != {"keep": values_of(keep), "merged": values_of(merged)}:
            raise WrongState("Somebody has changed one of these patients meanwhile. Look at both again.")
        before = {"kept_values": values_of(keep), "merged_values": values_of(merged)}
        for field in take:
            setattr(keep, field, getattr(merged, field))
        keep.save(update_fields=list(take)) if take else None
        moved = _move_everything(merged, keep, now)
        moved["waitlistentry"] = carry_waitlist(name=merged.name, email=merged.email, to=keep)
        Patient.objects.filter(Q(pk=merged.pk) | Q(merged_into=merged.pk)).update(merged_into=keep)
        record = PatientMerge.objects.create(
            kept=keep, merged=merged, at=now, actor=by.user, chosen=values_of(keep), moved=moved, **before
        )
        if renew:
            renew_links(upcoming_visits(keep, now=now), by=by, now=now)
        return record


def _locked(keep: int, merged: int) -> tuple[Patient, Patient]:
    """Both rows, and those merged into them before, in the order of their ids: nobody waits in a circle."""
    pair = [keep, merged]
    rows = Patient.objects.select_for_update().filter(Q(pk__in=pair) | Q(merged_into__in=pair)).order_by("pk")
    found = {row.pk: row for row in rows}
    if keep not in found or merged not in found:
        raise WrongState("One of these patients is no longer there.")
    for row in (found[keep], found[merged]):
        if row.merged_into_id is not None:
            raise WrongState(f"{row} has been merged already. Look for the patient who stands.")
    return found[keep], found[merged]


def _move_everything(merged: Patient, keep: Patient, now: datetime) -> dict[str, list[int]]:
    """Give ``keep`` every row that is ``merged``'s, whatever it is; the ids of what was moved, by model.

    Messages hang on their appointments, and go with them. What was recorded of earlier merges stays.
    """
    moved: dict[str, list[int]] = {}
    for model, field in belongings():
        rows = model._base_manager.filter(**{field: merged})
        # Locked in the order of their ids, as everybody locks several of them.
        ids = list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        changes: dict[str, Any] = {field: keep} | ({"updated_at": now} if model is Appointment else {})
        rows.filter(pk__in=ids).update(**changes)
        moved[model._meta.model_name or ""] = ids
    return moved


def belongings() -> list[tuple[type[Model], str]]:
    """Every model that points to a patient, and the name of its field; the merging's own are not theirs."""
    return [
        (relation.related_model, relation.field.name)
        for relation in Patient._meta.related_objects
        if relation.related_model not in (Patient, PatientMerge)
    ]
