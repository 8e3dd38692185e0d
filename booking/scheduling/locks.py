"""Let one change at a time decide about a practitioner's and a room's time."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from booking.constraints import NoOverlap
from booking.models import Appointment, Location, Practitioner, Room

_GUARDS = tuple(guard.name for guard in Appointment._meta.constraints if isinstance(guard, NoOverlap))


@contextmanager
def locked(practitioners: Iterable[int], location: Location) -> Iterator[None]:
    """A transaction in which nobody else decides about these practitioners or this location's rooms.

    PostgreSQL locks their rows, always people before rooms and each in the order of their ids, so
    that two commands never wait for one another. SQLite has locked the whole database at BEGIN.
    """
    with transaction.atomic():
        # NO KEY: an appointment that is being inserted only needs the row to go on existing.
        people = Practitioner.objects.select_for_update(no_key=True).filter(pk__in=set(practitioners)).order_by("pk")
        list(people.values_list("pk"))
        rooms = Room.objects.select_for_update(no_key=True).filter(location=location).order_by("pk")
        list(rooms.values_list("pk"))
        yield


@contextmanager
def overlaps_refused(refusal: Callable[[], Exception]) -> Iterator[None]:
    """Turn the database's own refusal of an overlap into an answer for a person.

    The lock lets nobody come this far; the guard stands for the day when something goes around it.
    """
    try:
        yield
    except IntegrityError as problem:
        if any(guard in str(problem) for guard in _GUARDS):
            raise refusal() from problem
        raise
