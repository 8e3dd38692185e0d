"""The calendar's address: /desk/?day=&location=&appointment=&with=&at=&do=&patient=&block=&cancelled=.

Bad values fall back to today.

``appointment`` alone opens a visit's panel, ``with`` and ``at`` a gap's; ``do`` names another (``desk/panels.py``).
``patient`` is the primary key of the one whom the booking panel has chosen.
``block`` is the primary key of the time off in the panel ``away``.
"""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from booking.models import Appointment, Location, Practitioner, is_reference
from booking.text_cleaning import is_plain_digits

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
DAY_VIEW = "desk:day"
MY_DAY_VIEW = "desk:my_day"  # A practitioner's own day: a page to go back to, not a view of the calendar.
VIEWS = [DAY_VIEW, MY_DAY_VIEW]
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

    def url(self, **changes: Any) -> str:
        changed = replace(self, **changes)
        query = {
            "day": changed.day.isoformat(),
            "location": changed.location.slug if changed.location else "",
            "cancelled": "1" if changed.shows_cancelled else "",
            "appointment": changed.appointment,
            "with": changed.with_.slug if changed.with_ else "",
            "at": changed.at.isoformat("minutes") if changed.at else "",
            "do": changed.do,
            "patient": changed.patient or "",
            "block": changed.block or "",
        }
        return f"{reverse(changed.view)}?{urlencode({name: value for name, value in query.items() if value})}"

    @property
    def closed_url(self) -> str:
        """The same calendar without a panel."""
        return self.url(**NO_PANEL)

    def panel_url(self, do: str, **values: Any) -> str:
        """The same calendar with the panel that ``do`` names."""
        return self.url(**NO_PANEL | {"do": do} | values)

    def visit_url(self, visit: Appointment) -> str:
        """The visit's day with its panel."""
        return self.url(**NO_PANEL | {"day": visit.local_on, "appointment": visit.reference})

    def gap_url(self, practitioner: Practitioner, at: time) -> str:
        """The same calendar with the panel of this practitioner's gap."""
        return self.url(**NO_PANEL | {"with_": practitioner, "at": at})

    @property
    def kept_panel(self) -> dict[str, Any]:
        """What changes when another day is chosen: a visit that is being moved stays in the panel."""
        return {"with_": None, "at": None} if self.is_moving else NO_PANEL

    @property
    def is_moving(self) -> bool:
        return self.do == "move" and bool(self.appointment)

    @property
    def yesterday_url(self) -> str:
        return self.url(day=self.day - timedelta(days=1), **self.kept_panel)

    @property
    def tomorrow_url(self) -> str:
        return self.url(day=self.day + timedelta(days=1), **self.kept_panel)

    @property
    def all_locations_url(self) -> str:
        return self.url(location=None)

    @property
    def toggle_cancelled_url(self) -> str:
        return self.url(shows_cancelled=not self.shows_cancelled)


def parse_params(
    query: QueryDict,
    *,
    today: date,
    locations: list[Location],
    practitioners: list[Practitioner],
    view: str = DAY_VIEW,
) -> CalendarParams:
    reference = query.get("appointment", "").strip().upper()
    return CalendarParams(
        day=_day(query.get("day", ""), today),
        location=next((place for place in locations if place.slug == query.get("location")), None),
        shows_cancelled=query.get("cancelled") == "1",
        appointment=reference if is_reference(reference) else "",
        with_=next((person for person in practitioners if person.slug == query.get("with")), None),
        at=_time(query.get("at", "")),
        do=do if (do := query.get("do", "")).isascii() and do.isalpha() else "",
        patient=int(patient) if is_plain_digits(patient := query.get("patient", "")) and len(patient) < 19 else 0,
        block=int(block) if is_plain_digits(block := query.get("block", "")) and len(block) < 19 else 0,
        view=view,
    )


def _day(value: str, today: date) -> date:
    try:
        chosen = date.fromisoformat(value) if value else today
    except ValueError:
        return today
    return chosen if EARLIEST <= chosen <= LATEST else today


def _time(value: str) -> time | None:
    try:
        return time.fromisoformat(value).replace(tzinfo=None) if value else None
    except ValueError:
        return None
