"""Connections persist across requests; one that the server has closed is replaced before the next request."""

import pytest
from django.db import OperationalError, connection, connections

from clinic.ops import environment

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="A file is never disconnected."),
]


@pytest.fixture
def persistent():
    """A separate connection with the site's settings, in the state at the start of a request."""
    new_connection = connections.create_connection("default")
    config = environment.database(None, {"DATABASE_URL": "postgres://db.example/clinic"})
    new_connection.settings_dict = new_connection.settings_dict | {
        name: config[name] for name in ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS")
    }
    new_connection.ensure_connection()
    new_connection.close_if_unusable_or_obsolete()
    yield new_connection
    new_connection.close()


def backend_pid(new_connection):
    with new_connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def terminate(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_the_next_request_has_the_same_connection(persistent):
    first = backend_pid(persistent)
    persistent.close_if_unusable_or_obsolete()
    assert backend_pid(persistent) == first


def test_a_connection_that_was_closed_between_requests_is_replaced(persistent):
    first = backend_pid(persistent)
    persistent.close_if_unusable_or_obsolete()  # As at the start of the next request.
    terminate(first)
    assert backend_pid(persistent) != first


def test_a_connection_that_was_closed_within_a_request_is_an_error_and_replaced_for_the_next(persistent):
    first = backend_pid(persistent)
    terminate(first)
    with pytest.raises(OperationalError):
        backend_pid(persistent)
    persistent.close_if_unusable_or_obsolete()
    assert backend_pid(persistent) != first
