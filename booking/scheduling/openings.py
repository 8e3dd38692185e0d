"""Which starts can be booked: gather the facts in a fixed number of queries, then decide in the pure module."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from booking import availability
from booking.availability import Away, DatedHours, Interval, Place, Request, Schedule, Visit, WallSpan, WeeklySpan
from booking.models import (
    Appointment,
    Break,
    Closure,
    HoursOverride,
    Location,
    Practitioner,
    PractitionerService,
    Room,
    Service,
    TimeOff,
    WorkingHours,
)
from booking.scheduling.refusals import StartTaken

LONGEST_BUFFER = timedelta(hours=4)  # A constraint on services holds it.
_WEEKLY = ("weekday", "start_time", "end_time", "ends_next_day", "starts_on", "ends_on")


@dataclass(frozen=True, order=True)
class Opening:
    """One start that can be booked, and who could take it (in the clinic's order of people)."""

    starts_at: datetime
    ends_at: datetime
    location_id: int
    practitioner_ids: tuple[int, ...]


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


@dataclass(frozen=True)
class Facts:
    """All that was read, ready for the pure module."""

    search: Search
    requests: dict[int, Request]  # practitioner id -> what they need; in the clinic's order
    schedules: dict[int, Schedule]
    places: dict[int, Place]

    @property
    def not_before(self) -> datetime:
        search = self.search
        return search.now + (search.service.lead_time if search.lead_time is None else search.lead_time)

    def openings(self, first: date, last: date) -> list[Opening]:
        """Openings on the local days ``first`` to ``last``, each start and place once, in order."""
        takers: dict[tuple[datetime, int], list[int]] = defaultdict(list)
        for place in self.places.values():
            earliest, latest = availability.horizon(self.search.now, self.search.service.horizon_days, place.zone)
            begin, end = max(first, earliest), min(last, latest)
            if begin > end:
                continue
            for practitioner, request in self.requests.items():
                for start in availability.starts(
                    self.schedules[practitioner], place, request, first=begin, last=end, not_before=self.not_before
                ):
                    takers[start, place.id].append(practitioner)
        return sorted(
            Opening(start, start + self.requests[people[0]].duration, place, tuple(people))
            for (start, place), people in takers.items()
        )


def gather(search: Search, first: date, last: date) -> Facts:
    """Read what decides about the local days ``first`` to ``last``: at most eight queries, whatever the data."""
    offers = list(_offers(search))
    ids = [offer.practitioner_id for offer in offers]
    weekly, zones = _weekly_hours(ids, search.location)
    overrides = _overrides(ids, search.location, first, last, zones)
    breaks = _breaks(ids)
    away = _time_off(ids, first, last)
    rooms = _rooms(zones) if search.service.needs_room else {}
    visits, taken_rooms = _taken(search, ids, rooms, first, last)
    closures = _closures(zones, first, last)
    return Facts(
        search=search,
        requests={offer.practitioner_id: _request(search, offer) for offer in offers},
        schedules={
            person: Schedule(
                weekly=weekly.get(person, ()),
                overrides=overrides.get(person, {}),
                breaks=breaks.get(person, ()),
                away=away.get(person, ()),
                visits=visits.get(person, ()),
            )
            for person in ids
        },
        places={
            place: Place(
                id=place,
                zone=ZoneInfo(zone),
                closed_on=frozenset(closures.get(place, ())),
                rooms={
                    room: availability.merge(taken_rooms.get(room, ())) for room, at in rooms.items() if at == place
                },
            )
            for place, zone in zones.items()
        },
    )


def _offers(search: Search) -> QuerySet[PractitionerService]:
    """Who gives this service to this patient (R11): active, authorised, open to new patients."""
    offers = PractitionerService.objects.filter(service=search.service, practitioner__is_active=True)
    if search.service.needs_needling_authorisation:
        offers = offers.filter(practitioner__authorised_for_needling=True)
    if search.new_patient:
        offers = offers.filter(practitioner__takes_new_patients=True)
    if search.practitioner is not None:
        offers = offers.filter(practitioner=search.practitioner)
    return offers.order_by("practitioner__position", "practitioner_id")


def _request(search: Search, offer: PractitionerService) -> Request:
    service, moving = search.service, search.moving
    duration = moving.duration if moving else offer.own_duration or service.duration
    return Request(
        duration=duration,
        step=service.step or offer.own_duration or service.duration,
        buffer_before=moving.buffer_before if moving else service.buffer_before,
        buffer_after=moving.buffer_after if moving else service.buffer_after,
        needs_room=service.needs_room,
    )


def _weekly_hours(people: list[int], location: Location | None) -> tuple[dict[int, list[WeeklySpan]], dict[int, str]]:
    """Weekly hours for each person, and the zones of the places they name."""
    rows = WorkingHours.objects.filter(practitioner__in=people)
    zones = {}
    if location is not None:
        rows = rows.filter(location=location)
        zones[location.pk] = location.time_zone
    weekly = defaultdict(list)
    for row in rows.values_list("practitioner", "location", "location__time_zone", *_WEEKLY):
        person, place, zone, weekday, start, end, ends_next_day, starts_on, ends_on = row
        weekly[person].append(WeeklySpan(weekday, WallSpan(start, end, ends_next_day), place, starts_on, ends_on))
        zones[place] = zone
    return weekly, zones


def _overrides(
    people: list[int], location: Location | None, first: date, last: date, zones: dict[int, str]
) -> dict[int, dict[date, list[DatedHours]]]:
    """Dated hours for each person and day; adds the zones of places that only they name."""
    rows = HoursOverride.objects.filter(practitioner__in=people, on__range=_reach(first, last))
    found: dict[int, dict[date, list[DatedHours]]] = defaultdict(lambda: defaultdict(list))
    for person, place, zone, on, start, end, ends_next_day in rows.values_list(
        "practitioner", "location", "location__time_zone", "on", "start_time", "end_time", "ends_next_day"
    ):
        span = None if start is None or end is None else WallSpan(start, end, ends_next_day)
        # Dated hours elsewhere still replace the weekly ones here, so they are kept, too.
        found[person][on].append(DatedHours(place, span))
        if location is None:
            zones[place] = zone
    return found


def _breaks(people: list[int]) -> dict[int, list[WeeklySpan]]:
    breaks = defaultdict(list)
    for row in Break.objects.filter(practitioner__in=people).values_list("practitioner", *_WEEKLY):
        person, weekday, start, end, ends_next_day, starts_on, ends_on = row
        breaks[person].append(WeeklySpan(weekday, WallSpan(start, end, ends_next_day), None, starts_on, ends_on))
    return breaks


def _time_off(people: list[int], first: date, last: date) -> dict[int, list[Away]]:
    begin, end = _reach(first, last)
    away = defaultdict(list)
    rows = TimeOff.objects.filter(practitioner__in=people, ends_on__gte=begin, starts_on__lte=end)
    for person, starts_on, start, ends_on, stop in rows.values_list(
        "practitioner", "starts_on", "start_time", "ends_on", "end_time"
    ):
        away[person].append(Away(starts_on, start, ends_on, stop))
    return away


def _closures(zones: dict[int, str], first: date, last: date) -> dict[int, list[date]]:
    closed = defaultdict(list)
    for place, on in Closure.objects.filter(location__in=zones, on__range=_reach(first, last)).values_list(
        "location", "on"
    ):
        closed[place].append(on)
    return closed


def _rooms(zones: dict[int, str]) -> dict[int, int]:
    """Usable rooms and their locations, in the order they are filled."""
    rooms = Room.objects.filter(location__in=zones, is_active=True).order_by("location", "position", "pk")
    return dict(rooms.values_list("pk", "location"))


def _taken(
    search: Search, people: list[int], rooms: dict[int, int], first: date, last: date
) -> tuple[dict[int, list[Visit]], dict[int, list[Interval]]]:
    """What is taken (R10): for each person with buffers, for each room the bare visits (R6)."""
    # Local days lie within a day of the same UTC days, whatever the zone.
    margin = LONGEST_BUFFER + timedelta(days=1)
    begin = datetime.combine(first - timedelta(days=1), datetime.min.time(), tzinfo=UTC) - margin
    end = datetime.combine(last + timedelta(days=2), datetime.min.time(), tzinfo=UTC) + margin
    rows = Appointment.objects.occupying(now=search.now).filter(
        Q(practitioner__in=people) | Q(room__in=rooms), ends_at__gt=begin, starts_at__lt=end
    )
    if search.holder:
        rows = rows.exclude(status="held", hold_key=search.holder)
    if search.moving is not None:
        rows = rows.exclude(pk=search.moving.pk)
    visits: dict[int, list[Visit]] = defaultdict(list)
    taken_rooms: dict[int, list[Interval]] = defaultdict(list)
    wanted = set(people)
    for person, room, start, stop, before, after in rows.order_by().values_list(
        "practitioner", "room", "starts_at", "ends_at", "buffer_before", "buffer_after"
    ):
        if person in wanted:
            visits[person].append(Visit(start, stop, before, after))
        if room in rooms:
            taken_rooms[room].append(Interval(start, stop))
    return visits, taken_rooms


def _reach(first: date, last: date) -> tuple[date, date]:
    """Days that can matter for ``first`` to ``last``: hours of the evening before run over, closures follow."""
    return first - timedelta(days=3), last + timedelta(days=2)


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
    earliest, latest = _widest_horizon(search)
    first, last = max(first, earliest), min(last, latest)
    return gather(search, first, last).openings(first, last) if first <= last else []


def _widest_horizon(search: Search) -> tuple[date, date]:
    """The bookable days in any zone on earth; each place bounds them again by its own."""
    today = search.now.astimezone(UTC).date()
    return today - timedelta(days=1), today + timedelta(days=search.service.horizon_days + 1)


def offers(*, service: Service, now: datetime, new_patient: bool | None = None) -> list[PractitionerService]:
    """Who gives this service to this patient, in the clinic's order, each with their length and price."""
    return list(_offers(Search(service, now, new_patient=new_patient)).select_related("practitioner", "service"))


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
    first, last = _widest_horizon(search)
    facts = gather(search, first, last)
    for day in availability.days(first, last):
        openings = facts.openings(day, day)
        if openings:
            return openings[0]
    return None


def next_free_each(
    *, service: Service, now: datetime, location: Location | None = None, new_patient: bool | None = None
) -> dict[int, Opening]:
    """The first opening of each practitioner who has one, by practitioner id."""
    search = Search(service, now, None, location, new_patient)
    first, last = _widest_horizon(search)
    facts = gather(search, first, last)
    found: dict[int, Opening] = {}
    for day in availability.days(first, last):
        for opening in facts.openings(day, day):
            for person in opening.practitioner_ids:
                alone = Opening(
                    opening.starts_at,
                    opening.starts_at + facts.requests[person].duration,
                    opening.location_id,
                    (person,),
                )
                found.setdefault(person, alone)
        if len(found) == len(facts.requests):
            break
    return found


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
    earliest, latest = _widest_horizon(search)
    day = min(max(starts_at.astimezone(UTC).date(), earliest), latest)
    openings: list[Opening] = []
    for reach in (3, 14, service.horizon_days + 1):
        openings = _search(search, day - timedelta(days=reach), day + timedelta(days=reach))
        if len(openings) >= count:
            break
    closest = sorted(openings, key=lambda opening: (abs(opening.starts_at - starts_at), opening.starts_at))
    return sorted(closest[:count])


def opening_at(search: Search, starts_at: datetime) -> Opening | None:
    """The opening at exactly this instant and place, if it is one."""
    assert search.location is not None
    earliest, latest = _widest_horizon(search)
    day = availability.local_day(starts_at, search.location.zone)
    if not earliest <= day <= latest:
        return None
    return next((found for found in gather(search, day, day).openings(day, day) if found.starts_at == starts_at), None)


def busyness(people: Iterable[int], on: date, now: datetime, holder: str = "") -> dict[int, int]:
    """How many visits and live holds each practitioner has on a local day (R11)."""
    counts = dict.fromkeys(people, 0)
    rows = Appointment.objects.occupying(now=now).filter(practitioner__in=counts, local_on=on)
    if holder:
        rows = rows.exclude(status="held", hold_key=holder)
    for person in rows.order_by().values_list(F("practitioner"), flat=True):
        counts[person] += 1
    return counts


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
