"""What every page may say of the clinic: its name, phone, places and front desk hours.

All of it is read in one query, when a template first asks for any of it; a page that uses none
pays nothing. On an empty database ``clinic`` and ``location`` are None. Another app adds rows of its
own with ``show_on_every_page``: they come in the same query.

Each page reads the rows anew. While they are those of the page before, and the clock has brought
nothing else, so are the facts that were made of them: they are shared, and nobody changes them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from typing import Any

from django.conf import settings
from django.db.models import DateField, DateTimeField, Exists
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from booking import together, words
from booking.models import Clinic, Closure, Location, OpeningException, OpeningHours, SampleRow, Weekday
from booking.opening import LOOK_AHEAD, Hours, OpeningState, SpecialDate, alike, end_of_day, state_at

SOON = timedelta(days=14)  # Special dates this near stand beside the hours on every page.


@dataclass(frozen=True)
class Beside:
    """What another app shows on every page: which rows, what of them at an instant, and until when it holds.

    ``rows`` is called once a process, with the place of the instant.
    """

    rows: Callable[[Any], together.Part]
    shown: Callable[[list[Any], datetime], Any]
    changes_at: Callable[[list[Any], datetime], datetime | None]


_beside: dict[str, Beside] = {}


def show_on_every_page(name: str, beside: Beside) -> None:
    """Give every template ``name``. Called once, when the app is ready."""
    _beside[name] = beside


@dataclass(frozen=True)
class SpecialDay:
    """A date to come on which a location does not keep its week's hours."""

    on: date
    location: Location
    special: SpecialDate

    @property
    def name(self) -> str:
        return self.special.name

    @property
    def hours(self) -> tuple[tuple[time, time], ...]:
        return self.special.hours


def _parts() -> dict[str, Any]:
    now, first, last = (together.Given(name, kind) for name, kind in _GIVEN.items())
    near = {"on__gte": first, "on__lte": last}
    return {
        "clinics": together.Part(Clinic.objects.all(), extras={"sample_stands": Exists(SampleRow.objects.all())}),
        "locations": Location.objects.all(),
        "hours": OpeningHours.objects.all(),
        "closures": Closure.objects.filter(**near),
        "exceptions": OpeningException.objects.filter(**near),
    } | {name: beside.rows(now) for name, beside in _beside.items()}


_GIVEN = {"now": DateTimeField(), "first": DateField(), "last": DateField()}
_statement = together.Statement(_parts)


def _ask(now: datetime) -> tuple[together.Row, ...]:
    # A day too many on either side is no harm: zones differ.
    near = {"first": now.date() - timedelta(days=1), "last": now.date() + timedelta(days=LOOK_AHEAD + 1)}
    return _statement.ask(now=now, **near)


