"""Which room a visit gets (R12)."""

from datetime import datetime

from booking.models import Appointment, Room


def pick_room(appointment: Appointment, now: datetime) -> Room | None:
    """The first usable room at the appointment's location that is free for it, or None."""
    rooms = list(Room.objects.filter(location=appointment.location_id, is_active=True).order_by("position", "pk"))
    others = Appointment.objects.occupying(now=now).exclude(pk=appointment.pk)
    taken = set(
        others.filter(room__in=rooms, starts_at__lt=appointment.ends_at, ends_at__gt=appointment.starts_at).values_list(
            "room", flat=True
        )
    )
    return next((room for room in rooms if room.pk not in taken), None)
