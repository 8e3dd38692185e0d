"""One row with all that belongs to it, by a query that is put together once.

Django writes a query anew each time it is asked. For a row that is read with four or five others
beside it, writing takes several times as long as the database takes to answer, and a booking reads
such rows again and again. Here the words are kept for each connection, and only the value changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class _Written:
    """A query as one connection has it, and how its cells become objects."""

    sql: str
    field: Any
    compiler: Any
    converters: Any
    names: list[str]
    columns: slice
    populators: list[Any]


class Prepared(Generic[Row]):
    """Rows of ``rows()``, found by one field that has no two alike.

    ``rows`` is asked when a connection first needs it, and must give the same query each time: no
    clock and no visitor in it. It may lock what it finds.
    """

    def __init__(self, rows: Callable[[], "models.QuerySet[Row]"], *, by: str) -> None:
        self.rows, self.by = rows, by

    def find(self, value: Any) -> Row | None:
        """The row with this value, or None."""
        written = self._written()
        sought = written.field.get_db_prep_value(value, connection)
        with connection.cursor() as cursor:
            cursor.execute(written.sql, (sought,))
            cells = cursor.fetchone()
        if cells is None:
            return None
        cells = next(written.compiler.apply_converters([cells], written.converters))
        found: Row = written.compiler.query.model.from_db(connection.alias, written.names, cells[written.columns])
        for populator in written.populators:
            populator.populate(cells, found)
        return found

    def get(self, value: Any) -> Row:
        """The row with this value, or the model's DoesNotExist."""
        found = self.find(value)
        if found is None:
            raise self._written().compiler.query.model.DoesNotExist
        return found

    def _written(self) -> _Written:
        kept = connection.__dict__.setdefault("prepared_queries", {})
        if self not in kept:
            kept[self] = self._write()
        written: _Written = kept[self]
        return written

    def _write(self) -> _Written:
        rows = self.rows()
        field = rows.model._meta.get_field(self.by)
        query = rows.filter(**{self.by: _anything(field)}).order_by().query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        assert len(params) == 1, "Such a query has one value, the one it is found by."
        info = compiler.klass_info
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        return _Written(
            sql=sql,
            field=field,
            compiler=compiler,
            converters=compiler.get_converters([column[0] for column in compiler.select]),
            names=[column[0].target.attname for column in compiler.select[columns]],
            columns=columns,
            populators=get_related_populators(info, compiler.select, connection.alias),  # type: ignore[call-arg]  # As in Django 5.2.
        )


def _anything(field: Any) -> Any:
    """A value that the field takes; what it is does not matter."""
    return "0" * 32 if isinstance(field, models.UUIDField) else 0
