"""Redact what the logs say of a person. No row of a log is deleted."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q

from booking.models import ChangeLogEntry, Patient, PatientMerge, PatientNote

Keys = Mapping[type[Model], Iterable[Any]]


def redact_logs(rows: Collection[Patient], about: Keys) -> dict[str, int]:
    """Empty the values of the change log, of merge records and of the office's history.

    ``about``: the primary keys of the other rows that tell of these patients. The append-only tables refuse this
    unless a disposal of the same patients has begun in this transaction.
    """
    keys = [row.pk for row in rows]
    merges = PatientMerge.objects.filter(Q(kept__in=keys) | Q(merged__in=keys))
    changes = ChangeLogEntry.objects.filter(patient__in=keys)
    return {
        "merges": merges.redact(merged_values={}, kept_values={}, chosen={}, moved={}),
        "changes": changes.redact(before={}, after={}, reason=""),
        "admin_log": empty_admin_log({Patient: keys, **about}),
    }


def notes_of(rows: Collection[Patient]) -> list[int]:
    keys = [row.pk for row in rows]
    return list(PatientNote.objects.filter(patient__in=keys).values_list("pk", flat=True))


def empty_admin_log(about: Keys) -> int:
    """Empty the names and words of history entries about these rows. Returns their number."""
    count = 0
    for model, keys in about.items():
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model), object_id__in=[str(key) for key in keys]
        )
        count += entries.update(object_repr="", change_message="")
    return count
