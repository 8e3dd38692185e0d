"""What the address of a page asks for: who, where, from which day, which time.

Every value comes from a link that anybody may have written. What cannot be read, or lies outside
the days that can be booked, raises BadAddress before any arithmetic is done with it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from booking.models import Location, Practitioner, Service
from booking.words import instant as instant_in_address

Thing = TypeVar("Thing", Practitioner, Location)

VISITS = {"new": True, "returning": False}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z", re.ASCII)


class BadAddress(ValueError):
    """An address that cannot be answered; ``message`` says why, to a person."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


@dataclass(frozen=True)
class Asked:
    """What was asked for; None where nothing was."""

    new_patient: bool | None = None
    practitioner: Practitioner | None = None
    location: Location | None = None
    from_on: date | None = None
    start: datetime | None = None


def read(query: QueryDict, *, people: Sequence[Practitioner], locations: Sequence[Location]) -> Asked:
    """Read an address; ``people`` and ``locations`` are those that may be asked for."""
    values = single_values(query, {"visit", "practitioner", "location", "from", "start"})
    return Asked(
        new_patient=visit(values.get("visit", "")),
        practitioner=_one(people, values.get("practitioner", ""), "We do not know this person, or not for this visit."),
        location=_one(locations, values.get("location", ""), "We do not know this place."),
        from_on=_day(values.get("from", "")),
        start=instant(values["start"]) if values.get("start") else None,
    )


def single_values(query: QueryDict, names: Collection[str]) -> dict[str, str]:
    """The values of these names, each said once; names we do not use are nobody's business."""
    for key in query:
        if key.split("[")[0] in names and (key not in names or len(query.getlist(key)) > 1):
            raise BadAddress("This address says the same thing twice, or in a way we do not know.")
    return {name: query.get(name, "") for name in names if name in query}


def visit(value: str) -> bool | None:
    """True for a first visit, False for somebody who has been here, None when nothing was said."""
    if value and value not in VISITS:
        raise BadAddress("This address does not say clearly whether it is a first visit.")
    return VISITS.get(value)


def instant(value: str) -> datetime:
    """An instant as our links write it: 2026-11-24T16:00Z."""
    if _INSTANT.fullmatch(value):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if 2000 <= found.year < 2200:
                return found.astimezone(UTC)
    raise BadAddress("This address holds a time that we cannot read.")


def start_with(value: str, people: Sequence[Practitioner]) -> tuple[datetime, Practitioner | None]:
    """A start, and the person chosen with it, as ``board.write_start`` writes them."""
    at, _, slug = value.partition(" ")
    return instant(at), _one(people, slug, "We do not know this person, or not for this visit.")


def check_day(day: date, *, today: date, horizon_days: int) -> None:
    """Raise BadAddress for a day before today or beyond the days that can be booked (R8)."""
    if day < today:
        raise BadAddress("The days you asked for have passed.", status=410)
    if day > today + timedelta(days=horizon_days):
        raise BadAddress(f"We take online bookings up to {horizon_days} days ahead. This is later.", status=404)


def times_url(service: Service, asked: Asked, **changes: date | datetime | str | None) -> str:
    """The times page's address for this search, with ``from``, ``start`` and the like changed.

    ``from_on`` stands for ``from``, which Python keeps for itself.
    """
    values: Mapping[str, object] = {
        "visit": write_visit(asked.new_patient),
        "practitioner": asked.practitioner and asked.practitioner.slug,
        "location": asked.location and asked.location.slug,
        "from": asked.from_on,
    }
    for name, value in changes.items():
        said = instant_in_address(value) if isinstance(value, datetime) else value
        values = {**values, "from" if name == "from_on" else name: said}
    query = urlencode({name: value for name, value in values.items() if value})
    return _path("booking:times", service.slug) + (f"?{query}" if query else "")


@lru_cache(maxsize=256)  # A page of times links to itself once for each person.
def _path(name: str, slug: str) -> str:
    return reverse(name, args=[slug])


def waitlist_url(service: Service, asked: Asked) -> str:
    """The address where somebody joins the waitlist, with what they have said so far."""
    _, _, query = times_url(service, asked).partition("?")
    return _path("booking:waitlist", service.slug) + (f"?{query}" if query else "")


def services_url(new_patient: bool | None) -> str:
    """The address of the page where a visit is chosen, with what was said about the first one."""
    said = write_visit(new_patient)
    return reverse("booking:services") + (f"?visit={said}" if said else "")


def write_visit(new_patient: bool | None) -> str:
    return "" if new_patient is None else "new" if new_patient else "returning"


def _one(things: Sequence[Thing], slug: str, otherwise: str) -> Thing | None:
    if not slug:
        return None
    for thing in things:
        if thing.slug == slug:
            return thing
    raise BadAddress(otherwise, status=404)


def _day(value: str) -> date | None:
    if not value:
        return None
    if _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise BadAddress("This address holds a date that we cannot read. A date looks like 2026-11-24.")
