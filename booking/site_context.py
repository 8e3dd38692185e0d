"""Context processor: the clinic's name, phone, locations, front desk hours, menus and notices.

Evaluated lazily, when a template first uses one. Each process caches one ``SiteContext`` until the
content version (``booking.models.ContentVersion``) or the time changes it; see
docs/decisions/page-cache.md. For templates only: booking rules query the database themselves. On an
empty database ``clinic`` and ``location`` are None.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from booking import formatting
from booking.models import (
    Clinic,
    Closure,
    Location,
    OpeningHours,
    SampleRow,
    SpecialHours,
    Weekday,
    current_content_version,
)
from booking.opening_hours import (
    LOOK_AHEAD,
    Hours,
    OpeningState,
    SpecialHoursOn,
    end_of_day,
    group_days,
    opening_state_at,
)

SOON = timedelta(days=14)  # Special days within this time are shown next to the hours on every page.

# Returns another app's context variables at an instant, and the next instant at which they change by
# time alone (or None).
ContextProvider = Callable[[datetime], tuple[dict[str, Any], datetime | None]]
_providers: list[ContextProvider] = []
_provided_names: list[str] = []


def register_context_provider(names: list[str], provider: ContextProvider) -> None:
    """Add another app's context variables to every template. Call it from ``AppConfig.ready()``."""
    _providers.append(provider)
    _provided_names.extend(names)


@dataclass(frozen=True)
class SpecialDay:
    """A future date on which special hours replace a location's weekly hours."""

    on: date
    location: Location
    special: SpecialHoursOn

    @property
    def name(self) -> str:
        return self.special.name

    @property
    def hours(self) -> tuple[tuple[time, time], ...]:
        return self.special.hours


class SiteContext:
    """The site-wide template variables at one instant, valid until ``changes_at``. Queries all rows at once."""

    def __init__(self, now: datetime, version: int) -> None:
        self.now, self.version = now, version
        # One extra day on either side, because time zones differ.
        dates = (now.date() - timedelta(days=1), now.date() + timedelta(days=LOOK_AHEAD + 1))
        self.clinic = Clinic.objects.annotate(has_sample=Exists(SampleRow.objects.all())).first()
        # The sample data includes the Clinic row: without that row, no sample data is loaded.
        self.sample_stands: bool = self.clinic is not None and self.clinic.has_sample  # type: ignore[attr-defined]
        self.locations = list(Location.objects.all())
        self._hours = list(OpeningHours.objects.order_by("weekday", "opens"))
        self._closures = list(Closure.objects.filter(on__range=dates))
        self._special_hours = list(SpecialHours.objects.filter(on__range=dates))
        self.names: dict[str, Any] = {}  # Context variables of other apps.
        changes = []
        for provider in _providers:
            names, changes_at = provider(now)
            self.names |= names
            changes.append(changes_at)
        self._names_change_at = min((instant for instant in changes if instant is not None), default=None)

    def is_current(self, version: int, now: datetime) -> bool:
        return self.version == version and self.now <= now and (self.changes_at is None or now < self.changes_at)

    @property
    def location(self) -> Location | None:
        return self.locations[0] if self.locations else None

    @cached_property
    def opening_hours(self) -> list[OpeningHours]:
        """The first location's. Hours of several locations would need their names next to them."""
        location = self.location
        return [hours for hours in self._hours if location and hours.location_id == location.pk]

    @cached_property
    def opening_days(self) -> list[tuple[str, Hours]]:
        """The week as labels and hours; consecutive days with the same hours are grouped, closed days too.

        Empty if the location has no opening hours at all.
        """
        rows = self.opening_hours
        week = [[(row.opens, row.closes) for row in rows if row.weekday == day] for day in Weekday]
        return [(formatting.weekdays(first, last), hours) for first, last, hours in group_days(week)] if rows else []

    @cached_property
    def special_days(self) -> list[SpecialDay]:
        """Closures and special hours of all locations in the next three months, from each local today."""
        special_days = []
        for location in self.locations:
            today = self.now.astimezone(location.zone).date()
            dates = self._special(location)
            special_days += [SpecialDay(on, location, dates[on]) for on in dates if on >= today]
        return sorted(special_days, key=lambda day: (day.on, day.location.position, day.location.name))

    def _special(self, location: Location) -> dict[date, SpecialHoursOn]:
        """By date. The front desk's special hours take precedence over closures of the location."""
        closures = {row.on: SpecialHoursOn(name=row.name) for row in self._closures if row.location_id == location.pk}
        special: dict[date, SpecialHoursOn] = {}
        for row in sorted(self._special_hours, key=lambda row: (row.on, row.opens or time.min)):
            if row.location_id == location.pk:
                previous = special.get(row.on, SpecialHoursOn(name=closures[row.on].name if row.on in closures else ""))
                hours = (*previous.hours, (row.opens, row.closes)) if row.opens and row.closes else previous.hours
                special[row.on] = SpecialHoursOn(hours, row.name or previous.name)
        return closures | special

    @cached_property
    def special_days_soon(self) -> list[SpecialDay]:
        """The first location's special days in the next two weeks, shown next to its hours."""
        location = self.location
        if location is None:
            return []
        last = self.now.astimezone(location.zone).date() + SOON
        return [day for day in self.special_days if day.location == location and day.on <= last]

    @cached_property
    def opening_state(self) -> OpeningState | None:
        """Whether the first location's front desk is open; None if it has no hours."""
        location = self.location
        if location is None:
            return None
        weekly: dict[int, list[tuple[time, time]]] = {}
        for row in self.opening_hours:
            weekly.setdefault(row.weekday, []).append((row.opens, row.closes))
        return opening_state_at(self.now, zone=location.zone, weekly=weekly, special=self._special(location))

    @property
    def opening_in_words(self) -> str:
        return formatting.opening_state_text(self.opening_state) if self.opening_state else ""

    @cached_property
    def changes_at(self) -> datetime | None:
        """The next instant at which the variables change by time alone."""
        # At midnight ``special_days_soon`` gains and loses a date.
        instants = [self._names_change_at, *(end_of_day(self.now, location.zone) for location in self.locations)]
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


