"""Store rows by statements that are put together once.

Django writes an INSERT or UPDATE anew for each row, which takes it several times as long as the
database takes to keep the row, and a booking stores eight. Here the words are kept for each
connection; the fields prepare their values as ever. Nobody is told by a signal, so a model that
somebody listens to is refused, as long as it is not saved in Django's own way.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.signals import m2m_changed, post_save, pre_save


def insert(row: models.Model) -> None:
    """Store a new row; the database chooses its key."""
    sql = _kept(("insert", type(row)), lambda: f"{_insert_into(type(row), 1)} RETURNING {_key(type(row))}")
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(row, _all_but_the_key(type(row)), adding=True))
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias


def insert_missing(rows: Sequence[models.Model]) -> None:
    """Store new rows of one model, except those that break a unique constraint: they are there already."""
    if not rows:
        return
    model, number = type(rows[0]), len(rows)
    sql = _kept(("missing", model, number), lambda: f"{_insert_into(model, number)} ON CONFLICT DO NOTHING")
    fields = _all_but_the_key(model)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in _values(row, fields, adding=True)])


def update(row: models.Model, *names: str) -> None:
    """Store these fields of a row that is there, and those that each change sets anew (``auto_now``)."""
    model = type(row)
    fields = [field for field in _all_but_the_key(model) if field.name in names or getattr(field, "auto_now", False)]
    sql = _kept(("update", model, names), lambda: _update_of(model, fields))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_values(row, fields, adding=False), row.pk])
        if cursor.rowcount != 1:
            raise model.DoesNotExist(f"There is no {model._meta.verbose_name} {row.pk} any more.")  # type: ignore[attr-defined]


def _kept(key: Any, write: Callable[[], str]) -> str:
    statements = connection.__dict__.setdefault("written_statements", {})
    if key not in statements:
        model = key[1]
        if any(signal.has_listeners(model) for signal in (pre_save, post_save, m2m_changed)):
            raise TypeError(f"Somebody listens to {model.__name__} being saved: store it in Django's own way.")
        statements[key] = write()
    sql: str = statements[key]
    return sql


def _insert_into(model: type[models.Model], number: int) -> str:
    fields = _all_but_the_key(model)
    names = ", ".join(_quoted(field.column) for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) VALUES {', '.join([row] * number)}"  # noqa: S608  # Names of ours alone.


def _update_of(model: type[models.Model], fields: Sequence[Any]) -> str:
    changes = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    return f"UPDATE {_quoted(model._meta.db_table)} SET {changes} WHERE {_key(model)} = %s"  # noqa: S608


def _all_but_the_key(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


def _values(row: models.Model, fields: Sequence[Any], *, adding: bool) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, adding), connection) for field in fields]


def _key(model: type[models.Model]) -> str:
    return _quoted(str(model._meta.pk.column))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
