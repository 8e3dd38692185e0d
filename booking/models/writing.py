"""Store rows by statements that are put together once.

Django writes an INSERT or UPDATE anew for each row, which takes it several times as long as the
database takes to keep the row, and a booking stores eight. Here the words are kept for each
connection; the fields prepare their values as ever. Nobody is told by a signal, so a model that
somebody listens to is refused, as long as it is not saved in Django's own way.

``AtOnce`` stores several rows that belong together. PostgreSQL, to which each statement is a way
and back, gets them all in one; SQLite, which is no way off, one after the other.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection, connections, models
from django.db.models.signals import m2m_changed, post_save, pre_save


def insert(row: models.Model) -> None:
    """Store a new row; the database chooses its key."""
    _run(_insertion(row, Named()))


def insert_missing(rows: Sequence[models.Model]) -> None:
    """Store new rows of one model, except those that break a unique constraint: they are there already."""
    if rows:
        _run(_insertion_of_missing(rows, Named()))


def update(row: models.Model, *names: str) -> None:
    """Store these fields of a row that is there, and those that each change sets anew (``auto_now``)."""
    _run(_change(row, names, Named()))


class AtOnce:
    """Rows to be stored together, in a transaction: nothing is written before ``store()``.

    A new row may be pointed to, before it has a key, by those that are added after it. All are
    written as they are then, and none may be added twice.
    """

    def __init__(self) -> None:
        self._adding: list[Callable[[Named], _Step]] = []

    def insert(self, row: models.Model) -> None:
        self._adding.append(lambda named: _insertion(row, named))

    def insert_missing(self, rows: Iterable[models.Model]) -> None:
        if found := list(rows):
            self._adding.append(lambda named: _insertion_of_missing(found, named))

    def update(self, row: models.Model, *names: str) -> None:
        self._adding.append(lambda named: _change(row, names, named))

    def store(self) -> None:
        """Store them all. DoesNotExist when a row that was to be changed is not there any more."""
        if connection.vendor != "postgresql":
            for prepare in self._adding:
                _run(prepare(Named()))
            return
        named, steps = Named(), list[_Step]()
        for prepare in self._adding:
            step = prepare(named)
            if step.is_new:
                named.steps[id(step.row)] = f"step_{len(steps)}"
            steps.append(step)
        _run_together(steps)
        for row, attname, beside in named.pointing:
            setattr(row, attname, beside.pk)


@dataclass
class Named:
    """New rows, by Python's own number, with the name of the step that stores each; and who points to one of them."""

    steps: dict[int, str] = field(default_factory=dict)
    pointing: list[tuple[models.Model, str, models.Model]] = field(default_factory=list)


class _Step(NamedTuple):
    """One statement and its values; ``row`` is new, or has to be there, and is told by its key."""

    sql: str
    values: list[Any]
    row: models.Model | None = None
    is_new: bool = False


def _insertion(row: models.Model, named: Named) -> _Step:
    model = type(row)
    places, values = _cells(row, _all_but_the_key(model), named, adding=True)
    sql = _kept(("insert", model, places), lambda: f"{_insert_into(model, [places])} RETURNING {_key(model)}")
    return _Step(sql, values, row, is_new=True)


def _insertion_of_missing(rows: Sequence[models.Model], named: Named) -> _Step:
    model, fields = type(rows[0]), _all_but_the_key(type(rows[0]))
    cells = [_cells(row, fields, named, adding=True) for row in rows]
    places = tuple(found for found, _ in cells)
    sql = _kept(("missing", model, places), lambda: f"{_insert_into(model, places)} ON CONFLICT DO NOTHING")
    return _Step(sql, [value for _, values in cells for value in values])


def _change(row: models.Model, names: Sequence[str], named: Named) -> _Step:
    model = type(row)
    fields = [one for one in _all_but_the_key(model) if one.name in names or getattr(one, "auto_now", False)]
    places, values = _cells(row, fields, named, adding=False)
    sql = _kept(("update", model, names, places), lambda: _update_of(model, fields, places))
    return _Step(sql, [*values, row.pk], row)


def _cells(
    row: models.Model, fields: Sequence[Any], named: Named, *, adding: bool
) -> tuple[tuple[str, ...], list[Any]]:
    """What stands in the statement for each field, and the values: of a row without a key its step is asked."""
    places, values = [], []
    own_connection = connections[connection.alias]  # Else it would be looked up for each value.
    for column in fields:
        step = None
        if column.is_relation and getattr(row, column.attname) is None and column.is_cached(row):
            beside = column.get_cached_value(row)
            if beside is not None:
                setattr(row, column.attname, beside.pk)  # It may have been stored since it was put there.
                step = named.steps.get(id(beside))
                named.pointing.append((row, column.attname, beside))
        places.append(_key_from(column.related_model, step) if step else "%s")
        if not step:
            values.append(column.get_db_prep_save(column.pre_save(row, adding), own_connection))
    return tuple(places), values


def _run(step: _Step) -> None:
    with connection.cursor() as cursor:
        cursor.execute(step.sql, step.values)
        if step.row is not None:
            _tell(step, cursor.fetchone())


def _run_together(steps: Sequence[_Step]) -> None:
    """All in one statement, each under a name by which those that follow ask for its key."""
    named = ", ".join(f"step_{number} AS ({step.sql})" for number, step in enumerate(steps))
    told = {number: step for number, step in enumerate(steps) if step.row is not None}
    keys = ", ".join(_key_from(type(step.row), f"step_{number}") for number, step in told.items())
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} SELECT {keys}", [value for step in steps for value in step.values])
        for step, key in zip(told.values(), cursor.fetchone(), strict=True):
            _tell(step, None if key is None else (key,))


def _tell(step: _Step, stored: tuple[Any, ...] | None) -> None:
    row = step.row
    assert row is not None
    if stored is None:
        raise type(row).DoesNotExist(f"There is no {row._meta.verbose_name} {row.pk} any more.")  # type: ignore[attr-defined]
    if step.is_new:
        row.pk = stored[0]
        row._state.adding, row._state.db = False, connection.alias


def _kept(key: Any, write: Callable[[], str]) -> str:
    statements = connection.__dict__.setdefault("written_statements", {})
    if key not in statements:
        model = key[1]
        if any(signal.has_listeners(model) for signal in (pre_save, post_save, m2m_changed)):
            raise TypeError(f"Somebody listens to {model.__name__} being saved: store it in Django's own way.")
        statements[key] = write()
    sql: str = statements[key]
    return sql


def _insert_into(model: type[models.Model], rows: Sequence[Sequence[str]]) -> str:
    names = ", ".join(_quoted(field.column) for field in _all_but_the_key(model))
    values = ", ".join(f"({', '.join(places)})" for places in rows)
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) VALUES {values}"  # noqa: S608  # Names of ours alone.


def _update_of(model: type[models.Model], fields: Sequence[Any], places: Sequence[str]) -> str:
    changes = ", ".join(f"{_quoted(field.column)} = {place}" for field, place in zip(fields, places, strict=True))
    key = _key(model)
    return f"UPDATE {_quoted(model._meta.db_table)} SET {changes} WHERE {key} = %s RETURNING {key}"  # noqa: S608


def _all_but_the_key(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


def _key_from(model: Any, step: str) -> str:
    return f"(SELECT {_key(model)} FROM {step})"  # noqa: S608  # Names of ours alone.


def _key(model: type[models.Model]) -> str:
    return _quoted(str(model._meta.pk.column))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
