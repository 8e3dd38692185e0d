"""Classify the database's errors by their code: which mean that the database itself is in trouble, and how.

For the site, which answers some with 503 (``clinic/ops/outages.py``), and for the worker, which tries again and says in
the log what to do (``booking/worker/database_errors.py``). An error's text may hold values of a row, so it is only
searched, and only where the driver gives no code.
"""

import sqlite3
from enum import Enum, auto

from django.db import DatabaseError, InterfaceError, OperationalError


class Cause(Enum):
    AWAY = auto()
    OVERLOADED = auto()
    FULL = auto()
    READ_ONLY = auto()
    LOCKED = auto()  # As a whole: SQLite has one lock for writing.
    CONFLICT = auto()  # A deadlock, or a lock on some rows or a table that was not given in time.
    NOT_MIGRATED = auto()


# PostgreSQL's error codes (SQLSTATE), by prefix: a longer prefix stands before a shorter one.
_POSTGRESQL = {
    "08": Cause.AWAY,  # Connection exception.
    "25006": Cause.READ_ONLY,  # A standby, or default_transaction_read_only.
    "40001": Cause.CONFLICT,  # Could not serialize.
    "40P01": Cause.CONFLICT,
    "42703": Cause.NOT_MIGRATED,
    "42P01": Cause.NOT_MIGRATED,
    "53100": Cause.FULL,
    "53": Cause.OVERLOADED,  # Insufficient resources: too many connections, out of memory.
    "55P03": Cause.CONFLICT,  # lock_timeout, NOWAIT.
    "57P": Cause.AWAY,  # Shutting down, starting up, or the connection was ended.
    "58": Cause.AWAY,  # System error, such as reading from the disk.
}
_SQLITE = {
    sqlite3.SQLITE_PERM: Cause.AWAY,
    sqlite3.SQLITE_BUSY: Cause.LOCKED,  # For longer than the timeout.
    sqlite3.SQLITE_LOCKED: Cause.CONFLICT,  # Within this process.
    sqlite3.SQLITE_READONLY: Cause.READ_ONLY,
    sqlite3.SQLITE_IOERR: Cause.AWAY,
    sqlite3.SQLITE_CORRUPT: Cause.AWAY,
    sqlite3.SQLITE_FULL: Cause.FULL,
    sqlite3.SQLITE_CANTOPEN: Cause.AWAY,
    sqlite3.SQLITE_PROTOCOL: Cause.AWAY,
    sqlite3.SQLITE_NOTADB: Cause.AWAY,
}
# SQLite's code for these is that of any bad SQL.
_IN_SQLITES_TEXT = ("no such table", "no such column", "has no column named")
# While connecting, PostgreSQL's errors have no SQLSTATE in psycopg.
_IN_POSTGRESQLS_TEXT = ("too many clients", "remaining connection slots", "too many connections")


def cause_of(error: BaseException | None) -> Cause | None:
    """Return what is wrong with the database, or None if the error is another one, such as a bug or a bad value."""
    if isinstance(error, InterfaceError):
        return Cause.AWAY
    if not isinstance(error, DatabaseError):
        return None
    driver_error = error.__cause__ or error
    if sqlstate := getattr(driver_error, "sqlstate", None):
        return next((cause for prefix, cause in _POSTGRESQL.items() if sqlstate.startswith(prefix)), None)
    if not isinstance(error, OperationalError):  # The texts of others quote what patients wrote.
        return _of_sqlite(driver_error, "")
    if hasattr(driver_error, "sqlite_errorcode"):
        return _of_sqlite(driver_error, str(error))
    return Cause.OVERLOADED if any(part in str(error) for part in _IN_POSTGRESQLS_TEXT) else Cause.AWAY


def _of_sqlite(driver_error: BaseException, text: str) -> Cause | None:
    if any(part in text for part in _IN_SQLITES_TEXT):
        return Cause.NOT_MIGRATED
    return _SQLITE.get(getattr(driver_error, "sqlite_errorcode", 0) & 0xFF)  # The low byte is the code's kind.
