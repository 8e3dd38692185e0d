"""Let one change at a time decide about a practitioner's and a room's time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

from booking import limits
from booking.constraints import NoOverlap
from booking.models import Appointment, Location
from booking.scheduling.refusals import Lost
from booking.scheduling.rows import read

# How the two engines name what was refused; SQLite names a partial unique index by its column.
_GUARDS = (
    *(guard.name for guard in Appointment._meta.constraints if isinstance(guard, NoOverlap)),
    "appointment_one_hold_a_session",
    "booking_appointment.hold_key",
)


@contextmanager
def locked(practitioners: Iterable[int], location: Location, turn: limits.Use | None = None) -> Iterator[None]:
    """A transaction in which nobody else decides about these practitioners or this location's rooms.

    Nor about what ``turn`` names, as ``limits.one_at_a_time`` does. PostgreSQL locks the rows, always
    people before rooms before a turn and each in the order of their ids, so that two commands never
    wait for one another. SQLite has locked the whole database at BEGIN.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            rows: list[Any] = [sorted(set(practitioners)), location.pk]
            with connection.cursor() as cursor:
                if turn:
                    cursor.execute(_LOCK + _AND_TAKE_TURN, [*rows, limits.turn_of(*turn)])
                else:
                    cursor.execute(_LOCK + _AND_THAT_IS_ALL, rows)
        yield


# One way to the server for all of them, and each waits for the count of those before it: that is the order.
# What is decided about is read afterwards, by statements that see what was there when the locks came free.
# NO KEY: an appointment that is being inserted only needs the row to go on existing.
_LOCK = """
    WITH people AS MATERIALIZED (
        SELECT id FROM booking_practitioner WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
    ), rooms AS MATERIALIZED (
        SELECT id FROM booking_room WHERE location_id = %s AND (SELECT count(*) FROM people) >= 0
        ORDER BY id FOR NO KEY UPDATE
    )
"""
_AND_TAKE_TURN = "SELECT pg_advisory_xact_lock(%s) FROM (SELECT count(*) FROM rooms) AS locked"
_AND_THAT_IS_ALL = "SELECT count(*) FROM rooms"


@contextmanager
def everything_locked() -> Iterator[None]:
    """As ``locked``, for every practitioner and every room at once, and in the same order."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            read("SELECT id FROM booking_practitioner ORDER BY id FOR NO KEY UPDATE")
            read("SELECT id FROM booking_room ORDER BY id FOR NO KEY UPDATE")
        yield


@contextmanager
def overlaps_lost() -> Iterator[None]:
    """Turn the database's own refusal of an overlap, or of a session's second hold, into Lost.

    The lock lets nobody come this far; the guard stands for the day when something goes around it.
    """
    try:
        yield
    except (IntegrityError, OperationalError) as problem:
        if any(guard in str(problem) for guard in _GUARDS) or _is_standoff(problem):
            raise Lost from problem
        raise


def _is_standoff(problem: Exception) -> bool:
    """Whether two rows of one time came in at one instant, and PostgreSQL let one of them through.

    Each waits for the other's end to know whether it may stand, which the server ends as a deadlock.
    """
    diagnosis = getattr(problem.__cause__, "diag", None)
    return diagnosis is not None and "exclusion constraint" in (diagnosis.context or "")
