"""Django's sessions in the database, each read and stored by one short statement.

Django's own store puts a query together anew each time, first looks whether a new name is taken, and
wraps it all in transactions. What is kept, and how it is signed, is Django's still.
"""

from typing import Any

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection
from django.utils import timezone
from django.utils.crypto import get_random_string

from booking.lasting import need_not_last

_LOAD = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"
_CREATE = """
    INSERT INTO django_session (session_data, expire_date, session_key) VALUES (%s, %s, %s)
    ON CONFLICT (session_key) DO NOTHING
"""
_UPDATE = "UPDATE django_session SET session_data = %s, expire_date = %s WHERE session_key = %s"


class SessionStore(DatabaseStore):
    """Named in SESSION_ENGINE."""

    def load(self) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(_LOAD, [self.session_key, connection.ops.adapt_datetimefield_value(timezone.now())])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
        return self.decode(row[0]) if row else {}

    def _get_new_session_key(self) -> str:
        return get_random_string(32, VALID_KEY_CHARS)  # Whether it is new, the database says when it is stored.

    def save(self, must_create: bool = False) -> None:
        """Store what it holds. A session that somebody has ended meanwhile is not brought back: UpdateError."""
        if self.session_key is None:
            self.create()  # It finds a name, and comes here again.
            return
        kept = self.encode(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        ends_at = connection.ops.adapt_datetimefield_value(self.get_expiry_date())
        with need_not_last(), connection.cursor() as cursor:
            cursor.execute(_CREATE if must_create else _UPDATE, [kept, ends_at, self.session_key])
            if not cursor.rowcount:
                raise CreateError if must_create else UpdateError
