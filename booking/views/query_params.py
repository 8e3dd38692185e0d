"""Parse and build the query parameters of the booking pages.

Parameters are untrusted. A value that is malformed or outside the booking horizon raises InvalidParams before it is
used in any date arithmetic.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from booking.formatting import instant as format_instant
from booking.models import Location, PartOfDay, Practitioner, Service
from booking.statistics.pages import published_name

RowT = TypeVar("RowT", Practitioner, Location)

VISITS = {"new": True, "returning": False}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z", re.ASCII)


class InvalidParams(ValueError):
    """Raised for query parameters that cannot be used; ``message`` is shown to the visitor."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


@dataclass(frozen=True)
class SearchParams:
    """The parsed query parameters; None for each that is absent."""

    new_patient: bool | None = None
    practitioner: Practitioner | None = None
    location: Location | None = None
    day: date | None = None
    start: datetime | None = None
    part: str = ""  # A ``PartOfDay``.
    language: str = ""
    came_from: str = ""  # The name of the published page whose link led here.
    several: bool = False  # Whether several times are chosen, to be booked in one go.


def parse_search_params(
    query: QueryDict, *, people: Sequence[Practitioner], locations: Sequence[Location]
) -> SearchParams:
    """Parse a query string; ``people`` and ``locations`` are the allowed choices."""
    names = {"visit", "practitioner", "location", "day", "from", "start", "part", "language", "several"}
    values = single_values(query, names)
    # Until 2026 the day was called "from", and links in e-mails still say so. Now it is the page that led here.
    dated = values.get("day", "") or (_DATE.match(values.get("from", "")) and values["from"]) or ""
    return SearchParams(
        new_patient=parse_visit_kind(values.get("visit", "")),
        practitioner=_find_by_slug(
            people, values.get("practitioner", ""), "We couldn't find this person for this appointment."
        ),
        location=_find_by_slug(locations, values.get("location", ""), "We couldn't find this location."),
        day=_parse_date(dated),
        start=parse_instant(values["start"]) if values.get("start") else None,
        part=_choice(PartOfDay.values, values.get("part", ""), "We couldn't find this part of the day."),
        language=_choice(
            {language for person in people for language in person.other_languages},
            values.get("language", ""),
            "No one speaks this language for this appointment.",
        ),
        came_from=published_name(values.get("from", "")),
        several=_choice({"1"}, values.get("several", ""), "Something in this link doesn't make sense.") == "1",
    )


def single_values(query: QueryDict, names: Collection[str]) -> dict[str, str]:
    """Values of these parameters. Raises InvalidParams if one is repeated; ignores unknown parameters."""
    for key in query:
        if key.split("[")[0] in names and (key not in names or len(query.getlist(key)) > 1):
            raise InvalidParams("Something in this link is given twice or doesn't make sense.")
    return {name: query.get(name, "") for name in names if name in query}


def parse_visit_kind(value: str) -> bool | None:
    """True for a first visit, False for a returning patient, None for an empty value."""
    if value and value not in VISITS:
        raise InvalidParams("This link doesn't say whether it's a first visit.")
    return VISITS.get(value)


def parse_instant(value: str) -> datetime:
    """Parse an instant in UTC as written in links, such as 2026-11-24T16:00Z."""
    if _INSTANT.fullmatch(value):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if 2000 <= parsed.year < 2200:
                return parsed.astimezone(UTC)
    raise InvalidParams("The time in this link doesn't make sense.")


def parse_start(value: str, people: Sequence[Practitioner]) -> tuple[datetime, Practitioner | None]:
    """Parse a start and the practitioner chosen with it, as formatted by ``slot_choices.format_start``."""
    at, _, slug = value.partition(" ")
    return parse_instant(at), _find_by_slug(people, slug, "We couldn't find this person for this appointment.")


def check_day(day: date, *, today: date, horizon_days: int) -> None:
    """Raise InvalidParams for a date before today or beyond the booking horizon (R8)."""
    if day < today:
        raise InvalidParams("The days you asked for have passed.", status=410)
    if day > today + timedelta(days=horizon_days):
        raise InvalidParams(f"You can book online up to {horizon_days} days ahead, and this day is later.", status=404)


def times_url(service: Service, params: SearchParams, **changes: date | datetime | str | None) -> str:
    """URL of the times page for these parameters, with ``changes`` applied."""
    values: Mapping[str, object] = {
        "visit": format_visit_kind(params.new_patient),
        "practitioner": params.practitioner and params.practitioner.slug,
        "location": params.location and params.location.slug,
        "day": params.day,
        "part": params.part,
        "language": params.language,
        "from": params.came_from,
        "several": "1" if params.several else "",
        **changes,
    }
    query = urlencode({name: _format(value) for name, value in values.items() if value})
    return reverse("booking:times", args=[service.slug]) + (f"?{query}" if query else "")


def waitlist_url(service: Service, params: SearchParams) -> str:
    """URL of the waitlist form, with the same parameters."""
    _, _, query = times_url(service, params).partition("?")
    return reverse("booking:waitlist", args=[service.slug]) + (f"?{query}" if query else "")


def services_url(new_patient: bool | None, came_from: str = "") -> str:
    """URL of the service list, with the answer about the first visit and the page that led to booking."""
    values = {"visit": format_visit_kind(new_patient), "from": came_from}
    query = urlencode({name: value for name, value in values.items() if value})
    return reverse("booking:services") + (f"?{query}" if query else "")


def format_visit_kind(new_patient: bool | None) -> str:
    return "" if new_patient is None else "new" if new_patient else "returning"


def _format(value: object) -> object:
    return format_instant(value) if isinstance(value, datetime) else value


def _choice(allowed: Collection[str], value: str, message: str) -> str:
    if value and value not in allowed:
        raise InvalidParams(message, status=404)
    return value


def _find_by_slug(rows: Sequence[RowT], slug: str, message: str) -> RowT | None:
    if not slug:
        return None
    for row in rows:
        if row.slug == slug:
            return row
    raise InvalidParams(message, status=404)


def _parse_date(value: str) -> date | None:
    if not value:
        return None
    if _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise InvalidParams("The date in this link doesn't make sense: a date looks like 2026-11-24.")
