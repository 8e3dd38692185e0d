"""The rows of a basket: the times that a visitor has chosen to book together, which share a series."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from booking.models import CHOSEN, Appointment, Location, Status

LONGEST = timedelta(minutes=40)  # From the first choice on: the whole basket is held no longer.
MOST_CHOICES = 40  # How many times one basket may hold and return, so that pressing to and fro has an end.


@dataclass(frozen=True)
class Basket:
    """``visits`` are ordered by start: the times in the basket, held, lapsed or already booked from it.

    ``begun_at``: when the first time was chosen; None before. ``choices``: how many were, with those returned since.
    """

    id: UUID
    visits: Sequence[Appointment] = ()
    begun_at: datetime | None = None
    choices: int = 0

    def live(self, now: datetime) -> list[Appointment]:
        """The times that are held, or chosen and not held, and have not run out."""
        return [visit for visit in self.visits if visit.status in CHOSEN and not visit.has_ended(now)]

    def held_until(self, now: datetime) -> datetime:
        """The end of the whole basket if a time is chosen now, or more time is asked for."""
        latest = (self.begun_at or now) + LONGEST
        return min(now + settings.BOOKING_HOLD, latest)

    def can_be_held(self, now: datetime) -> bool:
        return now < self.held_until(now)

    @property
    def people(self) -> set[int]:
        return {visit.practitioner_id for visit in self.visits}

    @property
    def locations(self) -> list[Location]:
        return [visit.location for visit in self.visits]


def load_basket(basket_id: UUID, holder: str, *, locked: bool = False) -> Basket:
    """Load a basket in one query; ``locked`` locks its rows. A time that was returned belongs to nobody any more."""
    rows = Appointment.objects.filter(series=basket_id).select_related("service", "practitioner", "location", "room")
    # In order of primary key, to prevent deadlocks.
    all_rows = list(rows.order_by("pk").select_for_update(of=("self",)) if locked else rows.order_by("pk"))
    mine = [row for row in all_rows if row.hold_key == holder or row.status in (Status.BOOKED, Status.UNCONFIRMED)]
    return Basket(
        id=basket_id,
        visits=sorted(mine, key=lambda row: (row.starts_at, row.pk)),
        begun_at=min((row.created_at for row in all_rows), default=None),
        choices=len(all_rows),
    )
