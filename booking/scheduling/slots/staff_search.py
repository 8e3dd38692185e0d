"""Free times for staff: the real gaps, without lead time, horizon, grid and audience."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from booking.models import Appointment, Location, Practitioner, Service
from booking.scheduling.slots.data import AvailabilityData, load_schedules, with_occupied
from booking.scheduling.slots.search import closest, slots_between, slots_in, widest_horizon
from booking.scheduling.types import Slot, SlotQuery

STEP = timedelta(minutes=5)
SHOWN_EVERY = timedelta(minutes=15)  # Besides the first start of each gap.
DAYS_AHEAD = 730


def free_times_for_staff(
    *,
    service: Service,
    now: datetime,
    first_on: date,
    last_on: date,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    moving: Appointment | None = None,
) -> list[Slot]:
    """Free starts from now on, on these local days: every 15 minutes, and the first of each gap."""
    return thinned_out(slots_between(query_for_staff(service, now, practitioner, location, moving), first_on, last_on))


def nearest_for_staff(
    *,
    service: Service,
    starts_at: datetime,
    now: datetime,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    moving: Appointment | None = None,
    count: int = 3,
) -> list[Slot]:
    """Up to ``count`` of these starts closest to ``starts_at``, ordered by start."""
    query = query_for_staff(service, now, practitioner, location, moving)
    return nearest_in(load_schedules(query, *widest_horizon(query)), starts_at, count)


def nearest_in(schedules: AvailabilityData, starts_at: datetime, count: int) -> list[Slot]:
    """``nearest_for_staff`` with schedules that are loaded already, without occupied time."""

    def between(first: date, last: date) -> list[Slot]:
        return thinned_out(slots_in(with_occupied(schedules, first, last), first, last))

    return closest(schedules.query, starts_at, count, between)


def query_for_staff(
    service: Service,
    now: datetime,
    practitioner: Practitioner | None,
    location: Location | None,
    moving: Appointment | None,
) -> SlotQuery:
    return SlotQuery(
        service,
        now,
        practitioner,
        location,
        moving=moving,
        lead_time=timedelta(0),
        step=STEP,
        horizon_days=DAYS_AHEAD,
    )


def thinned_out(slots: Iterable[Slot]) -> list[Slot]:
    """Drop the starts between the quarters of an hour at which no gap begins."""
    slots = list(slots)
    free = {(slot.location_id, slot.starts_at): set(slot.practitioner_ids) for slot in slots}
    return [
        slot
        for slot in slots
        if slot.starts_at.minute % (SHOWN_EVERY // timedelta(minutes=1)) == 0
        or set(slot.practitioner_ids) - free.get((slot.location_id, slot.starts_at - STEP), set())
    ]
