"""A connection that the server has closed is replaced before a request needs it; a quiet one costs no question."""

import pytest
from django.db import OperationalError, connection, connections

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="A file does not hang up."),
]


@pytest.fixture
def watched():
    """A connection of its own, between two requests."""
    made = connections.create_connection("default")
    made.settings_dict = made.settings_dict | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    made.ensure_connection()
    made.close_if_unusable_or_obsolete()
    yield made
    made.close()


def ask(watched):
    with watched.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def hang_up(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_connection_that_was_closed_is_replaced(watched):
    first = ask(watched)
    watched.close_if_unusable_or_obsolete()  # The next request begins.
    hang_up(first)
    assert ask(watched) != first


def test_a_connection_that_was_closed_within_a_request_is_an_error_and_replaced_for_the_next(watched):
    first = ask(watched)
    hang_up(first)
    with pytest.raises(OperationalError):
        ask(watched)
    watched.close_if_unusable_or_obsolete()
    assert ask(watched) != first


def test_a_quiet_connection_is_not_asked(watched, monkeypatch):
    ask(watched)
    watched.close_if_unusable_or_obsolete()
    asked, real = [], watched.connection.cursor
    monkeypatch.setattr(watched.connection, "cursor", lambda: asked.append("SELECT 1") or real())
    assert watched.is_usable()
    assert asked == []


def test_what_said_something_unasked_is_asked(watched):
    first = ask(watched)
    with watched.cursor() as cursor:
        cursor.execute("LISTEN news")
    watched.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY news")
    assert watched.is_usable()
    assert ask(watched) == first


def test_a_long_statement_with_many_values_is_translated_once(watched):
    from clinic.watched_postgresql.cursor import translated  # Needs the driver.

    query = f"SELECT {', '.join(['%s::int'] * 400)}"
    with watched.cursor() as cursor:
        cursor.execute(query, [1] * 400)
        misses = translated.cache_info().misses
        cursor.execute(query, [2] * 400)
        assert cursor.fetchone() == (2,) * 400
    assert translated.cache_info().misses == misses
