"""Who is there when: read in one query, and made into plain facts only when it says something new.

Hours change a few times a month, and are asked for at every step of a booking and by every page
that names a free time. They are read anew each time; where the rows are those of an earlier time,
so is what was made of them. It is shared, so nobody changes it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, DateField, F, Q

from booking import together
from booking.availability import Away, DatedHours, Schedule, WallSpan, WeeklySpan
from booking.models import (
    Break,
    Closure,
    HoursOverride,
    Practitioner,
    PractitionerService,
    Room,
    TimeOff,
    WorkingHours,
)


class Taker(NamedTuple):
    """Someone who gives a service, with what decides whether they may."""

    id: int
    own_duration: timedelta | None
    own_price: Decimal | None
    is_active: bool
    authorised_for_needling: bool
    takes_new_patients: bool


@dataclass(frozen=True, eq=False)
class Hours:
    """The hours of some people, without any visit; ``zones`` of the places that each person's hours name."""

    takers: tuple[Taker, ...]  # in the clinic's order; none where no service was asked for
    schedules: Mapping[int, Schedule]
    zones: Mapping[int, Mapping[int, str]]
    closures: Mapping[int, frozenset[date]]  # by place
    rooms: Mapping[int, tuple[int, ...]]  # usable ones by place, in the order they are filled


def hours_of_service(service: int, first: date, last: date) -> Hours:
    """The hours of everybody who gives a service, on the local days ``first`` to ``last``. One query."""
    return _made_of(_OF_SERVICE, _OF_SERVICE.ask(service=service, **_reach(first, last)))


def hours_of_people(people: Iterable[int], first: date, last: date) -> Hours:
    """The same of these people, whatever they give."""
    return _made_of(_OF_PEOPLE, _OF_PEOPLE.ask(people=sorted(people), **_reach(first, last)))


def _reach(first: date, last: date) -> dict[str, date]:
    """Days that can matter for ``first`` to ``last``: hours of the evening before run over, closures follow."""
    return {"begin": first - timedelta(days=3), "end": last + timedelta(days=2)}


# Reading

_WEEKLY = ("practitioner", "weekday", "start_time", "end_time", "ends_next_day", "starts_on", "ends_on")
_DATED = ("practitioner", "location", "on", "start_time", "end_time", "ends_next_day")
_AWAY = ("practitioner", "starts_on", "start_time", "ends_on", "end_time")
_STANDING = {
    name: F(f"practitioner__{name}")
    for name in ("is_active", "authorised_for_needling", "takes_new_patients", "position")
}
_ZONE = {"zone": F("location__time_zone")}


def _parts(takers: Any, is_theirs: Q) -> dict[str, together.Part]:
    begin, end = (together.Given(name, DateField()) for name in ("begin", "end"))
    near = {"on__gte": begin, "on__lte": end}
    return {
        "takers": together.Part(takers, ["practitioner", "own_duration", "own_price"], extras=_STANDING),
        "weekly": together.Part(WorkingHours.objects.filter(is_theirs), [*_WEEKLY, "location"], extras=_ZONE),
        "breaks": together.Part(Break.objects.filter(is_theirs), _WEEKLY),
        "dated": together.Part(HoursOverride.objects.filter(is_theirs, **near), _DATED, extras=_ZONE),
        "away": together.Part(TimeOff.objects.filter(is_theirs, ends_on__gte=begin, starts_on__lte=end), _AWAY),
        "closures": together.Part(Closure.objects.filter(**near), ["location", "on"]),
        "rooms": together.Part(Room.objects.filter(is_active=True), ["location", "position"]),
    }


def _parts_of_service() -> dict[str, together.Part]:
    takers = PractitionerService.objects.filter(service=together.Given("service", BigIntegerField()))
    return _parts(takers, Q(practitioner__in=takers.values("practitioner")))


def _parts_of_people() -> dict[str, together.Part]:
    people = Practitioner.objects.filter(pk__among=together.Given("people", BigIntegerField()))
    return _parts(PractitionerService.objects.none(), Q(practitioner__in=people.values("pk")))


_OF_SERVICE = together.Statement(_parts_of_service)
_OF_PEOPLE = together.Statement(_parts_of_people)


# What the rows say


@lru_cache(maxsize=64)  # Some tens of kilobytes each, for a clinic of twenty.
def _made_of(statement: together.Statement, rows: tuple[together.Row, ...]) -> Hours:
    found = statement.found(rows)
    weekly, breaks, away = _by_person(found["weekly"]), _by_person(found["breaks"]), _by_person(found["away"])
    dated = _by_person(found["dated"])
    closures, rooms = defaultdict(set), defaultdict(list)
    for row in found["closures"]:
        closures[row.location_id].add(row.on)
    for row in sorted(found["rooms"], key=lambda row: (row.position, row.pk)):
        rooms[row.location_id].append(row.pk)
    return Hours(
        takers=tuple(_taker(offer) for offer in sorted(found["takers"], key=_place)),
        schedules={
            person: Schedule(
                weekly=[_weekly(row, row.location_id) for row in weekly[person]],
                overrides=_by_day(dated[person]),
                breaks=[_weekly(row, None) for row in breaks[person]],
                away=[Away(row.starts_on, row.start_time, row.ends_on, row.end_time) for row in away[person]],
            )
            for person in {*weekly, *breaks, *away, *dated}
        },
        zones={
            person: {row.location_id: row.zone for row in (*weekly[person], *dated[person])}
            for person in {*weekly, *dated}
        },
        closures={place: frozenset(days) for place, days in closures.items()},
        rooms={place: tuple(these) for place, these in rooms.items()},
    )


def _by_person(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[row.practitioner_id].append(row)
    return found


def _by_day(rows: Iterable[Any]) -> dict[date, list[DatedHours]]:
    found = defaultdict(list)
    for row in rows:
        # Dated hours elsewhere still replace the weekly ones here.
        found[row.on].append(DatedHours(row.location_id, None if row.start_time is None else _span(row)))
    return dict(found)


def _weekly(row: Any, place: int | None) -> WeeklySpan:
    return WeeklySpan(row.weekday, _span(row), place, row.starts_on, row.ends_on)


def _span(row: Any) -> WallSpan:
    return WallSpan.between(row.start_time, row.end_time, row.ends_next_day)


def _place(offer: Any) -> tuple[int, int]:
    return offer.position, offer.practitioner_id


def _taker(offer: Any) -> Taker:
    standing = (offer.is_active, offer.authorised_for_needling, offer.takes_new_patients)
    return Taker(offer.practitioner_id, offer.own_duration, offer.own_price, *map(bool, standing))