_cache: SiteContext | None = None


def content_version(request: HttpRequest) -> int:
    """The content version for this request, queried once and before any content.

    Content read later is at least that new, so a page is never cached under too new a version.
    """
    if not hasattr(request, "content_version"):
        request.content_version = current_content_version()  # type: ignore[attr-defined]
    return request.content_version  # type: ignore[attr-defined, no-any-return]


def site_context_of(request: HttpRequest) -> SiteContext:
    """The request's SiteContext: the same object for everything on the page."""
    if not hasattr(request, "site_context"):
        request.site_context = _cached_context(content_version(request), timezone.now())  # type: ignore[attr-defined]
    return request.site_context  # type: ignore[attr-defined, no-any-return]


def _cached_context(version: int, now: datetime) -> SiteContext:
    global _cache
    # Inside a transaction the rows read may be rolled back: do not cache them.
    if connection.in_atomic_block or not settings.PAGE_CACHE:
        return SiteContext(now, version)
    if _cache is None or not _cache.is_current(version, now):
        _cache = SiteContext(now, version)
    return _cache


def last_known_clinic() -> Clinic | None:
    """The clinic as this process last cached it, however old: for error pages, which have no database."""
    return _cache.clinic if _cache is not None else None


def clinic(request: HttpRequest) -> dict[str, Any]:
    """Context processor; see the module's docstring."""
    settings_names = {"site_url": settings.SITE_URL, "is_public": settings.IS_HTTPS}
    own = {name: SimpleLazyObject(partial(_own_value, request, name)) for name in NAMES}
    provided = {name: SimpleLazyObject(partial(_provided_value, request, name)) for name in _provided_names}
    return own | provided | settings_names


def _own_value(request: HttpRequest, name: str) -> Any:
    return getattr(site_context_of(request), name)


def _provided_value(request: HttpRequest, name: str) -> Any:
    return site_context_of(request).names.get(name)
