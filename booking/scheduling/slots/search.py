"""Find available slots: load the data in a constant number of queries, then compute in ``booking.availability``."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial

from booking import availability
from booking.availability import ONE_DAY, LocationDay, instant
from booking.models import Appointment, Location, Practitioner, PractitionerService, Service
from booking.scheduling.exceptions import SlotTaken
from booking.scheduling.slots.data import AvailabilityData, load, load_schedules, with_occupied
from booking.scheduling.types import Slot, SlotQuery

# The next slot is usually within a week, so later appointments are loaded only if it is not.
FIRST_WINDOW = timedelta(days=7)


def slots_in(data: AvailabilityData, first: date, last: date) -> list[Slot]:
    """Slots on the local days ``first`` to ``last``, ordered; one per start and location."""
    slots = []
    for location_day in data.location_days.values():
        practitioners_by_start: dict[int, list[int]] = defaultdict(list)
        for practitioner, starts in starts_of(data, location_day, first, last).items():
            for start in starts:
                practitioners_by_start[start].append(practitioner)
        lengths_of = cache(partial(_lengths, data))  # Many slots share the same practitioners.
        for start in sorted(practitioners_by_start):
            practitioner_ids, starts_at = tuple(practitioners_by_start[start]), instant(start)
            length, lengths = lengths_of(practitioner_ids)
            slots.append(Slot(starts_at, starts_at + length, location_day.id, practitioner_ids, lengths))
    return sorted(slots) if len(data.location_days) > 1 else slots


def first_slot_in(data: AvailabilityData, first: date, last: date) -> Slot | None:
    """Return the first of ``slots_in`` without building the others."""
    slots = []
    for location_day in data.location_days.values():
        firsts = {person: starts[0] for person, starts in starts_of(data, location_day, first, last).items() if starts}
        if firsts:
            earliest_start = min(firsts.values())
            practitioner_ids = tuple(person for person, start in firsts.items() if start == earliest_start)
            starts_at = instant(earliest_start)
            length, lengths = _lengths(data, practitioner_ids)
            slots.append(Slot(starts_at, starts_at + length, location_day.id, practitioner_ids, lengths))
    return min(slots, default=None)


def _lengths(data: AvailabilityData, practitioner_ids: tuple[int, ...]) -> tuple[timedelta, tuple[timedelta, ...]]:
    """The length with the first of these practitioners, and that with each where they differ (R11)."""
    lengths = tuple(data.requests[practitioner].duration for practitioner in practitioner_ids)
    return lengths[0], lengths if len(set(lengths)) > 1 else ()


def starts_of(data: AvailabilityData, location_day: LocationDay, first: date, last: date) -> dict[int, list[int]]:
    """Return each practitioner's starts at one location in Unix seconds.

    They lie after the lead time (R7) and within the horizon (R8).
    """
    query = data.query
    earliest, latest = availability.horizon(query.now, query.days_ahead, location_day.zone)
    begin, end = max(first, earliest), min(last, latest)
    if begin > end:
        return {}
    return {
        practitioner: availability.starts(
            data.schedules[practitioner], location_day, request, first=begin, last=end, not_before=query.not_before
        )
        for practitioner, request in data.requests.items()
    }


def available_slots(
    *,
    service: Service,
    now: datetime,
    first_on: date,
    last_on: date,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    new_patient: bool | None = None,
    holder: str = "",
    moving: Appointment | None = None,
) -> list[Slot]:
    """Slots on the local days ``first_on`` to ``last_on`` within the booking horizon, ordered by start."""
    query = SlotQuery(service, now, practitioner, location, new_patient, holder, moving)
    return slots_between(query, first_on, last_on)


def slots_between(query: SlotQuery, first: date, last: date) -> list[Slot]:
    # Clamp before any date arithmetic: year 9999 in a URL must not overflow.
    earliest, latest = widest_horizon(query)
    first, last = max(first, earliest), min(last, latest)
    return slots_in(load(query, first, last), first, last) if first <= last else []


def widest_horizon(query: SlotQuery) -> tuple[date, date]:
    """The bookable dates in any time zone; ``starts_of`` narrows them to the location's zone."""
    today = query.now.astimezone(UTC).date()
    return today - timedelta(days=1), today + timedelta(days=query.days_ahead + 1)


