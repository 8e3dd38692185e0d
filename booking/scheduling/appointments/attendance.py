"""Command: the patient says that they will come."""

from datetime import datetime

from django.db import transaction

from booking.models import Appointment, AppointmentEvent, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.change import lock_appointment
from booking.scheduling.events import add_event, appointment_state
from booking.scheduling.exceptions import WrongStatus


def confirm_attendance(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Record that the patient will come. Does nothing if they have said so; moving the appointment resets it.

    Raises WrongStatus unless the appointment is still ahead.
    """
    with transaction.atomic():
        current = lock_appointment(appointment)
        if current.attendance_confirmed_at is not None:
            return current
        if current.status != Status.BOOKED or current.starts_at <= now:
            raise WrongStatus("This appointment is no longer ahead.")
        before = appointment_state(current)
        current.attendance_confirmed_at = now
        current.save(update_fields=["attendance_confirmed_at", "updated_at"])
        add_event(current, AppointmentEvent.Kind.ATTENDANCE, by=by, now=now, before=before)
        return current
