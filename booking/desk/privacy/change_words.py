"""A change in words: the changed fields with their values before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.utils.translation import gettext

from booking.models import AppointmentEvent, ChangeLogEntry, Patient
from booking.privacy.event_states import Names, with_names
from booking.privacy.field_words import field_of, label_of, words_of
from booking.staff.formats import staff_name

APPOINTMENT, EVENT = "booking.appointment", "booking.appointmentevent"
Values = Mapping[str, Any]


@dataclass(frozen=True)
class FieldChange:
    """A field's value before and after; ``raw``: as it is stored, for files."""

    label: str
    before: str
    after: str
    raw_before: str
    raw_after: str


@dataclass(frozen=True)
class ChangeRow:
    """One line of the change log. ``patient`` is None if their row is gone; ``patient_key`` stays."""

    at: datetime
    who: str
    action: str
    what: str
    label: str
    patient: Patient | None
    patient_key: int | None
    fields: list[FieldChange]
    reason: str
    is_removed: bool


def row_of_entry(entry: ChangeLogEntry) -> ChangeRow:
    return ChangeRow(
        at=entry.at,
        who=staff_name(entry.actor) or entry.get_actor_kind_display(),
        action=entry.get_action_display(),
        what=kind_in_words(entry.model),
        label=entry.label,
        patient=entry.patient,
        patient_key=entry.patient_id,
        fields=field_changes(entry.model, entry.before, entry.after),
        reason=entry.reason,
        is_removed=_is_removed(entry.before, entry.after, entry.patient, entry.patient_id),
    )


def row_of_event(event: AppointmentEvent, names: Names) -> ChangeRow:
    """``names``: of the rows that the events' values refer to, by field and primary key."""
    visit = event.appointment
    before, after = (with_names(state, names) for state in (event.before, event.after))
    return ChangeRow(
        at=event.at,
        who=staff_name(event.actor) or event.get_actor_kind_display(),
        action=event.get_kind_display(),
        what=kind_in_words(APPOINTMENT),
        label=visit.reference,
        patient=visit.patient,
        patient_key=visit.patient_id,
        fields=field_changes(APPOINTMENT, before, after),
        reason=event.note,
        is_removed=_is_removed(event.before, event.after, visit.patient, visit.patient_id),
    )


def kind_in_words(model: str) -> str:
    """The name of a model such as booking.patient; of one that no longer exists, its label."""
    if model == EVENT:
        return gettext("Appointment history")
    try:
        words = str(apps.get_model(model)._meta.verbose_name)
    except (LookupError, ValueError):
        return model
    return words[:1].upper() + words[1:]


def field_changes(model: str, before: Values, after: Values) -> list[FieldChange]:
    """The fields whose values differ, in the order of their first mention."""
    names = [*before, *(name for name in after if name not in before)]
    changes = []
    for name in names:
        old, new = before.get(name), after.get(name)
        if old != new:
            field = field_of(model, name)
            words = words_of(field, old), words_of(field, new)
            changes.append(FieldChange(label_of(field, name), *words, _raw(old), _raw(new)))
    return changes


def _is_removed(before: Values, after: Values, patient: Patient | None, patient_key: int | None) -> bool:
    """Whether disposal has emptied the values: of a person whose row is gone, or says nothing about them."""
    if before or after or patient_key is None:
        return False
    return patient is None or patient.disposed_at is not None


def _raw(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)
