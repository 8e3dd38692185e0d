"""Write the change log: which values of a row were changed, and by whom, in the transaction that changes them.

A command or form takes ``values_of(row)`` before it changes the row, and calls ``log_changed`` after it has saved it.
"""

from typing import Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, ForeignKey, ManyToManyField, Model
from django.utils import timezone

from booking.models import ChangeLogEntry, Patient

Action = ChangeLogEntry.Action
Values = dict[str, Any]
_encode = DjangoJSONEncoder().default


class ChangedBy(Protocol):
    """Who changes: ``booking.scheduling.Actor``, or anything else that has the same two attributes."""

    @property
    def kind(self) -> str: ...

    @property
    def user(self) -> Any: ...


def values_of(row: Model) -> Values:
    """The values of the row's editable fields, related rows by primary key."""
    values = {field.name: field.value_from_object(row) for field in row._meta.concrete_fields if _is_logged(field)}
    if row.pk:
        for many in row._meta.many_to_many:
            values[many.name] = sorted(getattr(row, many.name).values_list("pk", flat=True))
    return values


def log_changed(
    actor: ChangedBy, row: Model, before: Values, *, reason: str = "", action: str = Action.CHANGED
) -> ChangeLogEntry | None:
    """Record the fields whose values differ from ``before``. None if there are none."""
    after = values_of(row)
    names = [name for name in after if after[name] != before.get(name)]
    if not names:
        return None
    return _log(actor, row, action, _part(before, names), _part(after, names), reason)


def log_added(actor: ChangedBy, row: Model, *, reason: str = "") -> ChangeLogEntry:
    """Record a new row with its values, except empty ones."""
    after = values_of(row)
    return _log(
        actor, row, Action.ADDED, {}, {name: value for name, value in after.items() if _is_filled(value)}, reason
    )


def log_removed(actor: ChangedBy, row: Model, *, reason: str = "") -> ChangeLogEntry:
    """Record the values of a row that is about to be deleted, except empty ones."""
    before = values_of(row)
    values = {name: value for name, value in before.items() if _is_filled(value)}
    return _log(actor, row, Action.REMOVED, values, {}, reason)


def _log(actor: ChangedBy, row: Model, action: str, before: Values, after: Values, reason: str) -> ChangeLogEntry:
    patient_id = row.pk if isinstance(row, Patient) else getattr(row, "patient_id", None)
    return ChangeLogEntry.objects.create(
        at=timezone.now(),
        actor_kind=actor.kind,
        actor=actor.user,
        action=action,
        model=row._meta.label_lower,
        object_id=str(row.pk),
        label="" if patient_id else str(row)[:200],
        patient_id=patient_id,
        before=_readable(row, before),
        after=_readable(row, after),
        reason=reason,
    )


def _is_logged(field: "Field[Any, Any]") -> bool:
    return field.editable and not field.primary_key


def _is_filled(value: Any) -> bool:
    return value not in ("", None, [], {})


def _part(values: Values, names: list[str]) -> Values:
    return {name: values.get(name) for name in names}


def _readable(row: Model, values: Values) -> Values:
    """Values that JSON holds and people can read: related rows by their name and key, as of now."""
    return {name: _shown(row._meta.get_field(name), value) for name, value in values.items()}


def _shown(field: Any, value: Any) -> Any:
    if isinstance(field, ManyToManyField):
        return [_named(field.related_model, key) for key in value]
    if isinstance(field, ForeignKey):
        return None if value is None else _named(field.related_model, value)
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    try:
        return _encode(value)
    except TypeError:
        return str(value)


def _named(model: Any, key: Any) -> str:
    row = model._default_manager.filter(pk=key).first()
    return f"{row} ({key})" if row else f"({key})"
