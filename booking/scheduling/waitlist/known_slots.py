"""Known slots: starts that were available when a person joined the waitlist.

The person saw them and waits for something else, so they are not offered until they have been taken once.
Otherwise the person would be offered each of them first, one per hour, and nobody else could book them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from booking.models import Appointment, Status, WaitlistEntry
from booking.scheduling.slots.data import LONGEST_BUFFER
from booking.scheduling.slots.search import available_slots
from booking.scheduling.waitlist.matching import FreeSlot


def slots_at_joining(entry: WaitlistEntry, *, now: datetime) -> list[int]:
    """Return the available starts that match the entry's days, practitioner and location, as Unix timestamps."""
    slots = available_slots(
        service=entry.service,
        now=now,
        first_on=entry.first_on,
        last_on=entry.last_on,
        practitioner=entry.practitioner,
        location=entry.location,
        new_patient=entry.is_first_visit,
    )
    return sorted({int(slot.starts_at.timestamp()) for slot in slots})


def known_slots(
    entries: Iterable[WaitlistEntry], free: Mapping[int, Sequence[FreeSlot]], now: datetime
) -> dict[int, frozenset[datetime]]:
    """Return the known starts by entry id, after removing (in the database, too) those taken since.

    A hold does not count as taken, so a known start that a visitor only held is not offered.
    """
    known = {entry.pk: set(entry.known_starts) for entry in entries}
    if any(known.values()):
        held_ranges = _held_ranges(now)
        for entry in entries:
            open_now = {
                int(slot.starts_at.timestamp())
                for slot in free.get(entry.service_id, ())
                if slot.location == entry.location_id
                and (entry.practitioner_id is None or entry.practitioner_id in slot.practitioners)
            }
            remaining = {
                start
                for start in known[entry.pk]
                if start in open_now or any(first <= start <= last for first, last in held_ranges)
            }
            if remaining != known[entry.pk]:
                known[entry.pk] = remaining
                WaitlistEntry.objects.filter(pk=entry.pk).update(known_starts=sorted(remaining))
    return {pk: frozenset(datetime.fromtimestamp(start, UTC) for start in starts) for pk, starts in known.items()}


def _held_ranges(now: datetime) -> list[tuple[float, float]]:
    """Ranges of Unix timestamps in which live holds may hide a start, widened by the longest buffer."""
    live = Appointment.objects.filter(status=Status.HELD, hold_expires_at__gt=now).order_by()
    return [
        ((starts_at - LONGEST_BUFFER).timestamp(), (ends_at + LONGEST_BUFFER).timestamp())
        for starts_at, ends_at in live.values_list("starts_at", "ends_at")
    ]
