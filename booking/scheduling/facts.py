"""What decides about a start, read for the pure module: two queries, whatever the data.

One tells who is there when (``hours.py``). The other tells what is taken; it is written out, and its rows
stay tuples: with objects, or with a query put together anew each time, reading would cost several
times what deciding does. The same words serve both engines.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from booking import availability
from booking.availability import (
    SECOND,
    Place,
    Request,
    Schedule,
    Stretch,
    Visit,
    ceil_second,
    floor_second,
)
from booking.models import OCCUPYING, Appointment, Location, Practitioner, Service, Status
from booking.scheduling.hours import Taker, hours_of_service
from booking.scheduling.rows import read

LONGEST_BUFFER = timedelta(hours=4)  # A constraint on services holds it.
NEVER = Schedule()


@dataclass(frozen=True)
class Search:
    """What somebody is looking for.

    ``holder`` is the browser session whose own hold does not hide its time; ``moving`` is an
    appointment that looks for a new time: it keeps its length and buffers, and its present time
    counts as free. ``new_patient`` None means that nobody has said yet, and hides nobody.
    """

    service: Service
    now: datetime
    practitioner: Practitioner | None = None
    location: Location | None = None
    new_patient: bool | None = None
    holder: str = ""
    moving: Appointment | None = None
    lead_time: timedelta | None = None  # None: as the service says.

    @property
    def not_before(self) -> datetime:
        """The first instant that leaves the lead time (R7)."""
        return self.now + (self.service.lead_time if self.lead_time is None else self.lead_time)

    def may_be_seen_by(self, person: Practitioner | Taker) -> bool:
        """Whether someone who gives the service may see this patient (R11)."""
        return (
            person.is_active
            and (person.authorised_for_needling or not self.service.needs_needling_authorisation)
            and (person.takes_new_patients or not self.new_patient)
        )


@dataclass(frozen=True)
class Facts:
    """All that was read, ready for the pure module."""

    search: Search
    takers: dict[int, Taker]
    requests: dict[int, Request]  # practitioner id -> what they need; in the clinic's order
    schedules: dict[int, Schedule]
    places: dict[int, Place]


# Reading


def gather(search: Search, first: date, last: date) -> Facts:
    """Read what decides about the local days ``first`` to ``last``."""
    return with_visits(gather_hours(search, first, last), first, last)


def gather_hours(search: Search, first: date, last: date) -> Facts:
    """Read who is there when, in one query, but not yet what is taken."""
    hours = hours_of_service(search.service.pk, first, last)
    asked = search.practitioner and search.practitioner.pk
    takers = [taker for taker in hours.takers if asked in (None, taker.id) and search.may_be_seen_by(taker)]
    zones: dict[int, str] = {}
    if search.location is not None:
        zones[search.location.pk] = search.location.time_zone
    else:
        for taker in takers:
            zones |= hours.zones.get(taker.id, {})
    return Facts(
        search=search,
        takers={taker.id: taker for taker in takers},
        requests={taker.id: _request(search, taker) for taker in takers},
        schedules={taker.id: hours.schedules.get(taker.id, NEVER) for taker in takers},
        places={
            place: Place(
                id=place,
                zone=ZoneInfo(zone),
                closed_on=hours.closures.get(place, frozenset()),
                rooms=dict.fromkeys(hours.rooms.get(place, ()) if search.service.needs_room else (), ()),
            )
            for place, zone in zones.items()
        },
    )


def _request(search: Search, taker: Taker) -> Request:
    service, moving = search.service, search.moving
    return Request(
        duration=moving.duration if moving else taker.own_duration or service.duration,
        step=service.step or taker.own_duration or service.duration,
        buffer_before=moving.buffer_before if moving else service.buffer_before,
        buffer_after=moving.buffer_after if moving else service.buffer_after,
        needs_room=service.needs_room,
    )


def with_visits(facts: Facts, first: date, last: date, *, whole: bool = False) -> Facts:
    """The same facts, with what is taken on the local days ``first`` to ``last`` (one query).

    What is over before the first start that anybody may choose, with its buffer, is read only for ``whole`` days.
    """
    rooms = [room for place in facts.places.values() for room in place.rooms]
    visits, taken = read_taken(facts.search, list(facts.schedules), rooms, first, last, whole=whole)
    return replace(
        facts,
        schedules={
            person: replace(schedule, visits=visits.get(person, ())) for person, schedule in facts.schedules.items()
        },
        places={
            number: replace(place, rooms={room: availability.merge(taken.get(room, ())) for room in place.rooms})
            for number, place in facts.places.items()
        },
    )


# What stands in many rows is worked out once: starts and ends fall on the same minutes again and again.


@lru_cache(maxsize=1 << 8)
def _seconds(stored: Any) -> int:
    """A stored buffer, which SQLite gives in microseconds; what is left of a second counts as one."""
    length = timedelta(microseconds=stored) if isinstance(stored, int) else stored
    return -(-length // SECOND)


@lru_cache(maxsize=1 << 15)
def _start(stored: str) -> int:
    """The second in which something starts that is stored so."""
    return floor_second(_instant(stored))


@lru_cache(maxsize=1 << 15)
def _end(stored: str) -> int:
    """The second by which something has ended that is stored so."""
    return ceil_second(_instant(stored))


def _instant(stored: str) -> datetime:
    """An instant as the engine writes it: SQLite says no zone, and means UTC."""
    instant = datetime.fromisoformat(stored)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


# As text an instant is read far faster than what the drivers make of the column; SQLite's driver leaves
# alone what is not a bare column.
_INSTANT_AS_TEXT = {"sqlite": "+visit.%s", "postgresql": "CAST(visit.%s AS text)"}
# Written into the query: there are indexes for some of them alone (see ``together.Word``).
_STATUSES = {"occupying": ", ".join(f"'{status}'" for status in OCCUPYING), "held": f"'{Status.HELD}'"}
_TAKEN = """
    SELECT visit.practitioner_id, visit.room_id, {starts_at}, {ends_at}, visit.buffer_before, visit.buffer_after
    FROM booking_appointment visit
    WHERE {whose} visit.ends_at > %(begin)s AND visit.starts_at < %(end)s
      AND visit.status IN ({occupying})
      AND (visit.status <> {held} OR (visit.hold_expires_at > %(now)s AND visit.hold_key <> %(holder)s))
      AND visit.id <> %(moving)s
    ORDER BY visit.ends_at
