"""What a report is about: its days and its location, as conditions of queries."""

from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from typing import Any

from django.db.models import Q

from booking.models import Location
from booking.reports.periods import ONE_DAY, ReportPeriod


@dataclass(frozen=True)
class Scope:
    """The days of a report; ``location`` None: all of them. ``zone``: the clinic's, for what has no location."""

    period: ReportPeriod
    location: Location | None
    zone: tzinfo

    def visits(self, period: ReportPeriod | None = None) -> Q:
        """The condition of visits on these days."""
        days = period or self.period
        return Q(local_on__range=(days.first_on, days.last_on)) & self.at_location("location")

    def at_location(self, name: str) -> Q:
        return Q(**{name: self.location}) if self.location else Q()

    def instants(self, name: str) -> Q:
        """The condition that an instant is on these days."""
        zone = self.location.zone if self.location else self.zone
        begin = datetime.combine(self.period.first_on, time(), zone)
        end = datetime.combine(self.period.last_on + ONE_DAY, time(), zone)
        bounds: dict[str, Any] = {f"{name}__gte": begin, f"{name}__lt": end}
        return Q(**bounds)