class Facts:
    """What the rows say of the clinic from one instant on, until ``changes_at``."""

    def __init__(self, rows: tuple[together.Row, ...], now: datetime) -> None:
        self.rows, self.now = rows, now
        self.made: dict[tuple[Any, ...], SafeString] = {}  # What templates made of nothing but these facts.
        self._shown_beside: dict[str, Any] = {}

    def holds(self, rows: tuple[together.Row, ...], now: datetime) -> bool:
        """Whether the same would be made of these rows at this instant."""
        return self.rows == rows and self.now <= now and (self.changes_at is None or now < self.changes_at)

    @cached_property
    def _read(self) -> together.Found:
        return _statement.found(self.rows)

    def beside(self, name: str) -> Any:
        """What another app shows on every page under this name."""
        if name not in self._shown_beside:
            self._shown_beside[name] = _beside[name].shown(self._read[name], self.now)
        return self._shown_beside[name]

    @property
    def clinic(self) -> Clinic | None:
        return self._read["clinics"][0] if self._read["clinics"] else None

    @property
    def locations(self) -> list[Location]:
        return self._read["locations"]

    @property
    def location(self) -> Location | None:
        return self.locations[0] if self.locations else None

    @cached_property
    def opening_hours(self) -> list[OpeningHours]:
        """The first location's. Those of several places would say nothing without their names."""
        here = self.location
        return [hours for hours in self._read["hours"] if here and hours.location_id == here.pk]

    @cached_property
    def opening_days(self) -> list[tuple[str, Hours]]:
        """The week's days in words with their hours: neighbours that are alike as one, the closed ones too.

        Empty where no hours are told at all.
        """
        told = self.opening_hours
        week = [[(row.opens, row.closes) for row in told if row.weekday == day] for day in Weekday]
        return [(words.weekdays(first, last), hours) for first, last, hours in alike(week)] if told else []

    @cached_property
    def special_days(self) -> list[SpecialDay]:
        """The next three months' closures and exceptions of every location, from its own today on."""
        found = []
        for place in self.locations:
            today = self.now.astimezone(place.zone).date()
            dates = self._special(place)
            found += [SpecialDay(on, place, dates[on]) for on in dates if on >= today]
        return sorted(found, key=lambda day: (day.on, day.location.position, day.location.name))

    def _special(self, place: Location) -> dict[date, SpecialDate]:
        """By date. What is said of the front desk goes before what is said of the whole place."""
        dates = {row.on: SpecialDate(name=row.name) for row in self._read["closures"] if row.location_id == place.pk}
        told: dict[date, SpecialDate] = {}
        for row in sorted(self._read["exceptions"], key=lambda row: (row.on, row.opens or time.min)):
            if row.location_id == place.pk:
                before = told.get(row.on, SpecialDate(name=dates[row.on].name if row.on in dates else ""))
                hours = (*before.hours, (row.opens, row.closes)) if row.opens else before.hours
                told[row.on] = SpecialDate(hours, row.name or before.name)
        return dates | told

    @cached_property
    def special_days_soon(self) -> list[SpecialDay]:
        """The first location's, for the next two weeks: they stand beside its hours."""
        here = self.location
        if here is None:
            return []
        last = self.now.astimezone(here.zone).date() + SOON
        return [day for day in self.special_days if day.location == here and day.on <= last]

    @cached_property
    def opening_state(self) -> OpeningState | None:
        """Whether the first location's front desk is open; None where no hours are told."""
        here = self.location
        if here is None:
            return None
        weekly: dict[int, list[tuple[time, time]]] = {}
        for row in self.opening_hours:
            weekly.setdefault(row.weekday, []).append((row.opens, row.closes))
        return state_at(self.now, zone=here.zone, weekly=weekly, special=self._special(here))

    @property
    def opening_in_words(self) -> str:
        return words.opening(self.opening_state) if self.opening_state else ""

    @property
    def sample_stands(self) -> bool:
        # The sample clinic brings the clinic's own row: without a row, there is no sample.
        return bool(getattr(self.clinic, "sample_stands", False))

    @cached_property
    def changes_at(self) -> datetime | None:
        """When the clock alone can bring something else than is here."""
        instants = [beside.changes_at(self._read[name], self.now) for name, beside in _beside.items()]
        # A date that is over, or comes near, changes what stands beside the hours.
        instants += [end_of_day(self.now, place.zone) for place in self.locations]
        instants += [self.opening_state.changes_at] if self.opening_state else []
        return min((instant for instant in instants if instant is not None), default=None)


NAMES = (
    "clinic",
    "location",
    "locations",
    "opening_hours",
    "opening_days",
    "opening_state",
    "opening_in_words",
    "special_days",
    "special_days_soon",
    "sample_stands",
)


_latest: list[Facts] = []  # Those that were made last, if any.


def facts_of(request: HttpRequest) -> Facts:
    """The one reading that everything on this page is shown from."""
    if not hasattr(request, "clinic_facts"):
        now = timezone.now()
        rows = _ask(now)
        facts = next((latest for latest in _latest if latest.holds(rows, now)), None) or Facts(rows, now)
        _latest[:] = [facts]
        request.clinic_facts = facts  # type: ignore[attr-defined]
    return request.clinic_facts  # type: ignore[attr-defined, no-any-return]


def clinic(request: HttpRequest) -> dict[str, Any]:
    """Names for every template; see the module's docstring."""
    about_the_site = {"site_url": settings.SITE_URL, "is_public": settings.IS_HTTPS}
    own = {name: SimpleLazyObject(partial(_fact, request, name)) for name in NAMES}
    of_others = {name: SimpleLazyObject(partial(_of_another, request, name)) for name in _beside}
    return own | of_others | about_the_site


def _fact(request: HttpRequest, name: str) -> Any:
    return getattr(facts_of(request), name)


def _of_another(request: HttpRequest, name: str) -> Any:
    return facts_of(request).beside(name)
