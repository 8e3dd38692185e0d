"""Slots for a page that shows each practitioner's first slot and six weeks, with each row loaded once."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property

from booking import availability
from booking.availability import ONE_DAY
from booking.models import PractitionerService
from booking.scheduling.slots.data import AvailabilityData, load_schedules, with_occupied
from booking.scheduling.slots.search import closest, slots_in, starts_of, widest_horizon
from booking.scheduling.types import Slot, SlotQuery

SIX_WEEKS = timedelta(weeks=6)


class SlotOverview:
    """The slots of one query. Loads schedules once, and occupied time once per range of days."""

    def __init__(self, query: SlotQuery, schedules: AvailabilityData | None = None) -> None:
        self.query = query
        self.first, self.last = widest_horizon(query)
        self._schedules = schedules
        self._loaded: list[tuple[date, date, AvailabilityData, list[Slot]]] = []
        self._visits_by_day: dict[tuple[int, date], Counter[int]] = {}

    @property
    def schedules(self) -> AvailabilityData:
        if self._schedules is None:
            self._schedules = load_schedules(self.query, self.first, self.last)
        return self._schedules

    @property
    def _windows(self) -> list[tuple[date, date]]:
        """The six weeks that a page shows, and the days after them. ``first`` is the day before today at most."""
        end = min(self.first + SIX_WEEKS + ONE_DAY, self.last)
        return [(self.first, end), (end + ONE_DAY, self.last)]

    def held_by(self, holder: str) -> "SlotOverview":
        """Return an overview in which this browser session's own hold does not occupy time (R10)."""
        query = replace(self.query, holder=holder)
        return self if holder == self.query.holder else SlotOverview(query, replace(self.schedules, query=query))

    def first_of_each(self) -> dict[int, Slot]:
        """Return the first slot of each practitioner who has one, by practitioner id."""
        first_slots: dict[int, Slot] = {}
        missing = set(self.schedules.requests)
        for first, last in self._windows:
            if missing:
                for slot in self._slots_covering(first, last):
                    for practitioner_id in missing.intersection(slot.practitioner_ids):
                        first_slots[practitioner_id] = self.for_practitioner(practitioner_id, slot)
                        missing.discard(practitioner_id)
                    if not missing:
                        break
        return first_slots

    def between(self, first: date, last: date) -> list[Slot]:
        """Slots on these local days, ordered by start."""
        first, last = max(first, self.first), min(last, self.last)
        slots = self._slots_covering(first, last)
        if not slots:
            return []
        bounds = {
            location: availability.bounds(first, last, location_day.zone)
            for location, location_day in self.schedules.location_days.items()
        }
        return [slot for slot in slots for begin, end in (bounds[slot.location_id],) if begin <= slot.starts_at < end]

    def in_working_hours(self, first: date, last: date) -> list[Slot]:
        """What ``between`` would return if nobody had booked anything. Needs no query but that of the schedules."""
        return slots_in(self.schedules, max(first, self.first), min(last, self.last))

    def near(
        self, starts_at: datetime, count: int, *, is_wanted: Callable[[Slot], bool] = lambda _: True
    ) -> list[Slot]:
        """Return up to ``count`` of the wanted slots closest to ``starts_at``, ordered by start."""
        return closest(
            self.query, starts_at, count, lambda first, last: list(filter(is_wanted, self.between(first, last)))
        )

    def least_busy(self, slot: Slot, practitioner_ids: Collection[int]) -> int:
        """Return who of these practitioners would see the patient: the one with the fewest visits that day (R11)."""
        free_ids = [person for person in slot.practitioner_ids if person in practitioner_ids]
        if len(free_ids) == 1:
            return free_ids[0]
        zone = self.schedules.location_days[slot.location_id].zone
        visits = self._visits_on(availability.local_day(slot.starts_at, zone), slot.location_id)
        return min(free_ids, key=lambda person: visits[person])

    def for_practitioner(self, practitioner_id: int, slot: Slot) -> Slot:
        """Return the slot with one of its practitioners, and the length of a visit with them."""
        ends_at: datetime = slot.starts_at + self.schedules.requests[practitioner_id].duration
        return slot._replace(ends_at=ends_at, practitioner_ids=(practitioner_id,), lengths=())

    def compact_starts(self, practitioner_id: int, location_id: int, day: date) -> set[datetime]:
        """Return the practitioner's starts on a local day that leave no gap too short for another visit (R15)."""
        data = next(data for first, last, data, _ in self._loaded if first <= day <= last)
        place = data.location_days[location_id]
        starts = starts_of(data, place, day, day).get(practitioner_id, [])
        schedule, request = data.schedules[practitioner_id], data.requests[practitioner_id]
        shortest = self._shortest_visits[practitioner_id]
        compact = availability.compact_starts(schedule, place, request, starts, day, shortest)
        return {availability.instant(start) for start in compact}

    @cached_property
    def _shortest_visits(self) -> dict[int, timedelta]:
        """The length of each practitioner's shortest visit, of any service."""
        rows = PractitionerService.objects.filter(practitioner__in=self.schedules.requests, service__is_active=True)
        shortest: dict[int, timedelta] = {}
        for person, own, usual in rows.values_list("practitioner_id", "own_duration", "service__duration"):
            shortest[person] = min(shortest.get(person, timedelta.max), own or usual)
        return shortest

    def _visits_on(self, day: date, location_id: int) -> Counter[int]:
        """The number of visits and holds of each practitioner on a loaded local day."""
        if (location_id, day) not in self._visits_by_day:
            zone = self.schedules.location_days[location_id].zone
            begin, end = map(availability.floor_second, availability.bounds(day, day, zone))
            data = next(data for first, last, data, _ in self._loaded if first <= day <= last)
            self._visits_by_day[location_id, day] = Counter(
                {
                    person: sum(begin <= span.start < end for span in schedule.visits)
                    for person, schedule in data.schedules.items()
                }
            )
        return self._visits_by_day[location_id, day]

    def _slots_covering(self, first: date, last: date) -> list[Slot]:
        """Slots of a loaded range of days that includes these: a window, or all days."""
        if first > last:
            return []
        for begin, end, _, slots in self._loaded:
            if begin <= first and last <= end:
                return slots
        windows = [*self._windows, (self.first, self.last)]
        first, last = next((begin, end) for begin, end in windows if begin <= first and last <= end)
        data = with_occupied(self.schedules, first, last, whole=True)  # ``least_busy`` counts whole days.
        slots = slots_in(data, first, last)
        self._loaded.append((first, last, data, slots))
        return slots
