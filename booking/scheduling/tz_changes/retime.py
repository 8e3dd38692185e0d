"""Command: recompute the instants of upcoming appointments after a change of time zone data (tzdata).

An appointment is agreed as a local date and wall time. Its stored instants were computed with the tzdata of
the day it was booked, and with the zone that its location had then; ``retime`` computes them again with the
installed tzdata and the location's present zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from booking import messages
from booking.formatting import clock, full_stop
from booking.models import Appointment, AppointmentEvent, Status
from booking.scheduling.actors import Actor
from booking.scheduling.appointments.hold_expiry import expire, lapsed_holds
from booking.scheduling.events import appointment_state
from booking.scheduling.locks import everything_locked
from booking.scheduling.tz_changes.resolve import RetimedAppointment, lock_affected, resolve_conflicts

_Kind = AppointmentEvent.Kind

_Item = TypeVar("_Item")
BATCH_SIZE = 200  # rows per statement
_UPDATED_FIELDS = [
    "status", "starts_at", "ends_at", "local_on", "local_time", "local_fold", "time_zone", "room", "sequence",
    "overbooked_reason", "updated_at",
]  # fmt: skip
_SUSPENDED_REASON = "Clocks are being changed"


@dataclass(frozen=True)
class Moved:
    """An appointment whose instant moved by ``shift`` (negative: earlier)."""

    reference: str
    time_zone: str
    shift: timedelta


@dataclass(frozen=True)
class Overbooked:
    """An appointment that now overlaps ``others`` and was marked as overbooked."""

    reference: str
    others: tuple[str, ...]
    starts_at: datetime
    time_zone: str


@dataclass(frozen=True)
class SkippedTime:
    """An agreed wall time that is now in a gap (skipped by the clock), and its replacement; both local."""

    reference: str
    promised: datetime
    becomes: datetime


@dataclass(frozen=True)
class Retimed:
    """Report of a run, ordered by start. Appointments are named by reference: no patient data."""

    moved: tuple[Moved, ...] = ()
    collided: tuple[Overbooked, ...] = ()
    vanished: tuple[SkippedTime, ...] = ()
    shown_twice: tuple[str, ...] = ()  # Ambiguous wall times; local_fold decides.
    other_room: tuple[str, ...] = ()
    holds_moved: int = 0
    holds_released: int = 0


def retime(*, now: datetime, dry_run: bool = False) -> Retimed:
    """Recompute the instants of upcoming appointments and holds, queue messages and return a report.

    Appointments that are past by both the old and the new tzdata are not changed. Runs in one transaction that
    locks all practitioners and rooms, so bookings wait: a few seconds for thousands of visits. Idempotent.
    ``dry_run`` returns the same report and writes nothing. Raises SchedulingError for an unknown time zone.
    """
    with everything_locked():
        if not dry_run:
            expire(lapsed_holds(now), kind=_Kind.EXPIRED, by=Actor.system(), now=now)
        rows = lock_affected(now)
        resolve_conflicts([row for row in rows if row.occupies_time])
        changed = [row for row in rows if row.is_changed]
        report = _report(rows)
        if changed and not dry_run:
            _write(changed, now)
        return report


def _write(rows: list[RetimedAppointment], now: datetime) -> None:
    """Save the rows, record events and queue messages.

    No order of single updates always satisfies the overlap constraints: two visits may swap times when one
    zone moves forward and another back. So all rows are exempted first, and each save ends its exemption.
    """
    events = []
    _suspend_constraints(rows)
    for row in rows:
        before = appointment_state(row.appointment)
        note = _apply(row)
        row.appointment.save(update_fields=_UPDATED_FIELDS)
        events.append(
            AppointmentEvent(
                appointment=row.appointment,
                kind=_Kind.RETIMED,
                at=now,
                actor_kind=Actor.system().kind,
                before=before,
                after=appointment_state(row.appointment),
                note=note,
            )
        )
    AppointmentEvent.objects.bulk_create(events, batch_size=BATCH_SIZE)
    _queue_messages(rows, now)


def _suspend_constraints(rows: list[RetimedAppointment]) -> None:
    """Exempt the rows from the overlap constraints, by marking them as overbooked in the database only."""
    for batch in _batches([row.appointment.pk for row in rows]):
        Appointment.objects.filter(pk__in=batch).update(overbooked_reason=_SUSPENDED_REASON)


def _batches(items: list[_Item]) -> Iterator[list[_Item]]:
    for start in range(0, len(items), BATCH_SIZE):
        yield items[start : start + BATCH_SIZE]


def _apply(row: RetimedAppointment) -> str:
    """Set the appointment's new values. Returns the note for its event."""
    appointment, new_local = row.appointment, row.new_local
    appointment.starts_at, appointment.ends_at = row.new_interval.start, row.new_interval.end
    appointment.room_id = row.room_id
    if row.has_other_zone:
        appointment.time_zone = appointment.location.time_zone
    if row.is_moved or row.is_skipped:
        appointment.local_on, appointment.local_time, appointment.local_fold = (
            new_local.date(),
            new_local.time(),
            new_local.fold,
        )
        if row.occupies_time and not row.is_hold:
            appointment.sequence += 1
    if not row.conflicts:
        if row.is_skipped:
            return full_stop(
                f"The clock skips {clock(row.agreed)} on this day now; the next time is {clock(new_local)}"
            )
        return f"It stays at {clock(new_local)} on the clock."
    if row.is_hold:
        appointment.status = Status.EXPIRED
        return "Given up: the clocks have changed, and its time is taken."
    reason = f"The clocks have changed: now at the same time as {_join_references(row.conflicts)}."
    appointment.overbooked_reason = appointment.overbooked_reason or reason
    return reason


