"""How many visits a working day holds with a service's settings, and how many could fit (R5).

A step that does not suit the length and the buffers of a visit costs capacity: with 45 minutes, a buffer of 10 and a
step of 45, nine hours with a lunch break take 5 visits where 8 fit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from booking import availability
from booking.availability import ONE_DAY, LocationDay, Request, Schedule
from booking.models import Practitioner, PractitionerService, Service
from booking.scheduling.slots.schedules import schedules_for_service

FINEST_STEP = timedelta(minutes=5)  # Enforced by a constraint on Service.


@dataclass(frozen=True)
class DayCapacity:
    """A practitioner's longest working day in a week: the visits that it holds, and the most that could fit."""

    practitioner: Practitioner
    day: date
    visits: int
    most: int

    @property
    def lost(self) -> int:
        return self.most - self.visits


def day_capacities(
    services: Iterable[Service], *, today: date, step: timedelta | None = None
) -> dict[int, list[DayCapacity]]:
    """The capacities by service id, of each active practitioner with hours in the week from ``today``.

    ``step``: instead of the services' own. Six database queries.
    """
    by_pk = {service.pk: service for service in services}
    rows = PractitionerService.objects.filter(service__in=by_pk, practitioner__is_active=True)
    offers = list(rows.select_related("practitioner").order_by("practitioner__position", "practitioner_id"))
    days = [today + number * ONE_DAY for number in range(7)]
    hours = schedules_for_service({offer.practitioner_id for offer in offers}, days[0], days[-1])
    capacities: dict[int, list[DayCapacity]] = {pk: [] for pk in by_pk}
    for offer in offers:
        service = by_pk[offer.service_id]
        schedule = hours.schedules[offer.practitioner_id]
        # An ordinary week, without overrides and time off.
        usual = Schedule(weekly=schedule.weekly, breaks=schedule.breaks)
        places = [LocationDay(pk, ZoneInfo(zone)) for pk, zone in hours.zones[offer.practitioner_id].items()]
        own_step, finest = _request(service, offer, step), _request(service, offer, FINEST_STEP)
        by_day = [
            DayCapacity(
                offer.practitioner,
                day,
                availability.visits_that_fit(usual, place, own_step, day),
                availability.visits_that_fit(usual, place, finest, day),
            )
            for place in places
            for day in days
        ]
        longest = max(by_day, key=lambda capacity: capacity.most, default=None)
        if longest is not None and longest.most:
            capacities[service.pk].append(longest)
    return capacities


def _request(service: Service, offer: PractitionerService, step: timedelta | None) -> Request:
    length = offer.own_duration or service.duration
    return Request(length, step or service.step or length, service.buffer_before, service.buffer_after)
