"""Which days does a province keep as holidays? Proposed to staff, who confirm them; nothing is closed by itself.

The days come from the holidays library, which works them out without asking anybody.
"""

from dataclasses import dataclass
from datetime import date

import holidays

from booking.models import Closure, Location

# The library's words where a province has since changed its own.
_NAMES = {"National Aboriginal Day": "National Indigenous Peoples Day"}


@dataclass(frozen=True, order=True)
class Holiday:
    """A day that a province keeps; ``is_statutory`` False: employers may choose to keep it."""

    on: date
    name: str
    is_statutory: bool


@dataclass(frozen=True)
class Proposal:
    """A holiday at a location, and under which name that day is closed already (empty: it is open)."""

    holiday: Holiday
    closed_as: str = ""


def holidays_of(province: str, year: int) -> list[Holiday]:
    """The province's holidays of a year, in order, under their Canadian English names."""
    optional = holidays.country_holidays("CA", subdiv=province, years=year, language="en_CA", categories="optional")
    statutory = holidays.country_holidays("CA", subdiv=province, years=year, language="en_CA")
    names = dict(optional.items()) | dict(statutory.items())
    return sorted(Holiday(on, _in_words(name), on in statutory) for on, name in names.items() if on.year == year)


def proposals(*, location: Location, year: int, today: date) -> list[Proposal]:
    """The holidays of a year from ``today`` on, each with what the location has closed already."""
    closed = dict(Closure.objects.filter(location=location, on__year=year).values_list("on", "name"))
    days = holidays_of(location.province, year)
    return [Proposal(holiday, closed.get(holiday.on, "")) for holiday in days if holiday.on >= today]


def _in_words(name: str) -> str:
    """The library joins two holidays of one day by a semicolon, and marks a day in lieu in brackets."""
    parts = [_NAMES.get(part, part) for part in name.replace(" (observed)", ", observed").split("; ")]
    return " and ".join(parts)
