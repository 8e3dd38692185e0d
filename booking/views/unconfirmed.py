"""What pages say about a booking that waits to be confirmed, or was not confirmed in time."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from booking.models import Appointment
from booking.views.query_params import SearchParams, times_url


def unconfirmed_context(appointment: Appointment) -> dict[str, Any]:
    """Context of every page about a booking that waits to be confirmed."""
    params = SearchParams(new_patient=appointment.is_first_visit, location=appointment.location)
    until = appointment.hold_expires_at
    return {
        "appointment": appointment,
        "service": appointment.service,
        "patient": appointment.patient,
        "confirm_until": until and until.astimezone(appointment.location.zone),
        "times": times_url(appointment.service, params, day=appointment.local_on),
    }


def lapsed_page(request: HttpRequest, appointment: Appointment) -> HttpResponse | None:
    """The page about a booking that was not confirmed in time (410); None while it can be confirmed."""
    if appointment.awaits_confirmation(timezone.now()):
        return None
    return render(request, "booking/appointment/lapsed.html", unconfirmed_context(appointment), status=410)
