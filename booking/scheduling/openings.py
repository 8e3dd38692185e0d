"""Which starts can be booked: gather the facts in a fixed number of queries, then decide in the pure module."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from booking import availability
from booking.availability import ONE_DAY, Place, instant
from booking.models import Appointment, Location, Practitioner, PractitionerService, Service
from booking.scheduling.facts import Facts, Search, gather, gather_hours, with_visits
from booking.scheduling.refusals import StartTaken

# Somebody who asks for the next free time mostly finds it soon: only then is the rest of the diary read.
SOON = timedelta(days=7)


class Opening(NamedTuple):
    """One start that can be booked, and who could take it (in the clinic's order of people)."""

    starts_at: datetime
    ends_at: datetime
    location_id: int
    practitioner_ids: tuple[int, ...]


def openings_of(facts: Facts, first: date, last: date) -> list[Opening]:
    """Openings on the local days ``first`` to ``last``, each start and place once, in order."""
    found = []
    for place in facts.places.values():
        takers: dict[int, list[int]] = defaultdict(list)
        for practitioner, starts in starts_of(facts, place, first, last).items():
            for start in starts:
                takers[start].append(practitioner)
        lengths = {practitioner: request.duration for practitioner, request in facts.requests.items()}
        found += [
            Opening(starts_at, starts_at + lengths[people[0]], place.id, tuple(people))
            for starts_at, people in ((instant(start), takers[start]) for start in sorted(takers))
        ]
    return sorted(found) if len(facts.places) > 1 else found


def first_opening(facts: Facts, first: date, last: date) -> Opening | None:
    """The first of ``openings_of``, without making the others."""
    found = []
    for place in facts.places.values():
        firsts = {person: starts[0] for person, starts in starts_of(facts, place, first, last).items() if starts}
        if firsts:
            soonest = min(firsts.values())
            people = tuple(person for person, start in firsts.items() if start == soonest)
            starts_at = instant(soonest)
            found.append(Opening(starts_at, starts_at + facts.requests[people[0]].duration, place.id, people))
    return min(found, default=None)


def starts_of(facts: Facts, place: Place, first: date, last: date) -> dict[int, list[int]]:
    """What each practitioner can offer at one place, in seconds, within lead time (R7) and booking horizon (R8)."""
    search = facts.search
    earliest, latest = availability.horizon(search.now, search.service.horizon_days, place.zone)
    begin, end = max(first, earliest), min(last, latest)
    if begin > end:
        return {}
    return {
        practitioner: availability.starts(
            facts.schedules[practitioner], place, request, first=begin, last=end, not_before=search.not_before
        )
        for practitioner, request in facts.requests.items()
    }


# What the rest of the project asks


def open_starts(
    *,
    service: Service,
    now: datetime,
    first_on: date,
    last_on: date,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    new_patient: bool | None = None,
    holder: str = "",
    moving: Appointment | None = None,
) -> list[Opening]:
    """Openings on the local days ``first_on`` to ``last_on`` that lie within the booking horizon, in order."""
    search = Search(service, now, practitioner, location, new_patient, holder, moving)
    return _search(search, first_on, last_on)


def _search(search: Search, first: date, last: date) -> list[Opening]:
    # Bounded before any arithmetic: a year 9999 in an address must not overflow.
    earliest, latest = widest_horizon(search)
    first, last = max(first, earliest), min(last, latest)
    return openings_of(gather(search, first, last), first, last) if first <= last else []


def widest_horizon(search: Search) -> tuple[date, date]:
    """The bookable days in any zone on earth; each place bounds them again by its own."""
    today = search.now.astimezone(UTC).date()
    return today - timedelta(days=1), today + timedelta(days=search.service.horizon_days + 1)


def offers(*, service: Service, now: datetime, new_patient: bool | None = None) -> list[PractitionerService]:
    """Who gives this service to this patient, in the clinic's order, each with their length and price."""
    search = Search(service, now, new_patient=new_patient)
    rows = PractitionerService.objects.filter(service=service).select_related("practitioner", "service")
    in_order = rows.order_by("practitioner__position", "practitioner_id")
    return [offer for offer in in_order if search.may_be_seen_by(offer.practitioner)]


def next_free(
    *,
    service: Service,
    now: datetime,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    new_patient: bool | None = None,
) -> Opening | None:
    """The first opening within the booking horizon, or None."""
    search = Search(service, now, practitioner, location, new_patient)
    for facts, first, last in _stretches(search):
        if found := first_opening(facts, first, last):
            return found
    return None


def next_free_each(
    *, service: Service, now: datetime, location: Location | None = None, new_patient: bool | None = None
) -> dict[int, Opening]:
    """The first opening of each practitioner who has one, by practitioner id."""
    found: dict[int, Opening] = {}
    for facts, first, last in _stretches(Search(service, now, None, location, new_patient)):
        for place in facts.places.values():
            for person, starts in starts_of(facts, place, first, last).items():
                if starts and person not in found:
                    starts_at = instant(starts[0])
                    ends_at = starts_at + facts.requests[person].duration
                    found[person] = Opening(starts_at, ends_at, place.id, (person,))
        if len(found) == len(facts.requests):
            break
    return found


def _stretches(search: Search) -> Iterator[tuple[Facts, date, date]]:
    """The bookable days with their facts, the soonest first: three queries at most for both stretches."""
    first, last = widest_horizon(search)
    soon = min(first + SOON, last)
    hours = gather_hours(search, first, last)
    yield with_visits(hours, first, soon), first, soon
    if soon < last:
        yield with_visits(hours, soon + ONE_DAY, last), soon + ONE_DAY, last


def nearest(
    *,
    service: Service,
    starts_at: datetime,
    now: datetime,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    new_patient: bool | None = None,
    holder: str = "",
    moving: Appointment | None = None,
    count: int = 3,
) -> list[Opening]:
    """Up to ``count`` openings closest to an instant, in the order of time."""
    search = Search(service, now, practitioner, location, new_patient, holder, moving)
    earliest, latest = widest_horizon(search)
    day = min(max(starts_at.astimezone(UTC).date(), earliest), latest)
    openings: list[Opening] = []
    for reach in (3, 14, service.horizon_days + 1):
        openings = _search(search, day - timedelta(days=reach), day + timedelta(days=reach))
        if len(openings) >= count:
            break
    closest = sorted(openings, key=lambda opening: (abs(opening.starts_at - starts_at), opening.starts_at))
    return sorted(closest[:count])


# One start: who works then does not change from one second to the next, so it is asked before anything is
# locked. Who is still free then, is asked under the lock.


def facts_at(search: Search, starts_at: datetime) -> Facts | None:
    """Who is there on the local day of a start, at the place asked for; None where that day cannot be booked."""
    assert search.location is not None
    day = availability.local_day(starts_at, search.location.zone)
    earliest, latest = availability.horizon(search.now, search.service.horizon_days, search.location.zone)
    return gather_hours(search, day, day) if earliest <= day <= latest else None


def who_works_at(facts: Facts | None, starts_at: datetime) -> list[int]:
    """Who could see the patient then if nothing were taken, in the clinic's order."""
    if facts is None or starts_at.microsecond:
        return []
    (place,) = facts.places.values()
    second, not_before = availability.floor_second(starts_at), facts.search.not_before
    return [
        person
        for person, request in facts.requests.items()
        if availability.works_at(facts.schedules[person], place, request, second, not_before=not_before)
    ]


def with_visits_of(facts: Facts, starts_at: datetime) -> Facts:
    """The same facts, with all that is taken on the local day of a start (one query)."""
    (place,) = facts.places.values()
    day = availability.local_day(starts_at, place.zone)
    return with_visits(facts, day, day, whole=True)


def who_is_free_at(facts: Facts, starts_at: datetime, people: Iterable[int]) -> list[int]:
    """Those of them, who all work then, whom no visit keeps, and for whom a room is free where one is needed."""
    (place,) = facts.places.values()
    second = availability.floor_second(starts_at)
    return [
        person
        for person in people
        if availability.is_untaken(facts.schedules[person], place, facts.requests[person], second)
    ]


def is_open_at(search: Search, starts_at: datetime) -> bool:
    """Whether anybody could take this very start."""
    facts = facts_at(search, starts_at)
    workers = who_works_at(facts, starts_at)
    return bool(facts and workers and who_is_free_at(with_visits_of(facts, starts_at), starts_at, workers))


def fairest(people: list[int], facts: Facts, starts_at: datetime) -> int:
    """Whoever has the fewest visits and holds that day; ties go in the clinic's order of people (R11).

    ``facts`` are those ``with_visits_of`` the day.
    """
    (place,) = facts.places.values()
    day = availability.local_day(starts_at, place.zone)
    begin, end = map(availability.floor_second, availability.bounds(day, day, place.zone))

    def busyness(person: int) -> int:
        return sum(begin <= visit.start < end for visit in facts.schedules[person].visits)

    return min(people, key=busyness)


def start_taken(search: Search, starts_at: datetime, message: str = "") -> StartTaken:
    """The refusal of a start that is not free, with up to three free ones near it."""
    near = nearest(
        service=search.service,
        starts_at=starts_at,
        now=search.now,
        practitioner=search.practitioner,
        location=search.location,
        new_patient=search.new_patient,
        holder=search.holder,
        moving=search.moving,
    )
    return StartTaken(message, nearest=near) if message else StartTaken(nearest=near)
