"""When reminders leave: as long before the visit as its service says, and never at night.

No reminder leaves between 9 pm and 8 am on the clock of the visit's place: a phone that lights up
then wakes somebody. One that would be due at night leaves at 8 pm the evening before. Earlier, not
later: the reminder of an early visit would otherwise come when its patient is on the way. A worker
that was away until the night keeps what it has until 8 am, if that still helps.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from booking.models import Appointment

NIGHT_BEGINS, NIGHT_ENDS = time(21), time(8)
EVENING = time(20)


def reminders_of(appointment: Appointment) -> Iterator[tuple[int, datetime]]:
    """How many hours before, and when it leaves (UTC), in this order; nobody gets two at one instant."""
    last = None
    for before in appointment.service.reminders_before:
        hours = int(before.total_seconds()) // 3600
        due_at = reminder_due(appointment, hours)
        if last is None or due_at > last:
            yield hours, due_at
        last = due_at


def reminder_due(appointment: Appointment, hours_before: int) -> datetime:
    """When a reminder so many hours before the visit leaves (UTC): then, or the evening before that night."""
    due_at = appointment.starts_at - timedelta(hours=hours_before)
    local = due_at.astimezone(appointment.location.zone)
    if not is_night(local.time()):
        return due_at
    evening = local.date() if local.time() >= NIGHT_BEGINS else local.date() - timedelta(days=1)
    return datetime.combine(evening, EVENING, tzinfo=appointment.location.zone).astimezone(UTC)


def useful_until(appointment: Appointment, hours_before: int) -> datetime:
    """A reminder that is late gives way to the next one: nobody gets two at once."""
    own = reminder_due(appointment, hours_before)
    later = [due_at for _hours, due_at in reminders_of(appointment) if due_at > own]
    return min(later, default=appointment.starts_at)


def morning_after(appointment: Appointment, now: datetime) -> datetime | None:
    """When the night that ``now`` falls into ends where the visit is (UTC); None by day."""
    local = now.astimezone(appointment.location.zone)
    if not is_night(local.time()):
        return None
    day = local.date() + timedelta(days=local.time() >= NIGHT_BEGINS)
    return datetime.combine(day, NIGHT_ENDS, tzinfo=appointment.location.zone).astimezone(UTC)


def is_night(wall: time) -> bool:
    """From 9:00 pm on, and before 8:00 am."""
    return wall >= NIGHT_BEGINS or wall < NIGHT_ENDS
