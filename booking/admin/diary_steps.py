"""Status changes of the appointments selected in the diary: arrived, attended, no-show."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from booking import scheduling
from booking.models import Appointment
from booking.scheduling import Actor, SchedulingError
from booking.staff.formats import span


@dataclass(frozen=True)
class StatusAction:
    """A status change: its label, and its scheduling command."""

    label: str
    command: Callable[..., Appointment]


ARRIVED = StatusAction("Arrived", scheduling.check_in)
ATTENDED = StatusAction("Attended", scheduling.fulfil)
NO_SHOW = StatusAction("No-show", scheduling.mark_no_show)


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
