"""Which people on the waitlist could take a gap of the calendar."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.models import Location, Practitioner, WaitlistEntry
from booking.scheduling import OfferedService, part_of_day


@dataclass(frozen=True)
class WaitingPeople:
    """The waiting entries of some days in order of joining, and what each practitioner offers."""

    entries: list[WaitlistEntry]
    offers: Mapping[int, Mapping[int, OfferedService]]  # By practitioner id and service id.

    @classmethod
    def load(cls, days: Collection[date], offers: Mapping[int, Mapping[int, OfferedService]]) -> "WaitingPeople":
        """One query."""
        rows = WaitlistEntry.objects.waiting().filter(first_on__lte=max(days), last_on__gte=min(days))
        return cls(list(rows.select_related("service", "practitioner", "location")), offers)

    def for_gap(
        self, practitioner: Practitioner, location: Location, start: datetime, end: datetime
    ) -> list[WaitlistEntry]:
        """Who could begin a visit within the gap, in local time at the location."""
        return [entry for entry in self.entries if self._fits(entry, practitioner, location, start, end)]

    def _fits(
        self, entry: WaitlistEntry, practitioner: Practitioner, location: Location, start: datetime, end: datetime
    ) -> bool:
        offer = self.offers.get(practitioner.pk, {}).get(entry.service_id)
        if offer is None or offer.length > end - start or entry.location_id != location.pk:
            return False
        if entry.practitioner_id not in {None, practitioner.pk}:
            return False
        if entry.is_first_visit and not practitioner.takes_new_patients:
            return False
        if not entry.first_on <= start.date() <= entry.last_on:
            return False
        starts = (
            start + timedelta(hours=hours) for hours in range((end - offer.length - start) // timedelta(hours=1) + 1)
        )
        parts = {part_of_day(time.time()) for time in (*starts, end - offer.length)}
        return bool(parts & set(map(str, entry.parts)))
