"""Which room a visit gets (R12)."""

from datetime import datetime

from django.db import connection

from booking.models import OCCUPYING, Appointment, Room, Status

# Written out: Django would be longer in putting it together than any database in answering it.
_FREE = """
    SELECT room.* FROM booking_room room
    WHERE room.location_id = %s AND room.is_active AND NOT EXISTS (
        SELECT 1 FROM booking_appointment visit
        WHERE visit.room_id = room.id AND visit.ends_at > %s AND visit.starts_at < %s AND visit.id <> %s
          AND visit.status IN (OCCUPYING) AND NOT (visit.status = %s AND visit.hold_expires_at <= %s)
    )
    ORDER BY room.position, room.id LIMIT 1
""".replace("OCCUPYING", ", ".join(["%s"] * len(OCCUPYING)))


def pick_room(appointment: Appointment, now: datetime) -> Room | None:
    """The first usable room at the appointment's location that is free for it, or None."""
    instant = connection.ops.adapt_datetimefield_value
    starts_at, ends_at = instant(appointment.starts_at), instant(appointment.ends_at)
    occupying = [str(status) for status in OCCUPYING]
    place = appointment.location_id
    values = [place, starts_at, ends_at, appointment.pk or 0, *occupying, str(Status.HELD), instant(now)]
    return next(iter(Room.objects.raw(_FREE, values)), None)
