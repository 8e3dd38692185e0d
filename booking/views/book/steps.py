"""The live hold of a session, and the step that follows it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from booking.models import Appointment
from booking.views.session import BookingSession


def next_step(session: BookingSession, hold: Appointment) -> str:
    """URL after a slot is held: emergency signs if shown, else the details, or the check if these are complete."""
    if session.has_complete_answers:
        return reverse("booking:check")
    has_read_signs = bool(session.answers)  # The details step follows the signs.
    shows_signs = hold.service.shows_signs_to(hold.is_first_visit) and not has_read_signs
    return reverse("booking:safety" if shows_signs else "booking:details")


def step_after(session: BookingSession, holds: Sequence[Appointment]) -> str:
    """The step after these times are held: the emergency signs if one of them shows any."""
    showing = [hold for hold in holds if hold.service.shows_signs_to(hold.is_first_visit)]
    return next_step(session, (showing or holds)[0])


def hold_summary(session: BookingSession, now: datetime) -> dict[str, Any]:
    """Context about the live hold of this session: the hold, its end and the next step; else empty."""
    hold = session.chosen_hold()
    if hold is None or not hold.is_live_hold(now):
        return {}
    held_until = hold.hold_expires_at and hold.hold_expires_at.astimezone(hold.location.zone)
    return {"hold": hold, "held_until": held_until, "go_on": next_step(session, hold)}
