"""Bookings and holds from the same network as a visit: known for a week, and as a keyed hash only."""

from datetime import datetime, timedelta

from django.db.models import Q

from booking.models import Appointment, AppointmentQuerySet

KNOWN_FOR = timedelta(days=7)


def from_source(visit: Appointment, *, now: datetime) -> AppointmentQuerySet:
    """Everything chosen or booked online from the visit's network within a week, the visit included."""
    if not visit.source:
        return Appointment.objects.none()
    is_same = Q(source=visit.source)
    if visit.source_site:  # The IPv6 /48 around it.
        is_same |= Q(source_site=visit.source_site)
    return Appointment.objects.filter(is_same, created_at__gte=now - KNOWN_FOR)


def others_from_source(visit: Appointment, *, now: datetime) -> AppointmentQuerySet:
    return from_source(visit, now=now).exclude(pk=visit.pk)
