"""Tell a database that is away from one that cannot be written or is not migrated, without the error's text.

The text may hold values of a row, so it is only searched and never logged.
"""

import sqlite3

from django.db import DatabaseError, InterfaceError, OperationalError

FULL = "The disk of the database is full ({}). Make room: nothing can be booked or sent until then."
READ_ONLY = "The database cannot be written ({}): it, or its disk, is read-only, or the server is a standby."
NOT_MIGRATED = "The database lacks tables or columns of this release ({}). Run manage.py migrate."
OVERLOADED = "The database has no connection or memory left ({}). Lower the number of its clients, or raise its limits."
LOCKED = "The database is locked by another process ({}). Look for a long import or backup if this goes on."
AWAY = "The database does not answer ({}). Check that it runs."

_SQLSTATES = {
    "53100": FULL,
    "53200": OVERLOADED,
    "53300": OVERLOADED,
    "25006": READ_ONLY,
    "42P01": NOT_MIGRATED,
    "42703": NOT_MIGRATED,
    "40P01": LOCKED,
    "55P03": LOCKED,
}
_SQLITE_CODES = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
}
_IN_TEXT = {
    "no such table": NOT_MIGRATED,
    "no such column": NOT_MIGRATED,
    "has no column named": NOT_MIGRATED,
    "too many clients": OVERLOADED,  # While connecting, PostgreSQL's errors have no SQLSTATE in psycopg.
    "remaining connection slots": OVERLOADED,
    "too many connections": OVERLOADED,
}


def concerns_whole_database(error: Exception) -> bool:
    """Whether the database itself is the cause, and not one task: the other tasks would fail, too."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return isinstance(error, DatabaseError) and _cause(error) is not AWAY


def explain_database_error(error: Exception) -> str:
    """Return a sentence for the log: what is wrong and what to do."""
    return _cause(error).format(type(error).__name__)


def _cause(error: Exception) -> str:
    driver_error = error.__cause__ or error
    sqlstate = getattr(driver_error, "sqlstate", None)
    if sqlstate in _SQLSTATES:
        return _SQLSTATES[sqlstate]
    code = getattr(driver_error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _SQLITE_CODES:  # The low byte of an extended code is its kind.
        return _SQLITE_CODES[code & 0xFF]
    text = str(error) if isinstance(error, OperationalError) else ""  # Others quote what patients wrote.
    return next((cause for part, cause in _IN_TEXT.items() if part in text), AWAY)
