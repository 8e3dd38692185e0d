"""Let one change at a time decide about a practitioner's and a room's time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

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
def locked(practitioners: Iterable[int], location: Location) -> Iterator[None]:
    """A transaction in which nobody else decides about these practitioners or this location's rooms.

    PostgreSQL locks their rows, always people before rooms and each in the order of their ids, so
    that two commands never wait for one another. SQLite has locked the whole database at BEGIN.
    """
    with transaction.atomic():
        _lock("SELECT id FROM booking_practitioner WHERE id IN (%(people)s)", people=sorted(set(practitioners)))
        _lock("SELECT id FROM booking_room WHERE location_id = %(place)s", place=location.pk)
        yield


@contextmanager
def everything_locked() -> Iterator[None]:
    """As ``locked``, for every practitioner and every room at once, and in the same order."""
    with transaction.atomic():
        _lock("SELECT id FROM booking_practitioner")
        _lock("SELECT id FROM booking_room")
        yield


def _lock(rows: str, **values: Any) -> None:
    """Lock rows in the order of their ids. An engine that knows no such lock has nothing to be asked for."""
    if connection.features.has_select_for_update:
        # NO KEY: an appointment that is being inserted only needs the row to go on existing.
        read(f"{rows} ORDER BY id FOR NO KEY UPDATE", **values)


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
