"""Compute new instants for agreed wall times, and resolve the overlaps that result.

Locks and reads appointments and holds, and writes nothing: the result is kept in RetimedAppointment.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking.availability import instant_at, instants_of
from booking.models import OCCUPYING, PENDING, Appointment, Room, Status
from booking.scheduling.exceptions import SchedulingError

# The largest change of UTC offset ever was one day (Samoa, 2011), so earlier appointments are past in any case.
WIDEST_SHIFT = timedelta(days=2)


def lock_affected(now: datetime) -> list["RetimedAppointment"]:
    """Lock and return all appointments and holds that may move or may overlap one that moves."""
    relations = ("patient", "practitioner", "service", "location")
    rows = Appointment.objects.filter(ends_at__gt=now - WIDEST_SHIFT).select_related(*relations)
    locked = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    return [RetimedAppointment(appointment, now) for appointment in locked]


class RetimedInterval(NamedTuple):
    """A half-open interval (R1): includes its start, excludes its end."""

    start: datetime
    end: datetime

    def overlaps(self, other: "RetimedInterval") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(eq=False)
class RetimedAppointment:
    """An appointment or a hold with its stored interval and the one that its wall time has now."""

    appointment: Appointment
    now: datetime
    old_interval: RetimedInterval = field(init=False)
    new_interval: RetimedInterval = field(init=False)
    room_id: int | None = field(init=False)
    conflicts: list["RetimedAppointment"] = field(init=False, default_factory=list)  # Overlaps left unresolved.

    def __post_init__(self) -> None:
        appointment = self.appointment
        self.room_id = appointment.room_id
        self.old_interval = self.new_interval = RetimedInterval(appointment.starts_at, appointment.ends_at)
        # The wall time is a promise at the location: it follows when the location's zone is corrected.
        self.zone = _zone(appointment.location.time_zone)
        self.agreed = datetime.combine(appointment.local_on, appointment.local_time)
        matching = instants_of(appointment.local_on, appointment.local_time, self.zone)
        # R2: if the wall time occurs twice, use the stored fold; in a gap, use the offset before it.
        instants = matching or [instant_at(appointment.local_on, appointment.local_time, self.zone)]
        start = instants[min(appointment.local_fold, len(instants) - 1)]
        self.is_upcoming = max(start, appointment.starts_at) > self.now
        self.is_ambiguous = self.is_upcoming and len(matching) > 1
        self.is_skipped = self.is_upcoming and not matching
        if self.is_upcoming:
            self.new_interval = RetimedInterval(start, start + appointment.duration)

    @property
    def is_moved(self) -> bool:
        return self.new_interval != self.old_interval

    @property
    def new_local(self) -> datetime:
        return self.new_interval.start.astimezone(self.zone)

    @property
    def is_hold(self) -> bool:
        """Whether nobody has agreed on the time yet: a hold, or a booking that the patient has to confirm."""
        return self.appointment.status in {*PENDING, Status.EXPIRED}

    @property
    def occupies_time(self) -> bool:
        appointment = self.appointment
        return appointment.status in OCCUPYING and (
            appointment.status != Status.HELD or appointment.is_live_hold(self.now)
        )

    @property
    def is_changed(self) -> bool:
        return (
            self.is_moved
            or self.is_skipped
            or self.has_other_zone
            or bool(self.conflicts)
            or self.room_id != self.appointment.room_id
        )

    @property
    def has_other_zone(self) -> bool:
        """Whether the location's zone has been corrected since the time was agreed."""
        return self.is_upcoming and self.appointment.time_zone != self.appointment.location.time_zone

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Priority in an overlap, lowest first: appointments before holds, unmoved before moved, older before newer."""
        appointment = self.appointment
        return appointment.status == Status.HELD, self.is_moved, bool(appointment.overbooked_reason), appointment.pk


def _zone(key: str) -> ZoneInfo:
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError):
        raise SchedulingError(
            f"The zone data does not know {key}, which appointments are in. Install the locked requirements again."
        ) from None


def resolve_conflicts(rows: list[RetimedAppointment]) -> None:
    """Find new overlaps. In each pair, the one with the higher ``rank`` gets another room, or records a conflict."""
    practitioner_overlaps = _new_overlaps(rows, lambda row: row.appointment.practitioner_id)
    room_overlaps = _new_overlaps(rows, lambda row: row.appointment.room_id)
    rooms = defaultdict(list)
    for pk, location in Room.objects.filter(is_active=True).order_by("position", "pk").values_list("pk", "location"):
        rooms[location].append(pk)
    displaced: set[RetimedAppointment] = set()
    for row in sorted({*practitioner_overlaps, *room_overlaps}, key=lambda row: row.rank):
        preferred = {
            other for other in [*practitioner_overlaps[row], *room_overlaps[row]] if other.rank < row.rank
        } - displaced
        practitioner_conflicts = preferred.intersection(practitioner_overlaps[row])
        room_conflicts = {other for other in preferred.intersection(room_overlaps[row]) if other.room_id == row.room_id}
        if room_conflicts:
            occupied_rooms = {
                other.room_id for other in rows if other is not row and other.new_interval.overlaps(row.new_interval)
            }
            free_room = next(
                (room_id for room_id in rooms[row.appointment.location_id] if room_id not in occupied_rooms), None
            )
            if free_room is not None:
                row.room_id, room_conflicts = free_room, set()
        if practitioner_conflicts or room_conflicts:
            displaced.add(row)
    for row in displaced:
        in_same_room = [other for other in room_overlaps[row] if other.room_id == row.room_id]
        # A displaced hold will be expired, so it is no conflict for the others.
        others = {
            other
            for other in [*practitioner_overlaps[row], *in_same_room]
            if not (other.is_hold and other in displaced)
        }
        row.conflicts = sorted(others, key=lambda other: other.rank)


def _new_overlaps(
    rows: Iterable[RetimedAppointment], key: Callable[[RetimedAppointment], int | None]
) -> dict[RetimedAppointment, list[RetimedAppointment]]:
    """Map each row to the rows with the same key that overlap it now and did not before."""
    groups = defaultdict(list)
    for row in rows:
        value = key(row)
        if value is not None:
            groups[value].append(row)
    overlaps = defaultdict(list)
    for group in groups.values():
        group.sort(key=lambda row: row.new_interval)
        for first, second in _overlapping_pairs(group):
            if not first.old_interval.overlaps(second.old_interval):
                overlaps[first].append(second)
                overlaps[second].append(first)
    return overlaps


def _overlapping_pairs(ordered: list[RetimedAppointment]) -> Iterator[tuple[RetimedAppointment, RetimedAppointment]]:
    for index, row in enumerate(ordered):
        for later in islice(ordered, index + 1, None):
            if later.new_interval.start >= row.new_interval.end:
                break
            yield row, later