def _join_references(rows: list[RetimedAppointment]) -> str:
    names = [row.appointment.reference for row in rows[:5]]
    return ", ".join(names) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")


def _queue_messages(rows: list[RetimedAppointment], now: datetime) -> None:
    """Queue reschedule messages for skipped wall times; for the rest, refresh calendar entries and reminders."""
    same_wall_time = []
    for row in rows:
        if row.is_skipped and row.appointment.status == Status.BOOKED:
            messages.enqueue_reschedule(row.appointment, now=now)
        elif row.is_moved and not row.is_hold:
            same_wall_time.append(row.appointment)
    for batch in _batches(same_wall_time):
        messages.refresh_after_retime(batch, now=now)


def _report(rows: list[RetimedAppointment]) -> Retimed:
    upcoming = sorted(
        (row for row in rows if row.is_upcoming), key=lambda row: (row.new_interval.start, row.appointment.pk)
    )
    appointments = [row for row in upcoming if not row.is_hold]
    holds = [row for row in upcoming if row.is_hold and row.occupies_time]
    return Retimed(
        moved=tuple(
            Moved(
                row.appointment.reference,
                row.zone.key,
                row.new_interval.start - row.old_interval.start,
            )
            for row in appointments
            if row.is_moved
        ),
        collided=tuple(
            Overbooked(
                row.appointment.reference,
                tuple(other.appointment.reference for other in row.conflicts),
                row.new_interval.start,
                row.zone.key,
            )
            for row in appointments
            if row.conflicts
        ),
        vanished=tuple(
            SkippedTime(row.appointment.reference, row.agreed, row.new_local) for row in appointments if row.is_skipped
        ),
        shown_twice=tuple(row.appointment.reference for row in appointments if row.occupies_time and row.is_ambiguous),
        other_room=tuple(row.appointment.reference for row in appointments if row.room_id != row.appointment.room_id),
        holds_moved=sum(row.is_moved and not row.conflicts for row in holds),
        holds_released=sum(bool(row.conflicts) for row in holds),
    )
