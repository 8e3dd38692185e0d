"""What every page may say of the clinic: its name, phone, places and front desk hours.

All of it is read in one query, when a template first asks for any of it; a page that uses none
pays nothing. On an empty database ``clinic`` and ``location`` are None.
"""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Exists
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from booking import together
from booking.models import Clinic, Location, OpeningHours, SampleRow, Weekday


class _Facts:
    """One page's reading of the clinic."""

    @cached_property
    def _read(self) -> dict[str, list[Any]]:
        has_sample = Exists(SampleRow.objects.all())
        return together.fetch(
            clinics=together.Part(Clinic.objects.all(), extras={"sample_stands": has_sample}),
            locations=Location.objects.all(),
            hours=OpeningHours.objects.all(),
        )

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

    @property
    def opening_days(self) -> list[tuple[str, list[OpeningHours]]]:
        """Monday to Sunday with their hours, the closed days too; empty where no hours are told at all."""
        hours = self.opening_hours
        days = [(str(day.label), [row for row in hours if row.weekday == day]) for day in Weekday]
        return days if hours else []

    @property
    def sample_stands(self) -> bool:
        # The sample clinic brings the clinic's own row: without a row, there is no sample.
        return bool(getattr(self.clinic, "sample_stands", False))


def clinic(request: HttpRequest) -> dict[str, Any]:
    """Names for every template; see the module's docstring."""
    facts = _Facts()
    names = ("clinic", "location", "locations", "opening_hours", "opening_days", "sample_stands")
    about_the_site = {"site_url": settings.SITE_URL, "is_public": settings.IS_HTTPS}
    return {name: _later(facts, name) for name in names} | about_the_site


def _later(facts: _Facts, name: str) -> Any:
    return SimpleLazyObject(lambda: getattr(facts, name))
