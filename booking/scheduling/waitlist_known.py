"""What was free already when somebody joined the waitlist: they saw it and wait for something else.

Such a start is no news to them until it was taken once. Without this, whoever joined while other times
were free would be offered those first, one an hour, and each would be kept from everybody else.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from booking.models import Appointment, Status, WaitlistEntry
from booking.scheduling.facts import LONGEST_BUFFER
from booking.scheduling.openings import open_starts
from booking.scheduling.turns import FreeTime


def free_at_joining(entry: WaitlistEntry, *, now: datetime) -> list[int]:
    """The starts on the days they wait for that anybody can book now, in seconds since 1970 (UTC)."""
    openings = open_starts(
        service=entry.service,
        now=now,
        first_on=entry.first_on,
        last_on=entry.last_on,
        practitioner=entry.practitioner,
        location=entry.location,
        new_patient=entry.is_first_visit,
    )
    return sorted({int(opening.starts_at.timestamp()) for opening in openings})


def still_known(
    entries: Iterable[WaitlistEntry], free: Mapping[int, Sequence[FreeTime]], now: datetime
) -> dict[int, frozenset[datetime]]:
    """For each entry the starts that are no news; those that have been taken since are forgotten for good.

    A hold takes nothing yet: times that others only looked at do not come free.
    """
    known = {entry.pk: set(entry.known_starts) for entry in entries}
    if any(known.values()):
        held = _held(now)
        for entry in entries:
            open_now = {
                int(one.starts_at.timestamp())
                for one in free.get(entry.service_id, ())
                if one.location == entry.location_id
                and (entry.practitioner_id is None or entry.practitioner_id in one.practitioners)
            }
            kept = {
                start
                for start in known[entry.pk]
                if start in open_now or any(first <= start <= last for first, last in held)
            }
            if kept != known[entry.pk]:
                known[entry.pk] = kept
                WaitlistEntry.objects.filter(pk=entry.pk).update(known_starts=sorted(kept))
    return {pk: frozenset(datetime.fromtimestamp(start, UTC) for start in starts) for pk, starts in known.items()}


def _held(now: datetime) -> list[tuple[float, float]]:
    """Where holds may hide a start: as far about each as any visit or buffer reaches."""
    live = Appointment.objects.filter(status=Status.HELD, hold_expires_at__gt=now).order_by()
    return [
        ((starts_at - LONGEST_BUFFER).timestamp(), (ends_at + LONGEST_BUFFER).timestamp())
        for starts_at, ends_at in live.values_list("starts_at", "ends_at")
    ]
