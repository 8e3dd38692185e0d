"""Which people on the waitlist could take a gap of the calendar."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.models import Location, Practitioner, PractitionerService, WaitlistEntry
from booking.scheduling import part_of_day


@dataclass(frozen=True)
class WaitingPeople:
    """The waiting entries of some days in order of joining, and what each practitioner offers."""

    entries: list[WaitlistEntry]
    lengths: dict[int, dict[int, timedelta]]  # practitioner id -> service id -> length

    @classmethod
    def load(cls, days: Collection[date]) -> "WaitingPeople":
        """Two queries."""
        rows = WaitlistEntry.objects.waiting().filter(first_on__lte=max(days), last_on__gte=min(days))
        entries = list(rows.select_related("service", "practitioner", "location"))
        lengths: dict[int, dict[int, timedelta]] = defaultdict(dict)
        offers = PractitionerService.objects.filter(practitioner__is_active=True, service__is_active=True)
        columns = ("practitioner_id", "service_id", "own_duration", "service__duration")
        for person, service, own_duration, duration in offers.order_by().values_list(*columns):
            lengths[person][service] = own_duration or duration
        return cls(entries, dict(lengths))

    def for_gap(
        self, practitioner: Practitioner, location: Location, start: datetime, end: datetime
    ) -> list[WaitlistEntry]:
        """Who could begin a visit within the gap, in local time at the location."""
        return [entry for entry in self.entries if self._fits(entry, practitioner, location, start, end)]

    def _fits(
        self, entry: WaitlistEntry, practitioner: Practitioner, location: Location, start: datetime, end: datetime
    ) -> bool:
        length = self.lengths.get(practitioner.pk, {}).get(entry.service_id)
        if length is None or length > end - start or entry.location_id != location.pk:
            return False
        if entry.practitioner_id not in {None, practitioner.pk}:
            return False
        if entry.is_first_visit and not practitioner.takes_new_patients:
            return False
        if not entry.first_on <= start.date() <= entry.last_on:
            return False
        starts = (start + timedelta(hours=hours) for hours in range((end - length - start) // timedelta(hours=1) + 1))
        parts = {part_of_day(time.time()) for time in (*starts, end - length)}
        return bool(parts & set(map(str, entry.parts)))
