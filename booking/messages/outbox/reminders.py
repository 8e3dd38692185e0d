"""Reminder schedule: the service's lead times, with quiet hours at night.

No reminder is sent between 9 p.m. and 8 a.m. local time at the visit's location. One that would be due at night is
due at 8 p.m. the evening before; not later, because for an early visit the next morning is too late. A reminder
that the worker could not send before the night is postponed to 8 a.m., unless it has become useless by then.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from booking.messages.outbox.factory import channel_of
from booking.models import Appointment, Channel, Message

NIGHT_BEGINS, NIGHT_ENDS = time(21), time(8)
EVENING = time(20)
FORM_REMINDER_APART = timedelta(hours=12)  # From an email that asks for the form, too.


def reminders_of(appointment: Appointment) -> Iterator[tuple[int, datetime]]:
    """Yield (hours before, due time in UTC) of each reminder, ordered by due time, without duplicates."""
    last = None
    for lead_time in appointment.service.reminders_before:
        hours = int(lead_time.total_seconds()) // 3600
        due_at = reminder_due(appointment, hours)
        if last is None or due_at > last:
            yield hours, due_at
        last = due_at


def form_reminder_of(appointment: Appointment) -> tuple[int, datetime] | None:
    """Return hours before and due time (UTC) of the reminder of a form; None if the visit's service has none.

    Nor is there one if an email reminder is due at about the same time: that one asks for the form, too.
    """
    form = appointment.service.intake_form
    if form is None or form.remind_days is None:
        return None
    hours = 24 * form.remind_days
    due_at = reminder_due(appointment, hours)
    is_beside_another = any(abs(other - due_at) <= FORM_REMINDER_APART for _hours, other in reminders_of(appointment))
    if is_beside_another and channel_of(appointment, Message.Kind.REMINDER) == Channel.EMAIL:
        return None
    return hours, due_at


def reminder_due(appointment: Appointment, hours_before: int) -> datetime:
    """Return when the reminder is due (UTC), moved to the evening before if that is at night."""
    due_at = appointment.starts_at - timedelta(hours=hours_before)
    local = due_at.astimezone(appointment.location.zone)
    if not is_night(local.time()):
        return due_at
    evening = local.date() if local.time() >= NIGHT_BEGINS else local.date() - timedelta(days=1)
    return datetime.combine(evening, EVENING, tzinfo=appointment.location.zone).astimezone(UTC)


def useful_until(appointment: Appointment, hours_before: int) -> datetime:
    """Return the instant from which a late reminder is useless: the next reminder, or the start of the visit."""
    own_due_at = reminder_due(appointment, hours_before)
    later_due_at = [due_at for _hours, due_at in reminders_of(appointment) if due_at > own_due_at]
    return min(later_due_at, default=appointment.starts_at)


def morning_after(appointment: Appointment, now: datetime) -> datetime | None:
    """Return the end (UTC) of the quiet hours at the visit's location, or None if ``now`` is outside them."""
    local = now.astimezone(appointment.location.zone)
    if not is_night(local.time()):
        return None
    day = local.date() + timedelta(days=local.time() >= NIGHT_BEGINS)
    return datetime.combine(day, NIGHT_ENDS, tzinfo=appointment.location.zone).astimezone(UTC)


def is_night(local_time: time) -> bool:
    """Whether a local time is within the quiet hours: from 9 p.m., before 8 a.m."""
    return local_time >= NIGHT_BEGINS or local_time < NIGHT_ENDS
