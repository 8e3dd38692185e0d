"""Let one change at a time decide about a practitioner's and a room's time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction

from booking.models import Location, Practitioner, Room


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
