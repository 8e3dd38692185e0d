"""A cursor that puts what it can to the server in one call (``planned.py``), and leaves the rest to psycopg."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from psycopg import ProgrammingError
from psycopg.pq import ExecStatus, TransactionStatus

from clinic.watched_postgresql.planned import Planned, Row

_IS_QUESTION = re.compile(r"[\s(]*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_CHANGES_TABLES = re.compile(r"\s*(ALTER|DROP|DISCARD)\b", re.IGNORECASE)
_PERCENT = re.compile(r"%(?:\((\w+)\)s|.|$)", re.DOTALL)


class Column(NamedTuple):
    """What DB-API 2.0 tells of a column, as far as an answer knows it."""

    name: str
    type_code: int
    display_size: int | None = None
    internal_size: int | None = None
    precision: int | None = None
    scale: int | None = None
    null_ok: bool | None = None


class Translated(NamedTuple):
    """A query in the server's own words, and what its values are: their names, or how many."""

    words: bytes
    names: tuple[str, ...]
    number: int

    def values(self, params: Any) -> Sequence[Any] | None:
        """The values in their order; None where they do not fit, so that psycopg says why."""
        if self.names:
            fits = isinstance(params, dict) and all(name in params for name in self.names)
            return [params[name] for name in self.names] if fits else None
        params = () if params is None else params
        return params if isinstance(params, (list, tuple)) and len(params) == self.number else None


class Cursor:
    """psycopg's cursor ``real()``, made only when it is needed."""

    def __init__(self, connection: Any, planned: Planned, make_real: Any) -> None:
        self.connection = connection
        self._planned = planned
        self._make_real = make_real
        self._real: Any = None
        self._answer: Any = None  # Of the last query, if it was asked in one call.
        self._rows: Iterator[Row] = iter(())

    def execute(self, query: Any, params: Any = None) -> Any:
        self._answer = None
        found = translated(query, params is not None) if isinstance(query, str) else None
        values = found.values(params) if found else None
        if found and values is not None and self._made_ready():
            self._answer = self._planned.ask(found.words, values)
            self._rows = iter(self._planned.rows(self._answer))
            return self
        self.real().execute(query, params)
        if isinstance(query, str) and _CHANGES_TABLES.match(query):
            self._planned.forget()
        return self

    def executemany(self, query: Any, params: Any) -> None:
        self._answer = None
        self.real().executemany(query, params)

    def fetchone(self) -> Row | None:
        return next(self, None)

    def fetchmany(self, size: int = 1) -> list[Row]:
        return list(islice(self, size))

    def fetchall(self) -> list[Row]:
        return list(self)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        if self._answer is None:
            row: Row | None = self.real().fetchone()
            if row is None:
                raise StopIteration
            return row
        if self._answer.status != ExecStatus.TUPLES_OK:
            raise ProgrammingError("The last query has no rows to give.")
        return next(self._rows)

    @property
    def rowcount(self) -> int:
        """How many rows were given or changed."""
        if self._answer is None:
            return int(self.real().rowcount)
        has_rows = self._answer.status == ExecStatus.TUPLES_OK
        return int(self._answer.ntuples if has_rows else self._answer.command_tuples or 0)

    @property
    def description(self) -> Any:
        answer = self._answer
        if answer is None:
            return self.real().description
        return [Column(answer.fname(at).decode(), answer.ftype(at)) for at in range(answer.nfields)] or None

    def close(self) -> None:
        if self._real is not None:
            self._real.close()

    def real(self) -> Any:
        if self._real is None:
            self._real = self._make_real()
        return self._real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real(), name)

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def _made_ready(self) -> bool:
        """Whether a question can be put now; begins the transaction that it is the first of.

        psycopg complains of a broken transaction, and begins those of a special kind.
        """
        connection = self.connection
        if connection.closed:
            return False
        status = connection.pgconn.transaction_status
        if status == TransactionStatus.IDLE and not connection.autocommit:
            special = (connection.isolation_level, connection.read_only, connection.deferrable)
            return special == (None, None, None) and self._planned.begin()
        return status in {TransactionStatus.IDLE, TransactionStatus.INTRANS}


@lru_cache(maxsize=1024)
def translated(query: str, has_values: bool) -> Translated | None:
    """``%s`` and ``%(name)s`` as ``$1``, ``$2``; None for what psycopg had better ask."""
    if not _IS_QUESTION.match(query):
        return None
    names: list[str] = []
    number = 0

    def place(found: re.Match[str]) -> str:
        nonlocal number
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            number += 1
            return f"${number}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    if not has_values:
        return Translated(query.encode(), (), 0)
    is_known = all(found[1] or found[0] in {"%%", "%s"} for found in _PERCENT.finditer(query))
    words = _PERCENT.sub(place, query)
    return Translated(words.encode(), tuple(names), number) if is_known and not (names and number) else None
