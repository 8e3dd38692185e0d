"""Where promised wall times stand on the clock now in force, and who gives way where two have come together.

Reads appointments and holds, decides, and writes nothing: the decisions are kept beside the rows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking.availability import instants_of, resolve
from booking.models import OCCUPYING, Appointment, Room, Status
from booking.scheduling.refusals import Refused

# No law ever moved a clock by more than a day (Samoa, 2011): what began before that is past by any data.
WIDEST_SHIFT = timedelta(days=2)


def lying_ahead(now: datetime) -> list["Standing"]:
    """All that may move, and all that it may meet there; nobody changes it until the transaction ends."""
    relations = ("patient", "practitioner", "service", "location")
    rows = Appointment.objects.filter(ends_at__gt=now - WIDEST_SHIFT).select_related(*relations)
    locked = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    return [Standing(appointment, now) for appointment in locked]


class Interval(NamedTuple):
    """A half-open stretch of time (R1): it holds its start, but not its end."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Interval") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(eq=False)
class Standing:
    """An appointment or a hold: where it stood, and where its promise puts it."""

    appointment: Appointment
    now: datetime
    was: Interval = field(init=False)
    becomes: Interval = field(init=False)
    room: int | None = field(init=False)
    meets: list["Standing"] = field(init=False, default_factory=list)  # What it now collides with, and so gives way to.

    def __post_init__(self) -> None:
        appointment = self.appointment
        self.room = appointment.room_id
        self.was = self.becomes = Interval(appointment.starts_at, appointment.ends_at)
        self.zone = _zone(appointment.time_zone)
        self.promised = datetime.combine(appointment.local_on, appointment.local_time)
        found = instants_of(appointment.local_on, appointment.local_time, self.zone)
        # R2: of two, the one that was chosen; in a gap, by the offset before it.
        instants = found or [resolve(appointment.local_on, appointment.local_time, self.zone)]
        start = instants[min(appointment.local_fold, len(instants) - 1)]
        self.lies_ahead = max(start, appointment.starts_at) > self.now
        self.is_shown_twice = self.lies_ahead and len(found) > 1
        self.is_skipped = self.lies_ahead and not found
        if self.lies_ahead:
            self.becomes = Interval(start, start + appointment.duration)

    @property
    def moves(self) -> bool:
        return self.becomes != self.was

    @property
    def local(self) -> datetime:
        return self.becomes.start.astimezone(self.zone)

    @property
    def is_hold(self) -> bool:
        return self.appointment.status in {Status.HELD, Status.EXPIRED}

    @property
    def takes_time(self) -> bool:
        appointment = self.appointment
        return appointment.status in OCCUPYING and (
            appointment.status != Status.HELD or appointment.is_live_hold(self.now)
        )

    @property
    def is_changed(self) -> bool:
        return self.moves or self.is_skipped or bool(self.meets) or self.room != self.appointment.room_id

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Who stays when two collide: a promise before a hold, who need not move, who came first."""
        appointment = self.appointment
        return appointment.status == Status.HELD, self.moves, bool(appointment.overbooked_reason), appointment.pk


def _zone(key: str) -> ZoneInfo:
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refused(
            f"The zone data does not know {key}, which appointments are in. Install the locked requirements again."
        ) from None


def settle(rows: list[Standing]) -> None:
    """Find what newly overlaps; of each pair the one of lower rank takes another room, or gives way."""
    same_person = _neighbours(rows, lambda row: row.appointment.practitioner_id)
    same_room = _neighbours(rows, lambda row: row.appointment.room_id)
    rooms = defaultdict(list)
    for pk, location in Room.objects.filter(is_active=True).order_by("position", "pk").values_list("pk", "location"):
        rooms[location].append(pk)
    gave_way: set[Standing] = set()
    for row in sorted({*same_person, *same_room}, key=lambda row: row.rank):
        stays = {other for other in [*same_person[row], *same_room[row]] if other.rank < row.rank} - gave_way
        person_taken = stays.intersection(same_person[row])
        room_taken = {other for other in stays.intersection(same_room[row]) if other.room == row.room}
        if room_taken:
            taken = {other.room for other in rows if other is not row and other.becomes.overlaps(row.becomes)}
            free = next((room for room in rooms[row.appointment.location_id] if room not in taken), None)
            if free is not None:
                row.room, room_taken = free, set()
        if person_taken or room_taken:
            gave_way.add(row)
    for row in gave_way:
        sharing = [other for other in same_room[row] if other.room == row.room]
        # A hold that gave way is gone; whoever else is there at the time is named.
        others = {other for other in [*same_person[row], *sharing] if not (other.is_hold and other in gave_way)}
        row.meets = sorted(others, key=lambda other: other.rank)


def _neighbours(rows: Iterable[Standing], key: Callable[[Standing], int | None]) -> dict[Standing, list[Standing]]:
    """For each row the others of the same key that overlap it now and did not before."""
    groups = defaultdict(list)
    for row in rows:
        group = key(row)
        if group is not None:
            groups[group].append(row)
    found = defaultdict(list)
    for together in groups.values():
        together.sort(key=lambda row: row.becomes)
        for one, two in _overlapping(together):
            if not one.was.overlaps(two.was):
                found[one].append(two)
                found[two].append(one)
    return found


def _overlapping(ordered: list[Standing]) -> Iterator[tuple[Standing, Standing]]:
    for index, row in enumerate(ordered):
        for later in islice(ordered, index + 1, None):
            if later.becomes.start >= row.becomes.end:
                break
            yield row, later
