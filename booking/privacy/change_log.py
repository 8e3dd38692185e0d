"""Write the change log: which values of a row were changed, and by whom, in the transaction that changes them.

A command or form takes ``values_of(row)`` before it changes the row, and calls ``log_changed`` after it has saved it.
Why explicitly: docs/decisions/change-log.md.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import CASCADE, Field, FileField, ForeignKey, ManyToManyField, Model, QuerySet
from django.utils import timezone

from booking.models import ChangeLogEntry, Patient

Action = ChangeLogEntry.Action
Values = dict[str, Any]
Change = tuple[Model, Values, Values]
BATCH = 500  # Rows of one INSERT.
_encode = DjangoJSONEncoder().default

# Secrets, and times that each change sets anyway.
NOT_LOGGED = {
    "auth.user.password",
    "auth.user.last_login",
    "booking.patientnote.updated_at",
    "booking.practitionerdraft.edited_at",
}


class ChangedBy(Protocol):
    """Who changes: ``booking.scheduling.Actor``, or anything else that has the same two attributes."""

    @property
    def kind(self) -> str: ...

    @property
    def user(self) -> Any: ...


def values_of(row: Model) -> Values:
    """The values of the row's editable fields, related rows by primary key.

    A relation through a model of its own is not among them: its rows are logged themselves.
    """
    values = {field.name: _value(field, row) for field in row._meta.concrete_fields if _is_logged(field)}
    if row.pk:
        for many in row._meta.many_to_many:
            if many.remote_field.through._meta.auto_created:  # type: ignore[union-attr]
                values[many.name] = sorted(related.pk for related in getattr(row, many.name).all())
    return values


def log_changed(
    actor: ChangedBy, row: Model, before: Values, *, reason: str = "", action: str = Action.CHANGED
) -> ChangeLogEntry | None:
    """Record the fields whose values differ from ``before``. None if there are none."""
    after = values_of(row)
    names = [name for name in after if after[name] != before.get(name)]
    if not names:
        return None
    return _write(actor, action, [(row, _part(before, names), _part(after, names))], reason)[0]


def log_added(actor: ChangedBy, row: Model) -> None:
    """Record a new row with its values, except empty ones."""
    log_added_rows(actor, [row])


def log_removed(actor: ChangedBy, row: Model) -> None:
    """Record the values of a row that is about to be deleted, except empty ones, and of those that go with it.

    Of a patient only the fact: the log would keep what nobody else keeps any more.
    """
    log_removed_rows(actor, [row])


def log_added_rows(actor: ChangedBy, rows: Iterable[Model]) -> None:
    """``log_added`` for many rows, with a query for each related model."""
    _write(actor, Action.ADDED, [(row, {}, _filled(values_of(row))) for row in rows])


def log_patients_without_values(actor: ChangedBy, patients: Iterable[Patient]) -> None:
    """Record new patients, but not what their rows say, as these may soon be deleted by the site itself."""
    _write(actor, Action.ADDED, [(patient, {}, {}) for patient in patients])


def log_removed_rows(actor: ChangedBy, rows: Iterable[Model]) -> None:
    """``log_removed`` for many rows."""
    going = [each for row in rows for each in (*_deleted_with(row), row)]
    _write(
        actor,
        Action.REMOVED,
        [(row, {} if isinstance(row, Patient) else _filled(values_of(row)), {}) for row in going],
    )


def log_values(
    actor: ChangedBy, row: Model, before: Values, after: Values, *, action: str = Action.CHANGED, reason: str = ""
) -> None:
    """Record values, as JSON holds them, that are no logged fields of the row: of a secret the fact, not the secret."""
    _write(actor, action, [(row, before, after)], reason)


def patients_with_values(patients: Iterable[int]) -> set[int]:
    """Those of these patients of whom the log holds values.

    Their rows are not simply deleted: without the row, nobody could export these values or dispose of them.
    """
    entries = ChangeLogEntry.objects.filter(patient__in=list(patients)).exclude(before={}, after={}).order_by()
    return set(entries.values_list("patient", flat=True))


def _write(actor: ChangedBy, action: str, changes: list[Change], reason: str = "") -> list[ChangeLogEntry]:
    now, names = timezone.now(), _names(changes)
    entries = []
    for row, before, after in changes:
        patient_id = row.pk if isinstance(row, Patient) else getattr(row, "patient_id", None)
        entries.append(
            ChangeLogEntry(
                at=now,
                actor_kind=actor.kind,
                actor=actor.user,
                action=action,
                model=row._meta.label_lower,
                object_id=str(row.pk),
                label="" if patient_id else str(row)[:200],
                patient_id=patient_id,
                before=_readable(row, before, names),
                after=_readable(row, after, names),
                reason=reason,
            )
        )
    return ChangeLogEntry.objects.bulk_create(entries, batch_size=BATCH)


def _value(field: Any, row: Model) -> Any:
    value = field.value_from_object(row)
    return str(value) if isinstance(field, FileField) else value


def _is_logged(field: "Field[Any, Any]") -> bool:
    is_named = f"{field.model._meta.label_lower}.{field.name}" in NOT_LOGGED
    return field.editable and not field.primary_key and not is_named


def _filled(values: Values) -> Values:
    return {name: value for name, value in values.items() if value not in ("", None, [], {})}


def _part(values: Values, names: list[str]) -> Values:
    return {name: values.get(name) for name in names}


def _deleted_with(row: Model) -> Iterable[Model]:
    """The rows that the database deletes with this one."""
    for relation in row._meta.related_objects:
        if relation.on_delete is CASCADE and not relation.related_model._meta.auto_created:
            for child in relation.related_model._base_manager.filter(**{relation.field.name: row}):
                yield from _deleted_with(child)
                yield child


# Values that JSON holds and people can read: related rows by their name and key, as of now.

_Names = dict[tuple[Any, Any], str]


def _names(changes: list[Change]) -> _Names:
    """The names of all related rows in these values. A query for each model."""
    keys: dict[Any, set[Any]] = defaultdict(set)
    for row, *sides in changes:
        for values in sides:
            for name, value in values.items():
                if (model := _related_model(row, name)) and value is not None:
                    keys[model] |= set(value) if isinstance(value, list) else {value}
    return {
        (model, key): str(related)
        for model, found in keys.items()
        for key, related in _with_relations(model).in_bulk(found).items()
    }


def _with_relations(model: Any) -> QuerySet[Any]:
    """All rows, with those that they always refer to, whose names may be part of theirs."""
    relations = [field.name for field in model._meta.concrete_fields if field.many_to_one and not field.null]
    rows: QuerySet[Any] = model._default_manager.all()
    return rows.select_related(*relations) if relations else rows


def _readable(row: Model, values: Values, names: _Names) -> Values:
    return {name: _shown(value, _related_model(row, name), names) for name, value in values.items()}


def _shown(value: Any, related: Any, names: _Names) -> Any:
    if isinstance(value, list):
        return [_shown(item, related, names) for item in value]
    if related and value is not None:
        return f"{names[related, value]} ({value})" if (related, value) in names else f"({value})"
    if value is None or isinstance(value, bool | int | float | str | dict):
        return value
    try:
        return _encode(value)
    except TypeError:
        return str(value)


def _related_model(row: Model, name: str) -> Any:
    """The model that this field refers to; None for others, and for a name that is no field."""
    fields = {field.name: field for field in (*row._meta.concrete_fields, *row._meta.many_to_many)}
    field = fields.get(name)
    return field.related_model if isinstance(field, ForeignKey | ManyToManyField) else None
