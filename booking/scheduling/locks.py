"""Row locks: transactions that book time of the same practitioners or rooms run one after the other."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet

from booking import rate_limits
from booking.constraints import NoOverlap
from booking.models import Appointment, Location, Practitioner, Room
from booking.scheduling.exceptions import LostRace

# As in the error messages of both databases; SQLite names a partial unique index by its column.
_CONSTRAINT_NAMES = (
    *(constraint.name for constraint in Appointment._meta.constraints if isinstance(constraint, NoOverlap)),
    "appointment_one_choice_a_session",
    "booking_appointment.hold_key",
    "appointment_one_choice_a_start",
    "booking_appointment.series",
)


@contextmanager
def locked(
    practitioners: Iterable[int], location: Location, rate_limit_keys: Iterable[rate_limits.RateLimitKey | None] = ()
) -> Iterator[None]:
    """Open a transaction and lock these practitioners and the rooms of this location.

    ``rate_limit_keys`` also takes these advisory locks (see ``rate_limits.advisory_lock``). On PostgreSQL the
    lock order is fixed, to prevent deadlocks: practitioners, rooms, the advisory lock of a network, that of an e-mail
    address; rows in order of primary key. SQLite locks the whole database at BEGIN.
    """
    with locked_at(practitioners, [location], rate_limit_keys):
        yield


@contextmanager
def locked_at(
    practitioners: Iterable[int],
    locations: Iterable[Location],
    rate_limit_keys: Iterable[rate_limits.RateLimitKey | None] = (),
) -> Iterator[None]:
    """Like ``locked``, for time at several locations."""
    with transaction.atomic():
        _lock(Practitioner.objects.filter(pk__in=set(practitioners)))
        _lock(Room.objects.filter(location__in=list(locations)))
        for key in filter(None, rate_limit_keys):
            rate_limits.advisory_lock(*key)
        yield


@contextmanager
def practitioners_locked(practitioners: Iterable[int]) -> Iterator[None]:
    """Like ``locked``, without rooms: for commands that change when these practitioners can be seen."""
    with transaction.atomic():
        _lock(Practitioner.objects.filter(pk__in=set(practitioners)))
        yield


@contextmanager
def everything_locked() -> Iterator[None]:
    """Like ``locked``, for all practitioners and rooms, in the same lock order."""
    with transaction.atomic():
        _lock(Practitioner.objects.all())
        _lock(Room.objects.all())
        yield


def _lock(rows: QuerySet[Any]) -> None:
    """Lock these rows in order of primary key.

    A separate statement for each table: under READ COMMITTED, the queries that follow see what the previous
    owner of the lock committed. FOR NO KEY UPDATE does not block inserts of appointments that reference the row.
    """
    if connection.vendor == "postgresql":
        list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))


@contextmanager
def overlap_as_lost_race() -> Iterator[None]:
    """Convert a violated overlap constraint, or a session's second hold, to LostRace.

    The locks prevent this; the constraints are the second line of defence for code that bypasses them.
    """
    try:
        yield
    except (IntegrityError, OperationalError) as error:
        if any(name in str(error) for name in _CONSTRAINT_NAMES) or _is_deadlock_on_exclusion_constraint(error):
            raise LostRace from error
        raise


def _is_deadlock_on_exclusion_constraint(error: Exception) -> bool:
    """Whether PostgreSQL aborted this transaction because of a deadlock while checking an exclusion constraint.

    Two concurrent inserts of overlapping rows each wait for the other transaction to end.
    """
    diagnostics = getattr(error.__cause__, "diag", None)
    return diagnostics is not None and "exclusion constraint" in (diagnostics.context or "")
