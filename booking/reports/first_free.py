"""A task of the worker: measure once a day how far ahead the first free times are."""

from datetime import datetime

from django.utils import timezone

from booking import scheduling
from booking.models import FirstFreeTime, Location, Service


def measure_daily() -> str:
    """Store today's first free times. What was stored today already stays."""
    count = measure(now=timezone.now())
    return f"Measured {count} first free times." if count else ""


def measure(*, now: datetime) -> int:
    """Return how many practitioners' first free times were found, of all services and locations."""
    rows = [
        FirstFreeTime(
            day=today,
            location=location,
            service=service,
            practitioner_id=practitioner_id,
            days_ahead=(slot.starts_at.astimezone(location.zone).date() - today).days,
        )
        for location in Location.objects.all()
        for today in [now.astimezone(location.zone).date()]
        for service in Service.objects.bookable()
        for practitioner_id, slot in scheduling.next_slot_by_practitioner(
            service=service, now=now, location=location
        ).items()
    ]
    FirstFreeTime.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