def offers_of_service(*, service: Service, now: datetime, new_patient: bool | None = None) -> list[PractitionerService]:
    """Practitioners who offer this service to this patient, ordered by position, with duration and price."""
    query = SlotQuery(service, now, new_patient=new_patient)
    rows = service.practitioner_services.select_related("practitioner")
    in_order = rows.order_by("practitioner__position", "practitioner_id")
    return [offer for offer in in_order if query.may_be_seen_by(offer.practitioner)]


def offers_of_both(
    first_visit: list[PractitionerService], following: list[PractitionerService]
) -> list[PractitionerService]:
    """The offers of a first visit by those who offer the service that follows; none if they take no new patients."""
    able = {offer.practitioner_id for offer in following}
    both = [offer for offer in first_visit if offer.practitioner_id in able]
    return both if any(offer.practitioner.takes_new_patients for offer in both) else []


def next_slot(
    *,
    service: Service,
    now: datetime,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    new_patient: bool | None = None,
) -> Slot | None:
    """Return the first slot within the booking horizon, or None."""
    query = SlotQuery(service, now, practitioner, location, new_patient)
    for data, first, last in _search_windows(query):
        if slot := first_slot_in(data, first, last):
            return slot
    return None


def next_slot_by_practitioner(
    *, service: Service, now: datetime, location: Location | None = None, new_patient: bool | None = None
) -> dict[int, Slot]:
    """Return the first slot of each practitioner who has one, by practitioner id."""
    slots: dict[int, Slot] = {}
    for data, first, last in _search_windows(SlotQuery(service, now, None, location, new_patient)):
        for location_day in data.location_days.values():
            for person, starts in starts_of(data, location_day, first, last).items():
                if starts:
                    starts_at = instant(starts[0])
                    ends_at = starts_at + data.requests[person].duration
                    slot = Slot(starts_at, ends_at, location_day.id, (person,))
                    slots[person] = min(slots.get(person, slot), slot)
        if len(slots) == len(data.requests):
            break
    return slots


def _search_windows(query: SlotQuery) -> Iterator[tuple[AvailabilityData, date, date]]:
    """Yield the bookable days in two windows, with their data. Loads schedules once, occupied time per window."""
    first, last = widest_horizon(query)
    soon = min(first + FIRST_WINDOW, last)
    schedules = load_schedules(query, first, last)
    yield with_occupied(schedules, first, soon), first, soon
    if soon < last:
        yield with_occupied(schedules, soon + ONE_DAY, last), soon + ONE_DAY, last


def nearest_slots(
    *,
    service: Service,
    starts_at: datetime,
    now: datetime,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    new_patient: bool | None = None,
    holder: str = "",
    moving: Appointment | None = None,
    count: int = 3,
) -> list[Slot]:
    """Return up to ``count`` slots closest to ``starts_at``, ordered by start."""
    query = SlotQuery(service, now, practitioner, location, new_patient, holder, moving)
    schedules = load_schedules(query, *widest_horizon(query))
    return closest(
        query, starts_at, count, lambda first, last: slots_in(with_occupied(schedules, first, last), first, last)
    )


def closest(
    query: SlotQuery, starts_at: datetime, count: int, between: Callable[[date, date], list[Slot]]
) -> list[Slot]:
    """Return up to ``count`` of the slots that ``between(first, last)`` returns, closest to ``starts_at``, ordered."""
    earliest, latest = widest_horizon(query)
    day = min(max(starts_at.astimezone(UTC).date(), earliest), latest)
    slots: list[Slot] = []
    for days in (3, 14, query.days_ahead + 1):
        reach = timedelta(days=days)
        slots = between(max(day - reach, earliest), min(day + reach, latest))
        if len(slots) >= count:
            break
    by_distance = sorted(slots, key=lambda slot: (abs(slot.starts_at - starts_at), slot.starts_at))
    return sorted(by_distance[:count])


def slot_taken(query: SlotQuery, starts_at: datetime, message: str = "") -> SlotTaken:
    """Build the SlotTaken exception with the nearest available slots."""
    nearest = nearest_slots(
        service=query.service,
        starts_at=starts_at,
        now=query.now,
        practitioner=query.practitioner,
        location=query.location,
        new_patient=query.new_patient,
        holder=query.holder,
        moving=query.moving,
    )
    return SlotTaken(message, nearest=nearest) if message else SlotTaken(nearest=nearest)
