"""Arrived, attended, did not come: the one-click steps of a visit, and who may take them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from booking import scheduling
from booking.admin.words import span
from booking.models import Appointment, Status
from booking.scheduling import Actor, Refused


@dataclass(frozen=True)
class Step:
    """``slug`` stands in the step's address; ``label`` on its button."""

    slug: str
    label: str
    command: Callable[..., Appointment]


ARRIVED = Step("arrived", "Arrived", scheduling.check_in)
ATTENDED = Step("attended", "Attended", scheduling.fulfil)
NO_SHOW = Step("no-show", "Did not come", scheduling.mark_no_show)
STEPS = {step.slug: step for step in (ARRIVED, ATTENDED, NO_SHOW)}

_NEXT = {Status.BOOKED: [ARRIVED, NO_SHOW], Status.ARRIVED: [ATTENDED]}
_MENDING = {Status.ARRIVED: [NO_SHOW], Status.FULFILLED: [NO_SHOW], Status.NOSHOW: [ARRIVED, ATTENDED]}


def next_steps(appointment: Appointment, *, now: datetime, with_mending: bool = False) -> list[Step]:
    """Which buttons help here. The commands decide anew; this only keeps useless ones away."""
    status = Status(appointment.status)
    if appointment.local_start.date() > now.astimezone(appointment.location.zone).date():
        return []
    steps = _NEXT.get(status, []) + (_MENDING.get(status, []) if with_mending else [])
    return [step for step in steps if step is not NO_SHOW or appointment.starts_at <= now]


def name_of(appointment: Appointment) -> str:
    """How a message to staff names a visit: whose, and when."""
    return f"{appointment.patient or 'A held time'}, {span(appointment)}"


def take_step(request: HttpRequest, appointments: Iterable[Appointment], step: Step) -> None:
    """Run a step's command on each appointment and say, for each, whether it worked."""
    for appointment in appointments:
        try:
            step.command(appointment=appointment, by=Actor.staff(request.user), now=timezone.now())
        except Refused as refused:
            messages.error(request, f"{name_of(appointment)}: {refused.message}")
        else:
            messages.success(request, f"{name_of(appointment)}: {step.label.lower()}.")
