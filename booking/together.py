"""Rows of several tables in one query.

A page shows the clinic's name, its hours, some services and some people: a handful of rows from
many small tables. Asking each table by itself costs a trip to the database a table; here every
table gives its rows as JSON objects, and one UNION brings them all. What comes back are the
models' own instances; fields that were not asked for are deferred, as with ``only()``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import CharField, DateTimeField, DecimalField, DurationField, Field, JSONField, QuerySet, Value
from django.db.models.functions import JSONObject
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True)
class Part:
    """Rows of one table: which fields of them (all if none are named), and what else to set on each row."""

    rows: QuerySet[Any]
    fields: Sequence[str] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wanted(self) -> list[Field]:
        meta = self.rows.model._meta
        if not self.fields:
            return list(meta.concrete_fields)
        return [meta.pk, *(meta.get_field(name) for name in self.fields)]


def fetch(**parts: Part | QuerySet[Any]) -> dict[str, list[Any]]:
    """The rows of every part, by its name, each in its model's own order. One query, or none."""
    whole = {name: part if isinstance(part, Part) else Part(part) for name, part in parts.items()}
    found: dict[str, list[Any]] = {name: [] for name in whole}
    selects = [_select(name, part) for name, part in whole.items() if not part.rows.query.is_empty()]
    if selects:
        for name, cells in selects[0].union(*selects[1:], all=True):
            found[name].append(_instance(whole[name], cells))
    return {name: sorted(rows, key=_place) for name, rows in found.items()}


def _select(name: str, part: Part) -> Any:
    cells = {f.attname: f.attname for f in part.wanted} | {f"+{key}": value for key, value in part.extras.items()}
    row = {"_part": Value(name, output_field=CharField()), "_row": JSONObject(**cells)}
    return part.rows.order_by().annotate(**row).values_list("_part", "_row")


def _instance(part: Part, cells: dict[str, Any]) -> Any:
    values = {f.attname: _value(f, cells[f.attname]) for f in part.wanted}
    # from_db() takes the fields in the model's own order.
    names = [f.attname for f in part.rows.model._meta.concrete_fields if f.attname in values]
    instance = part.rows.model.from_db(part.rows.db, names, [values[name] for name in names])
    for key in part.extras:
        setattr(instance, key, cells[f"+{key}"])
    return instance


def _value(f: Field, raw: Any) -> Any:
    """What the field holds: JSON knows neither dates nor decimals, and each database writes them its own way."""
    if raw is None:
        return None
    if isinstance(f, DurationField) and isinstance(raw, int):
        return timedelta(microseconds=raw)
    if isinstance(f, DecimalField):
        return Decimal(str(raw)).quantize(Decimal(1).scaleb(-f.decimal_places))
    if isinstance(f, DateTimeField):
        return instant(raw)
    if isinstance(f, JSONField):
        return json.loads(raw) if isinstance(raw, str) else raw
    return f.to_python(raw)


def instant(raw: str) -> datetime:
    """An instant as a database writes it into JSON; SQLite's, which names no zone, is UTC."""
    at = parse_datetime(raw)
    if at is None:
        raise ValueError(f"This is not an instant: {raw}")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _place(row: Any) -> tuple[Any, ...]:
    """As ``Meta.ordering`` has it, where the fields that it names are here."""
    names = [name for name in row._meta.ordering if isinstance(name, str) and not name.startswith("-")]
    attnames = [row._meta.get_field(name).attname for name in names]
    here = [row.__dict__[name] for name in attnames if name in row.__dict__]
    return (*here, row.pk) if len(here) == len(attnames) else (row.pk,)
