"""A task of the worker: measure once a day how far ahead the first free times are."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from booking import scheduling
from booking.models import FirstFreeTime, Location, Service


def measure_daily() -> str:
    """Store today's first free times. What was stored today already stays."""
    count = measure(now=timezone.now())
    return f"Measured {count} first free times." if count else ""


def measure(*, now: datetime) -> int:
    """Store a row for each practitioner, service and location with hours, also if there is no free time.

    Return how many first free times were found.
    """
    rows = [row for location in Location.objects.all() for row in _rows_of(location, now)]
    FirstFreeTime.objects.bulk_create(rows, ignore_conflicts=True)
    return sum(row.days_ahead is not None for row in rows)


def _rows_of(location: Location, now: datetime) -> Iterator[FirstFreeTime]:
    today = now.astimezone(location.zone).date()
    hours = location.working_hours.exclude(ends_on__lt=today)
    works_here = set(hours.values_list("practitioner", flat=True))
    for service in Service.objects.bookable():
        slots = scheduling.next_slot_by_practitioner(service=service, now=now, location=location)
        offering = {offer.practitioner_id for offer in scheduling.offers_of_service(service=service, now=now)}
        for person in sorted(slots.keys() | (offering & works_here)):
            slot = slots.get(person)
            ahead = (slot.starts_at.astimezone(location.zone).date() - today).days if slot else None
            yield FirstFreeTime(day=today, location=location, service=service, practitioner_id=person, days_ahead=ahead)