"""


def read_taken(
    search: Search, people: list[int], rooms: list[int], first: date, last: date, *, whole: bool
) -> tuple[dict[int, list[Visit]], dict[int, list[Stretch]]]:
    """What is taken (R10): for each person with buffers, for each room the bare visits (R6)."""
    # Local days lie within a day of the same UTC days, whatever the zone.
    margin = LONGEST_BUFFER + timedelta(days=1)
    begin = datetime.combine(first - timedelta(days=1), time(0), tzinfo=UTC) - margin
    instant = _INSTANT_AS_TEXT[connection.vendor]
    rows = read(
        _TAKEN.format(
            starts_at=instant % "starts_at",
            ends_at=instant % "ends_at",
            # Anybody's visit may take a room, so then everybody's are read.
            whose="" if rooms else "visit.practitioner_id IN (%(people)s) AND",
            **_STATUSES,
        ),
        people=people,
        begin=begin if whole else max(begin, search.not_before - LONGEST_BUFFER),
        end=datetime.combine(last + timedelta(days=2), time(0), tzinfo=UTC) + margin,
        now=search.now,
        holder=search.holder,
        moving=search.moving.pk if search.moving else 0,
    )
    visits: dict[int, list[Visit]] = {person: [] for person in people}
    taken_rooms: dict[int, list[Stretch]] = {room: [] for room in rooms}
    for person, room, starts_at, ends_at, before, after in rows:
        start, end = _start(starts_at), _end(ends_at)
        if person in visits:
            visits[person].append(Visit(start, end, _seconds(before), _seconds(after)))
        if room in taken_rooms:
            taken_rooms[room].append((start, end))
    return visits, taken_rooms
