"""Make the rows of patients anonymous, and delete the notes and tags on them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Field, Q

from booking.models import DISPOSED_NAME, Patient, PatientNote, search_key_of

# What stays of a patient. Every other column gets its empty value, those of later releases, too.
KEPT = {"id", "merged_into", "created_at", "disposed_at"}


def empty_patients(rows: Collection[Patient], *, now: datetime) -> dict[str, int]:
    keys = [row.pk for row in rows]
    notes = PatientNote.objects.filter(Q(patient__in=keys) | Q(appointment__patient__in=keys)).delete()[0]
    tags = Patient.tags.through.objects.filter(patient__in=keys).delete()[0]
    fields = [field for field in Patient._meta.concrete_fields if field.name not in KEPT]
    values: dict[str, Any] = {field.name: _empty(field) for field in fields}
    values |= {"name": DISPOSED_NAME, "disposed_at": now}
    values["search_key"] = search_key_of(Patient(**values))
    Patient.objects.filter(pk__in=keys).update(**values)
    merged = sum(row.merged_into_id is not None for row in rows)
    return {"patients": len(keys) - merged, "merged": merged, "notes": notes, "tags": tags}


def _empty(field: "Field[Any, Any]") -> Any:
    if field.null:
        return None
    return field.get_default()
