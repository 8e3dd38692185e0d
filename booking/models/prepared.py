"""One row with all that belongs to it, by a query that is put together once.

Django writes a query anew each time it is asked. For a row that is read with four or five others
beside it, writing takes several times as long as the database takes to answer, and a booking reads
such rows again and again. Here the words are kept for each connection, and only the value changes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState
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
    beside: "list[_Beside]"


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
        own = next(written.compiler.apply_converters([cells[written.columns]], written.converters))
        found: Row = written.compiler.query.model.from_db(connection.alias, written.names, own)
        for beside in written.beside:
            beside.put(cells, found)
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
            converters=compiler.get_converters([column[0] for column in compiler.select[columns]]),
            names=[column[0].target.attname for column in compiler.select[columns]],
            columns=columns,
            beside=[_Beside(compiler, one) for one in get_related_populators(info, compiler.select, connection.alias)],  # type: ignore[call-arg]  # As in Django 5.2.
        )


class _Beside:
    """Rows of one related model: the same service and the same person stand beside visit after visit.

    The same cells mean the same values, so they are made into a row once, and each visit gets a copy:
    what is changed on it, or read through it, is nobody else's.
    """

    def __init__(self, compiler: Any, populator: Any) -> None:
        if populator.related_populators or populator.reorder_for_init:
            raise TypeError("Only what a row points to itself can stand beside it.")
        self.compiler, self.populator = compiler, populator
        self.columns = slice(populator.cols_start, populator.cols_end)
        self.converters = compiler.get_converters([column[0] for column in compiler.select[self.columns]])
        self.made_of = lru_cache(maxsize=64)(self._made_of)

    def put(self, cells: Sequence[Any], row: models.Model) -> None:
        own = tuple(cells[self.columns])
        known = None if own[self.populator.pk_idx] is None else self.made_of(own)
        self.populator.local_setter(row, known and _copy(known))

    def _made_of(self, own: tuple[Any, ...]) -> models.Model:
        values = next(self.compiler.apply_converters([own], self.converters))
        made: models.Model = self.populator.model_cls.from_db(connection.alias, self.populator.init_list, values)
        return made


def _copy(row: models.Model) -> models.Model:
    made = row.__class__.__new__(row.__class__)
    made.__dict__.update(row.__dict__)
    made._state = ModelState()
    made._state.adding, made._state.db = False, row._state.db
    return made


def _anything(field: Any) -> Any:
    """A value that the field takes; what it is does not matter."""
    return "0" * 32 if isinstance(field, models.UUIDField) else 0
