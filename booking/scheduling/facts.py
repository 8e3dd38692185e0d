"""What decides about a start, read for the pure module: seven queries at most, whatever the data.

The queries are written out, and rows stay tuples: with objects, or with a query put together anew
each time, reading would cost several times what deciding does. The same words serve both engines.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from booking import availability
from booking.availability import (
    SECOND,
    Away,
    DatedHours,
    Place,
    Request,
    Schedule,
    Stretch,
    Visit,
    WallSpan,
    WeeklySpan,
    ceil_second,
    floor_second,
)
from booking.models import OCCUPYING, Appointment, Location, Practitioner, Service, Status

LONGEST_BUFFER = timedelta(hours=4)  # A constraint on services holds it.


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

    def may_be_seen_by(self, person: "Practitioner | Taker") -> bool:
        """Whether someone who gives the service may see this patient (R11)."""
        return (
            person.is_active
            and (person.authorised_for_needling or not self.service.needs_needling_authorisation)
            and (person.takes_new_patients or not self.new_patient)
        )


class Taker(NamedTuple):
    """Someone who gives the service, with what decides whether they may."""

    id: int
    own_duration: timedelta | None
    is_active: bool
    authorised_for_needling: bool
    takes_new_patients: bool


@dataclass(frozen=True)
class Facts:
    """All that was read, ready for the pure module."""

    search: Search
    requests: dict[int, Request]  # practitioner id -> what they need; in the clinic's order
    schedules: dict[int, Schedule]
    places: dict[int, Place]

    @property
    def not_before(self) -> datetime:
        """The first instant that leaves the lead time (R7)."""
        search = self.search
        return search.now + (search.service.lead_time if search.lead_time is None else search.lead_time)


# Reading


def gather(search: Search, first: date, last: date) -> Facts:
    """Read what decides about the local days ``first`` to ``last``."""
    return with_visits(gather_hours(search, first, last), first, last)


def gather_hours(search: Search, first: date, last: date) -> Facts:
    """Read who is there when, in at most six queries, but not yet what is taken."""
    takers = read_takers(search)
    people = [taker.id for taker in takers]
    weekly, breaks, zones = read_weeks(people, search.location)
    overrides = read_overrides(people, search.location, first, last, zones)
    away = read_time_off(people, first, last)
    closures = read_closures(zones, first, last)
    rooms = read_rooms(zones) if search.service.needs_room else {}
    return Facts(
        search=search,
        requests={taker.id: _request(search, taker) for taker in takers},
        schedules={
            person: Schedule(
                weekly=weekly.get(person, ()),
                overrides=overrides.get(person, {}),
                breaks=breaks.get(person, ()),
                away=away.get(person, ()),
            )
            for person in people
        },
        places={
            place: Place(
                id=place,
                zone=ZoneInfo(zone),
                closed_on=frozenset(closures.get(place, ())),
                rooms={room: () for room, at in rooms.items() if at == place},
            )
            for place, zone in zones.items()
        },
    )


def with_visits(facts: Facts, first: date, last: date) -> Facts:
    """The same facts, with what is taken on the local days ``first`` to ``last`` (one query)."""
    rooms = [room for place in facts.places.values() for room in place.rooms]
    visits, taken = read_taken(facts.search, list(facts.schedules), rooms, first, last)
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


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a query; ``%(name)s`` stands for a value, or for a list after IN."""
    names: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, datetime):
            value = connection.ops.adapt_datetimefield_value(value)
        if not isinstance(value, (list, tuple)):
            names[name] = value
            continue
        members = {f"{name}_{index}": member for index, member in enumerate(value or (None,))}
        sql = sql.replace(f"%({name})s", ", ".join(f"%({member})s" for member in members))
        names |= members
    with connection.cursor() as cursor:
        cursor.execute(sql, names)
        return cursor.fetchall()


