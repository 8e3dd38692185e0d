"""Rows of several tables in one query, and queries whose words never change.

A page shows the clinic's name, its hours, some services and some people: a handful of rows from
many small tables. Asking each table by itself costs a trip to the database a table; here every
table gives its rows as JSON arrays, and one UNION brings them all. What comes back are the
models' own instances; fields that were not asked for are deferred, as with ``only()``.

Putting such a query together costs many times what it costs to run. So a ``Statement`` is put
together once a process: what differs from time to time is a ``Given`` in it. And its answer can be
compared before anything is made of it: the same rows mean the same objects, and the same page.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property, partial
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import (
    CharField,
    DateTimeField,
    DecimalField,
    DurationField,
    Expression,
    Field,
    ForeignKey,
    JSONField,
    Lookup,
    Model,
    QuerySet,
)
from django.db.models.functions import JSONArray
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True)
class Part:
    """Rows of one table: which fields of them (all if none are named), and what else to set on each row."""

    rows: QuerySet[Any]
    fields: Sequence[str] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def wanted(self) -> list[Field]:
        """In the model's own order, as ``from_db()`` takes them."""
        meta = self.rows.model._meta
        named = {meta.pk, *map(meta.get_field, self.fields)}
        return [f for f in meta.concrete_fields if f in named or not self.fields]


Row = tuple[str, str]  # The name of its part, and its cells as a JSON array.
Found = dict[str, list[Any]]


class Given(Expression):
    """The place of a value in a ``Statement``; the value itself is given whenever the statement is asked."""

    def __init__(self, name: str, output_field: Field) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class Word(Expression):
    """A word of ours that stands in the query itself.

    Where an index is for some rows only ("kind" = 'treatment'), SQLite has to see the word before it can
    choose the index. Of a word that is given beside the query it looks at each value anew, and puts the
    whole query together again each time: that takes longer than answering it.
    """

    def __init__(self, word: str) -> None:
        super().__init__(output_field=CharField())
        if not re.fullmatch(r"\w+", word, re.ASCII):
            raise ValueError(f"This is not one plain word: {word!r}")
        self.word = word

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return f"'{self.word}'", ()


@ForeignKey.register_lookup
@Field.register_lookup
class Among(Lookup):
    """``pk__among=Given(...)``: one of a list that may be of any length, so that the words stay the same."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sql, params = self.process_lhs(compiler, connection)
        is_one = "= ANY(%s)" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"
        return f"{sql} {is_one}", (*params, self.rhs)


class Statement:
    """One query for the rows of several tables, put together when it is first asked."""

    def __init__(self, parts: Callable[[], Mapping[str, Part | QuerySet[Any]]]) -> None:
        self._make_parts = parts
        self._parts: dict[str, Part] = {}
        self._sql = ""
        self._params: tuple[Any, ...] = ()

    def ask(self, **given: Any) -> tuple[Row, ...]:
        """The rows as they are told; no query where every part is empty."""
        if not self._parts:
            self._put_together()
        if not self._sql:
            return ()
        bound = {name: _bound(value) for name, value in given.items()}
        params = [bound[one.name] if isinstance(one, Given) else one for one in self._params]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            return tuple(cursor.fetchall())

    def found(self, rows: Iterable[Row]) -> Found:
        """What these rows are, by the name of their part, each in its model's own order."""
        found: Found = {name: [] for name in self._parts}
        for name, cells in rows:
            found[name].append(_instance(self._parts[name], json.loads(cells)))
        return {name: _in_order(self._parts[name].rows.model, instances) for name, instances in found.items()}

    def _put_together(self) -> None:
        parts = {name: part if isinstance(part, Part) else Part(part) for name, part in self._make_parts().items()}
        selects = [_select(name, part) for name, part in parts.items() if not part.rows.query.is_empty()]
        if selects:
            union = selects[0].union(*selects[1:], all=True)
            with suppress(EmptyResultSet):
                self._sql, self._params = union.query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        self._parts = parts


def fetch(**parts: Part | QuerySet[Any]) -> Found:
    """The rows of every part, by its name, each in its model's own order. One query, or none."""
    statement = Statement(lambda: parts)
    return statement.found(statement.ask())


def _bound(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    if isinstance(value, list):
        return value if connection.vendor == "postgresql" else json.dumps(value)
    return value


def _select(name: str, part: Part) -> Any:
    cells = [*(f.attname for f in part.wanted), *part.extras.values()]
    row = {"_part": Word(name), "_row": JSONArray(*cells)}
    return part.rows.order_by().annotate(**row).values_list("_part", "_row")


def _instance(part: Part, cells: list[Any]) -> Any:
    values = list(map(_value, part.wanted, cells))
    instance = part.rows.model.from_db(part.rows.db, [f.attname for f in part.wanted], values)
    for name, cell in zip(part.extras, cells[len(values) :], strict=True):
        setattr(instance, name, cell)
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


def _in_order(model: type[Model], rows: Iterable[Any]) -> list[Any]:
    """As ``Meta.ordering`` has it, where the fields that it names are here; what is empty counts as the least."""
    ordered = sorted(rows, key=lambda row: row.pk)
    fields = _ordering(model)
    if ordered and all(attname in ordered[0].__dict__ for attname, _ in fields):
        for attname, is_descending in reversed(fields):
            ordered.sort(key=partial(_place, attname), reverse=is_descending)
    return ordered


@cache
def _ordering(model: type[Model]) -> tuple[tuple[str, bool], ...]:
    """What orders its rows: the attribute, and whether the greatest comes first."""
    names = [name for name in model._meta.ordering or () if isinstance(name, str)]
    fields = [model._meta.pk if name.strip("-") == "pk" else model._meta.get_field(name.strip("-")) for name in names]
    return tuple((field.attname, name.startswith("-")) for field, name in zip(fields, names, strict=True))  # type: ignore[union-attr]


def _place(attname: str, row: Any) -> tuple[bool, Any]:
    """Nothing cannot be compared with anything: a day off has no beginning, and a day of other hours has."""
    value = row.__dict__[attname]
    return value is not None, value
