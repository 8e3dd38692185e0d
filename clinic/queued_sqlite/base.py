"""Django's SQLite, with a queue before its one writer.

SQLite lets one connection write at a time. Who finds it taken sleeps and tries again, longer each
time (up to a tenth of a second), and whoever happens to wake first goes next: the more wait, the
longer the unlucky ones do. Here writers of all threads and processes wait in line for a lock of the
operating system's, which wakes them at once. SQLite's own lock still stands behind it and decides:
programs that do not queue are as safe as ever, and only less polite.

The line is a file beside the database. A lock on it ends with its process, whatever happens to that.
"""

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.creation import DatabaseCreation

_THREADS: defaultdict[str, Lock] = defaultdict(Lock)  # by the line's path
_NORMAL = 1  # as SQLite counts the values of synchronous
_WRITES = {"INSERT", "UPDATE", "DELETE", "REPLAC"}  # as far as six letters tell


class _Cursor(base.SQLiteCursorWrapper):
    """Statements that write are a transaction of their own when they stand alone."""

    wrapper: "DatabaseWrapper"

    def execute(self, query: str, params: Any = None) -> Any:
        if self.wrapper.in_atomic_block or query.lstrip()[:6].upper() not in _WRITES:
            return super().execute(query, params)
        with self.wrapper.turn:
            return super().execute(query, params)

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        """Django's "%s" as SQLite's "?". The same words come again and again, and a page's are thousands of letters."""
        if param_names is not None:
            return super().convert_query(query, param_names=param_names)  # type: ignore[no-any-return]
        return _with_question_marks(query)


@lru_cache(maxsize=256)
def _with_question_marks(query: str) -> str:
    return str(base.FORMAT_QMARK_REGEX.sub("?", query)).replace("%%", "%")


class _Turn:
    """One connection's place in the line; without a path there is none, and every turn is ours."""

    def __init__(self, path: str, patience: float) -> None:
        self._path, self._patience = path, patience
        self._file = -1
        self._is_ours = False

    def __enter__(self) -> None:
        self.wait()

    def __exit__(self, *exc_info: object) -> None:
        self.end()

    def wait(self) -> None:
        """First for the threads of this process, as long as SQLite itself would; then for other processes."""
        if self._is_ours or not self._path:
            return
        if not _THREADS[self._path].acquire(timeout=self._patience):
            raise OperationalError("database is locked: another thread of this process writes all the time")
        try:
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            _THREADS[self._path].release()
            raise
        self._is_ours = True

    def end(self) -> None:
        if self._is_ours:
            self._is_ours = False
            fcntl.flock(self._file, fcntl.LOCK_UN)
            _THREADS[self._path].release()

    def leave(self) -> None:
        self.end()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class _Creation(DatabaseCreation):
    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        super()._destroy_test_db(test_database_name, verbosity)  # type: ignore[misc]
        Path(f"{test_database_name}-queue").unlink(missing_ok=True)


class DatabaseWrapper(base.DatabaseWrapper):
    creation_class = _Creation

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.turn = _Turn("", 0)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self.turn.leave()
        path = "" if self.is_in_memory_db() else f"{conn_params['database']}-queue"
        self.turn = _Turn(path, conn_params.get("timeout", 5))  # Python's own patience, if none is told.
        return super().get_new_connection(conn_params)

    @contextmanager
    def unsynced(self) -> Iterator[None]:
        """Inside, a transaction ends when the system has it: SQLite waits for the disk only with synchronous=FULL.

        Transactions stay in their order, so a power cut takes the last ones at most, and with WAL
        (sqlite.org/pragma.html#pragma_synchronous) the file stays whole. A transaction that is under
        way goes on as it began.
        """
        self.ensure_connection()
        ask = self.connection.execute  # Not by a cursor of Django's: this is no query of anybody's.
        before = ask("PRAGMA synchronous").fetchone()[0]
        if self.in_atomic_block or before <= _NORMAL:
            yield
            return
        ask(f"PRAGMA synchronous = {_NORMAL}")
        try:
            yield
        finally:
            ask(f"PRAGMA synchronous = {before}")

    def ask_at_once(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query without values, without what Django does around one."""
        self.ensure_connection()
        with self.wrap_database_errors:
            rows: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return rows

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = self.connection.cursor(factory=_Cursor)
        cursor.wrapper = self
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        self.turn.wait()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self.turn.end()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self.turn.end()  # Not before: until then, and if it fails until the rollback, SQLite's own lock is ours.

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self.turn.end()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self.turn.leave()
