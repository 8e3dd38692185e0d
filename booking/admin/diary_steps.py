"""One-click status changes of an appointment: arrived, attended, no-show, and back to booked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from booking import scheduling
from booking.models import Appointment, Status
from booking.scheduling import Actor, SchedulingError
from booking.staff.formats import span


@dataclass(frozen=True)
class StatusAction:
    """A status change: ``slug`` in its URL, ``label`` on its button, the new status, and its scheduling command."""

    slug: str
    label: str
    status: Status
    command: Callable[..., Appointment]


ARRIVED = StatusAction("arrived", "Arrived", Status.ARRIVED, scheduling.check_in)
ATTENDED = StatusAction("attended", "Attended", Status.FULFILLED, scheduling.fulfil)
NO_SHOW = StatusAction("no-show", "No-show", Status.NOSHOW, scheduling.mark_no_show)
UNDO = StatusAction("undo", "Back to booked", Status.BOOKED, scheduling.undo_mark)
STEPS = {step.slug: step for step in (ARRIVED, ATTENDED, NO_SHOW, UNDO)}

_NEXT = {Status.BOOKED: [ARRIVED, NO_SHOW], Status.ARRIVED: [ATTENDED]}
_CORRECTIONS = {
    Status.ARRIVED: [NO_SHOW, UNDO],
    Status.FULFILLED: [ARRIVED, NO_SHOW, UNDO],
    Status.NOSHOW: [ARRIVED, ATTENDED, UNDO],
}


def next_steps(appointment: Appointment, *, now: datetime, with_corrections: bool = False) -> list[StatusAction]:
    """The status changes to offer as buttons; the same rule as in the commands decides."""
    status = Status(appointment.status)
    steps = _NEXT.get(status, []) + (_CORRECTIONS.get(status, []) if with_corrections else [])
    return [step for step in steps if not scheduling.why_not_mark(appointment, step.status, now=now)]


def appointment_label(appointment: Appointment) -> str:
    """The patient and the time of an appointment, for messages to staff."""
    return f"{appointment.patient or 'A held time'}, {span(appointment)}"


def apply_status(request: HttpRequest, appointments: Iterable[Appointment], step: StatusAction) -> None:
    """Run a status change on each appointment, adding a success or error message for each."""
    for appointment in appointments:
        try:
            step.command(appointment=appointment, by=Actor.staff(request.user), now=timezone.now())
        except SchedulingError as error:
            messages.error(request, f"{appointment_label(appointment)}: {error.message}")
        else:
            messages.success(request, f"{appointment_label(appointment)}: {step.label.lower()}.")