# What stands in many rows is worked out once: starts and ends fall on the same minutes again and again.
_wall_span = lru_cache(maxsize=1 << 10)(WallSpan.between)


@lru_cache(maxsize=1 << 8)
def _length(stored: Any) -> timedelta:
    """A stored duration: SQLite gives microseconds."""
    return timedelta(microseconds=stored) if isinstance(stored, int) else stored


@lru_cache(maxsize=1 << 8)
def _seconds(stored: Any) -> int:
    """A stored buffer; what is left of a second counts as one."""
    return -(-_length(stored) // SECOND)


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


def read_takers(search: Search) -> list[Taker]:
    """Who gives this service to this patient, in the clinic's order (R11)."""
    rows = _rows(
        """
        SELECT person.id, offer.own_duration,
               person.is_active, person.authorised_for_needling, person.takes_new_patients
        FROM booking_practitionerservice offer JOIN booking_practitioner person ON person.id = offer.practitioner_id
        WHERE offer.service_id = %(service)s
        ORDER BY person.position, person.id
        """,
        service=search.service.pk,
    )
    asked = search.practitioner and search.practitioner.pk
    takers = (Taker._make(row) for row in rows if asked in (None, row[0]))
    return [taker for taker in takers if search.may_be_seen_by(taker)]


def _request(search: Search, taker: Taker) -> Request:
    service, moving = search.service, search.moving
    own_duration = taker.own_duration and _length(taker.own_duration)
    return Request(
        duration=moving.duration if moving else own_duration or service.duration,
        step=service.step or own_duration or service.duration,
        buffer_before=moving.buffer_before if moving else service.buffer_before,
        buffer_after=moving.buffer_after if moving else service.buffer_after,
        needs_room=service.needs_room,
    )


Weeks = Mapping[int, list[WeeklySpan]]


def read_weeks(people: list[int], location: Location | None) -> tuple[Weeks, Weeks, dict[int, str]]:
    """For each person the weekly hours and the breaks; and the zones of the places that the hours name."""
    rows = _rows(
        """
        SELECT hours.practitioner_id, hours.location_id, place.time_zone, hours.weekday,
               hours.start_time, hours.end_time, hours.ends_next_day, hours.starts_on, hours.ends_on
        FROM booking_workinghours hours JOIN booking_location place ON place.id = hours.location_id
        WHERE hours.practitioner_id IN (%(people)s)
        UNION ALL
        SELECT practitioner_id, NULL, NULL, weekday, start_time, end_time, ends_next_day, starts_on, ends_on
        FROM booking_break WHERE practitioner_id IN (%(people)s)
        """,
        people=people,
    )
    weekly, breaks = defaultdict(list), defaultdict(list)
    zones = {} if location is None else {location.pk: location.time_zone}
    for person, place, zone, weekday, start, end, ends_next_day, starts_on, ends_on in rows:
        row = WeeklySpan(weekday, _wall_span(start, end, ends_next_day), place, starts_on, ends_on)
        if place is None:
            breaks[person].append(row)
        elif location is None or location.pk == place:
            weekly[person].append(row)
            zones[place] = zone
    return weekly, breaks, zones


def read_overrides(
    people: list[int], location: Location | None, first: date, last: date, zones: dict[int, str]
) -> dict[int, dict[date, list[DatedHours]]]:
    """Dated hours for each person and day; adds the zones of places that only they name."""
    begin, end = _reach(first, last)
    rows = _rows(
        """
        SELECT hours.practitioner_id, hours.location_id, place.time_zone, hours."on",
               hours.start_time, hours.end_time, hours.ends_next_day
        FROM booking_hoursoverride hours JOIN booking_location place ON place.id = hours.location_id
        WHERE hours.practitioner_id IN (%(people)s) AND hours."on" BETWEEN %(begin)s AND %(end)s
        """,
        people=people, begin=begin, end=end,
    )  # fmt: skip
    found: dict[int, dict[date, list[DatedHours]]] = defaultdict(lambda: defaultdict(list))
    for person, place, zone, on, start, stop, ends_next_day in rows:
        # Dated hours elsewhere still replace the weekly ones here, so they are kept, too.
        span = None if start is None else _wall_span(start, stop, ends_next_day)
        found[person][on].append(DatedHours(place, span))
        if location is None:
            zones[place] = zone
    return found


def read_time_off(people: list[int], first: date, last: date) -> dict[int, list[Away]]:
    begin, end = _reach(first, last)
    rows = _rows(
        """
        SELECT practitioner_id, starts_on, start_time, ends_on, end_time FROM booking_timeoff
        WHERE practitioner_id IN (%(people)s) AND ends_on >= %(begin)s AND starts_on <= %(end)s
        """,
        people=people, begin=begin, end=end,
    )  # fmt: skip
    away = defaultdict(list)
    for person, *stretch in rows:
        away[person].append(Away(*stretch))
    return away


def read_closures(places: Iterable[int], first: date, last: date) -> dict[int, list[date]]:
    begin, end = _reach(first, last)
    rows = _rows(
        """
        SELECT location_id, "on" FROM booking_closure
        WHERE location_id IN (%(places)s) AND "on" BETWEEN %(begin)s AND %(end)s
        """,
        places=list(places), begin=begin, end=end,
    )  # fmt: skip
    closed = defaultdict(list)
    for place, on in rows:
        closed[place].append(on)
    return closed


def read_rooms(places: Iterable[int]) -> dict[int, int]:
    """Usable rooms and their locations, in the order they are filled."""
    return dict(
        _rows(
            """
            SELECT id, location_id FROM booking_room WHERE location_id IN (%(places)s) AND is_active
            ORDER BY location_id, position, id
            """,
            places=list(places),
        )  # type: ignore[arg-type]
    )


# As text an instant is read far faster than what the drivers make of the column; SQLite's driver leaves
# alone what is not a bare column.
_INSTANT_AS_TEXT = {"sqlite": "+visit.%s", "postgresql": "CAST(visit.%s AS text)"}
_TAKEN = """
    SELECT visit.practitioner_id, visit.room_id, {starts_at}, {ends_at}, visit.buffer_before, visit.buffer_after
    FROM booking_appointment visit
    WHERE {whose} visit.ends_at > %(begin)s AND visit.starts_at < %(end)s
      AND visit.status IN (%(occupying)s)
      AND (visit.status <> %(held)s OR (visit.hold_expires_at > %(now)s AND visit.hold_key <> %(holder)s))
      AND visit.id <> %(moving)s
    ORDER BY visit.ends_at
"""


def read_taken(
    search: Search, people: list[int], rooms: list[int], first: date, last: date
) -> tuple[dict[int, list[Visit]], dict[int, list[Stretch]]]:
    """What is taken (R10): for each person with buffers, for each room the bare visits (R6)."""
    # Local days lie within a day of the same UTC days, whatever the zone.
    margin = LONGEST_BUFFER + timedelta(days=1)
    instant = _INSTANT_AS_TEXT[connection.vendor]
    rows = _rows(
        _TAKEN.format(
            starts_at=instant % "starts_at",
            ends_at=instant % "ends_at",
            # Anybody's visit may take a room, so then everybody's are read.
            whose="" if rooms else "visit.practitioner_id IN (%(people)s) AND",
        ),
        people=people,
        begin=datetime.combine(first - timedelta(days=1), time(0), tzinfo=UTC) - margin,
        end=datetime.combine(last + timedelta(days=2), time(0), tzinfo=UTC) + margin,
        occupying=[str(status) for status in OCCUPYING],
        held=str(Status.HELD),
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


def _reach(first: date, last: date) -> tuple[date, date]:
    """Days that can matter for ``first`` to ``last``: hours of the evening before run over, closures follow."""
    return first - timedelta(days=3), last + timedelta(days=2)
