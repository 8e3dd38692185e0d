"""What visits cost: each service with its fee, or its fees where people ask different ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from booking.models import PractitionerService, Service


@dataclass(frozen=True)
class FeeRow:
    """One service. ``lowest`` and ``highest`` differ only where practitioners have own prices."""

    service: Service
    lowest: Decimal
    highest: Decimal
    shortest: timedelta
    longest: timedelta


def fee_rows(services: QuerySet[Service]) -> list[FeeRow]:
    """In the clinic's order, in two queries however many services there are."""
    offers = PractitionerService.objects.filter(practitioner__is_active=True).select_related("service")
    return [
        _row(service, service.practitioner_services.all())
        for service in services.prefetch_related(Prefetch("practitioner_services", queryset=offers))
    ]


def _row(service: Service, offers: Iterable[PractitionerService]) -> FeeRow:
    prices = [offer.price for offer in offers] or [service.price]
    durations = [offer.duration for offer in offers] or [service.duration]
    return FeeRow(service, min(prices), max(prices), min(durations), max(durations))
