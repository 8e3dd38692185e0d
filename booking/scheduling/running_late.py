"""Command: a practitioner is running late today. The desk sees it; the next patient is told if they wish."""

from datetime import date, datetime, timedelta

from django.db import transaction

from booking import messages
from booking.models import Appointment, Practitioner, RunningLate, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.change import lock_appointment
from booking.scheduling.exceptions import WrongStatus

LONGEST_DELAY = timedelta(hours=2)


def say_running_late(
    *,
    practitioner: Practitioner,
    on: date,
    late_by: timedelta,
    by: Actor,
    now: datetime,
    tell: Appointment | None = None,
) -> bool:
    """Record how late the practitioner is on this local day; zero: on time again. Returns whether ``tell`` is told.

    ``tell`` is the next visit, whose patient gets a message if they have an address and do not know of it yet.
    Raises WrongStatus if it is no longer ahead.
    """
    if not by.is_staff or not timedelta(0) <= late_by <= LONGEST_DELAY:
        raise WrongStatus("This delay can't be recorded.")
    with transaction.atomic():
        if not late_by:
            RunningLate.objects.filter(practitioner=practitioner, on=on).delete()
            return False
        RunningLate.objects.update_or_create(
            practitioner=practitioner, on=on, defaults={"late_by": late_by, "said_at": now}
        )
        if tell is None:
            return False
        visit = lock_appointment(tell)
        is_next = visit.practitioner_id == practitioner.pk and visit.local_on == on
        if not is_next or visit.status != Status.BOOKED or visit.starts_at + late_by <= now:
            raise WrongStatus("This visit has changed meanwhile. Please look at your day again.")
        return messages.enqueue_running_late(visit, late_minutes=late_by // timedelta(minutes=1), now=now)
