"""Django's PostgreSQL, asked in as few steps as it can be, which sees by itself whether the server has gone.

A connection lives for many requests, and the server may have been started anew since the last one.
Django asks ``SELECT 1`` before each request that uses it, and that costs a way to the server and
back. But the system knows already: a connection that the other side has closed can be read, and
one that waits for our next question has nothing to read. Only what has something to say is asked.
"""

import select
from typing import Any

from django.db.backends.postgresql import base

from clinic.watched_postgresql.cursor import Cursor
from clinic.watched_postgresql.planned import Planned, Row


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        self.planned = Planned(connection)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        if name:  # A cursor that the server holds, for rows that are too many for the memory.
            return super().create_cursor(name)
        return Cursor(self.connection, self.planned, super().create_cursor)

    def ask_at_once(self, sql: str) -> list[Row]:
        """The rows of a query without values. Nobody looks first whether the server is there: an error says so."""
        self.ensure_connection()
        with self.wrap_database_errors:
            return self.planned.rows(self.planned.ask(sql.encode()))

    def is_usable(self) -> bool:
        """Whether the connection can be used. After an error, or when something came unasked, the server says so."""
        if self.connection is not None and not self.errors_occurred and _is_quiet(self.connection):
            return True
        return bool(super().is_usable())


def _is_quiet(connection: Any) -> bool:
    if connection.closed:
        return False
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLPRI)  # Errors and hang-ups are told anyway.
    return not waiting.poll(0)
