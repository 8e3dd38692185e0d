"""The calendar's address: /desk/?day=&location=&appointment=&with=&at=&do=&patient=&block=&cancelled=&list=.

``appointment`` alone opens a visit's panel, ``with`` and ``at`` a gap's; ``do`` names another (``desk/panels.py``). In
the week (/desk/week/), ``with`` is also the practitioner whose week it is. ``patient`` is the primary key of the one
whom the booking panel has chosen, ``block`` that of the time off in the panel ``away``. Bad values fall back to today.
"""

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from booking.models import Appointment, Location, Practitioner, is_reference
from booking.text_cleaning import is_plain_digits

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
DAY_VIEW, WEEK_VIEW = "desk:day", "desk:week"
MY_DAY_VIEW = "desk:my_day"  # A practitioner's own day: a page to go back to, not a view of the calendar.
VIEWS = [DAY_VIEW, WEEK_VIEW, MY_DAY_VIEW]
WEEK = 7
NO_PANEL: dict[str, Any] = {"appointment": "", "with_": None, "at": None, "do": "", "patient": 0, "block": 0}


@dataclass(frozen=True)
class CalendarParams:
    """What the calendar shows; ``url()`` is the address that shows it."""

    day: date
    location: Location | None = None  # None: all of them.
    shows_cancelled: bool = False
    appointment: str = ""  # The reference of the visit in the panel.
    with_: Practitioner | None = None  # Of the gap in the panel.
    at: time | None = None
    do: str = ""  # The name of the panel, where a visit or a gap does not say it.
    patient: int = 0
    block: int = 0
    view: str = DAY_VIEW
    person: Practitioner | None = None  # Whose week it is.
    is_list: bool = False

    def url(self, **changes: Any) -> str:
        def value(name: str) -> Any:
            return changes[name] if name in changes else getattr(self, name)

        person, location, at = value("with_") or value("person"), value("location"), value("at")
        query = {
            "day": value("day").isoformat(),
            "location": location.slug if location else "",
            "cancelled": "1" if value("shows_cancelled") else "",
            "appointment": value("appointment"),
            "with": person.slug if person else "",
            "at": at.isoformat("minutes") if at else "",
            "do": value("do"),
            "patient": value("patient") or "",
            "block": value("block") or "",
            "list": "1" if value("is_list") else "",
        }
        return f"{reverse(value('view'))}?{urlencode({name: text for name, text in query.items() if text})}"

    @property
    def closed_url(self) -> str:
        """The same calendar without a panel."""
        return self.url(**NO_PANEL)

    def panel_url(self, do: str, **values: Any) -> str:
        """The same calendar with the panel that ``do`` names."""
        return self.url(**NO_PANEL | {"do": do} | values)

    def column_url(self, on: date) -> str:
        """The same calendar on this day without a panel. ``&appointment=`` after it opens a visit of the day."""
        return self.url(**NO_PANEL | {"day": on})

    def visit_url(self, visit: Appointment) -> str:
        """The visit's day with its panel."""
        return self.url(**NO_PANEL | {"day": visit.local_on, "appointment": visit.reference})

    def gap_url(self, practitioner: Practitioner, on: date, at: time) -> str:
        """The same calendar with the panel of this practitioner's gap."""
        return self.url(**NO_PANEL | {"day": on, "with_": practitioner, "at": at})

    @property
    def kept_panel(self) -> dict[str, Any]:
        """What changes when another day is chosen: a visit that is being moved stays in the panel."""
        return {"with_": None, "at": None} if self.is_moving else NO_PANEL

    @property
    def is_moving(self) -> bool:
        return self.do == "move" and bool(self.appointment)

    @property
    def is_week(self) -> bool:
        return self.view == WEEK_VIEW

    @property
    def days(self) -> list[date]:
        return shown_days(self.day, self.view)

    @property
    def previous_url(self) -> str:
        return self.url(day=self.day - timedelta(days=len(self.days)), **self.kept_panel)

    @property
    def next_url(self) -> str:
        return self.url(day=self.day + timedelta(days=len(self.days)), **self.kept_panel)

    def day_url(self, on: date) -> str:
        """The day of everyone."""
        return self.url(view=DAY_VIEW, day=on, person=None, **NO_PANEL)

    def week_url(self, person: Practitioner) -> str:
        return self.url(view=WEEK_VIEW, person=person, **NO_PANEL)

    @property
    def toggle_list_url(self) -> str:
        return self.url(is_list=not self.is_list)

    @property
    def all_locations_url(self) -> str:
        return self.url(location=None)

    @property
    def toggle_cancelled_url(self) -> str:
        return self.url(shows_cancelled=not self.shows_cancelled)


def shown_days(day: date, view: str) -> list[date]:
    """The day, or its week from Monday to Sunday."""
    if view != WEEK_VIEW:
        return [day]
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(WEEK)]


def parse_params(
    query: QueryDict,
    *,
    today: date,
    locations: list[Location],
    practitioners: list[Practitioner],
    view: str = DAY_VIEW,
) -> CalendarParams:
    reference = query.get("appointment", "").strip().upper()
    named = next((person for person in practitioners if person.slug == query.get("with")), None)
    at = _time(query.get("at", ""))
    is_week = view == WEEK_VIEW
    return CalendarParams(
        day=parse_day(query, today),
        location=next((place for place in locations if place.slug == query.get("location")), None),
        shows_cancelled=query.get("cancelled") == "1",
        appointment=reference if is_reference(reference) else "",
        with_=named if at or not is_week else None,
        at=at,
        do=do if (do := query.get("do", "")).isascii() and do.isalpha() else "",
        patient=_key(query.get("patient", "")),
        block=_key(query.get("block", "")),
        view=view,
        person=(named or next(iter(practitioners), None)) if is_week else None,
        is_list=query.get("list") == "1",
    )


def parse_day(query: QueryDict, today: date) -> date:
    value = query.get("day", "")
    try:
        chosen = date.fromisoformat(value) if value else today
    except ValueError:
        return today
    return chosen if EARLIEST <= chosen <= LATEST else today


def _key(value: str) -> int:
    """A primary key, or 0."""
    return int(value) if is_plain_digits(value) and len(value) < 19 else 0


def _time(value: str) -> time | None:
    try:
        return time.fromisoformat(value).replace(tzinfo=None) if value else None
    except ValueError:
        return None
