"""A government changed its clocks: bring the instants of what lies ahead back to the promised wall times.

The promise is a day and a time on the clock of a place. The instants beside it were worked out
with the zone data of the day it was made; here they are worked out again with the data now in force.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from booking import messages
from booking.models import Appointment, AppointmentEvent, Status
from booking.scheduling.actors import Actor
from booking.scheduling.locks import everything_locked
from booking.scheduling.record import expire, lapsed_holds, snapshot
from booking.scheduling.wall_times import Standing, lying_ahead, settle
from booking.words import clock

_Kind = AppointmentEvent.Kind

_Item = TypeVar("_Item")
BATCH = 200  # rows in one statement
_FIELDS = [
    "status", "starts_at", "ends_at", "local_on", "local_time", "local_fold", "room", "sequence", "overbooked_reason",
    "updated_at",
]  # fmt: skip
_STEPPED_ASIDE = "Clocks are being changed"


@dataclass(frozen=True)
class Moved:
    """An appointment whose instant moved by ``shift`` (negative: it is earlier now)."""

    reference: str
    time_zone: str
    shift: timedelta


@dataclass(frozen=True)
class Collided:
    """An appointment that is now at the same time as ``others``, and was marked as overbooked."""

    reference: str
    others: tuple[str, ...]
    starts_at: datetime
    time_zone: str


@dataclass(frozen=True)
class Vanished:
    """A promised wall time that the clock skips now, and the one that took its place (both local)."""

    reference: str
    promised: datetime
    becomes: datetime


@dataclass(frozen=True)
class Retimed:
    """What a change of zone data did: references, which say nothing about a patient. In order of time."""

    moved: tuple[Moved, ...] = ()
    collided: tuple[Collided, ...] = ()
    vanished: tuple[Vanished, ...] = ()
    shown_twice: tuple[str, ...] = ()  # The clock shows these wall times twice; which one is kept with each.
    other_room: tuple[str, ...] = ()
    holds_moved: int = 0
    holds_released: int = 0


def retime(*, now: datetime, dry_run: bool = False) -> Retimed:
    """Work out again every instant that lies ahead; tell who holds a calendar entry; report.

    What is past by the old data and by the new is never touched. One transaction, in which nobody
    else decides about anybody's time: nobody ever sees a diary half on the old clock. The site waits for it, a
    few seconds for thousands of visits. Done again, or with nothing to do, it changes nothing.
    ``dry_run`` reports the same and writes nothing. Raises Refused for a zone that the data does not know.
    """
    with everything_locked():
        if not dry_run:
            expire(lapsed_holds(now), kind=_Kind.EXPIRED, by=Actor.system(), now=now)
        rows = lying_ahead(now)
        settle([row for row in rows if row.takes_time])
        changed = [row for row in rows if row.is_changed]
        report = _report(rows)
        if changed and not dry_run:
            _write(changed, now)
        return report


def _write(rows: list[Standing], now: datetime) -> None:
    """Move the rows, record it, and queue what people are told.

    No order of single moves always works: two visits may trade places when one zone moves
    forward and another back. So all of them step out of the database's guard first, together,
    and each comes back to it at its new time.
    """
    events = []
    _step_aside(rows)
    for row in rows:
        before = snapshot(row.appointment)
        note = _change(row)
        row.appointment.save(update_fields=_FIELDS)
        events.append(
            AppointmentEvent(
                appointment=row.appointment,
                kind=_Kind.RETIMED,
                at=now,
                actor_kind=Actor.system().kind,
                before=before,
                after=snapshot(row.appointment),
                note=note,
            )
        )
    AppointmentEvent.objects.bulk_create(events, batch_size=BATCH)
    _tell(rows, now)


def _step_aside(rows: list[Standing]) -> None:
    for batch in _batches([row.appointment.pk for row in rows]):
        Appointment.objects.filter(pk__in=batch).update(overbooked_reason=_STEPPED_ASIDE)


def _batches(items: list[_Item]) -> Iterator[list[_Item]]:
    for first in range(0, len(items), BATCH):
        yield items[first : first + BATCH]


def _change(row: Standing) -> str:
    """Put the appointment where its promise is; the sentence that its event keeps."""
    appointment, local = row.appointment, row.local
    appointment.starts_at, appointment.ends_at = row.becomes.start, row.becomes.end
    appointment.room_id = row.room
    if row.moves or row.is_skipped:
        appointment.local_on, appointment.local_time, appointment.local_fold = local.date(), local.time(), local.fold
        if row.takes_time and not row.is_hold:
            appointment.sequence += 1
    if not row.meets:
        if row.is_skipped:
            return f"The clock skips {clock(row.promised)} on this day now; the next time is {clock(local)}."
        return f"It stays at {clock(local)} on the clock."
    if row.is_hold:
        appointment.status = Status.EXPIRED
        return "Given up: the clocks have changed, and its time is taken."
    reason = f"The clocks have changed: now at the same time as {_some(row.meets)}."
    appointment.overbooked_reason = appointment.overbooked_reason or reason
    return reason


def _some(rows: list[Standing]) -> str:
    names = [row.appointment.reference for row in rows[:5]]
    return ", ".join(names) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")


def _tell(rows: list[Standing], now: datetime) -> None:
    """The wall time stands for nearly everybody, so that only calendars and reminders are mended."""
    quiet = []
    for row in rows:
        if row.is_skipped and row.appointment.status == Status.BOOKED:
            messages.rescheduled(row.appointment, now=now)
        elif row.moves and not row.is_hold:
            quiet.append(row.appointment)
    for batch in _batches(quiet):
        messages.clocks_changed(batch, now=now)


def _report(rows: list[Standing]) -> Retimed:
    ahead = sorted((row for row in rows if row.lies_ahead), key=lambda row: (row.becomes.start, row.appointment.pk))
    agreed = [row for row in ahead if not row.is_hold]
    holds = [row for row in ahead if row.is_hold and row.takes_time]
    return Retimed(
        moved=tuple(
            Moved(row.appointment.reference, row.appointment.time_zone, row.becomes.start - row.was.start)
            for row in agreed
            if row.moves
        ),
        collided=tuple(
            Collided(
                row.appointment.reference,
                tuple(other.appointment.reference for other in row.meets),
                row.becomes.start,
                row.appointment.time_zone,
            )
            for row in agreed
            if row.meets
        ),
        vanished=tuple(
            Vanished(row.appointment.reference, row.promised, row.local) for row in agreed if row.is_skipped
        ),
        shown_twice=tuple(row.appointment.reference for row in agreed if row.takes_time and row.is_shown_twice),
        other_room=tuple(row.appointment.reference for row in agreed if row.room != row.appointment.room_id),
        holds_moved=sum(row.moves and not row.meets for row in holds),
        holds_released=sum(bool(row.meets) for row in holds),
    )
