"""Which appointments would nobody be offered any more, and who could see these patients instead?

Changed hours, closures, time off, withdrawn services and people never change an appointment. They
leave it outside: these are the lists that staff work through. What only hides a time from others
(the visit itself, lead time, horizon, the grid) strands nobody.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from booking import availability
from booking.availability import Place, Reason, Request, Schedule, Visit
from booking.models import Appointment, Location, Practitioner, PractitionerService
from booking.scheduling.explaining import Withheld
from booking.scheduling.hours import hours_of_people


@dataclass(frozen=True)
class Stranded:
    """An appointment that falls outside, and the first rule that it breaks."""

    appointment: Appointment
    reason: Reason | Withheld


@dataclass(frozen=True, slots=True)
class _Promise:
    """What was agreed, and what has become of its service and room since."""

    pk: int
    practitioner: int
    service: int
    location: int
    zone: str
    start: datetime
    end: datetime
    on: date
    buffer_before: timedelta
    buffer_after: timedelta
    service_is_active: bool
    needs_needling: bool
    needs_room: bool
    room: int | None
    room_is_active: bool | None
    overbooked_reason: str

    @property
    def has_its_room(self) -> bool:
        """A usable room, or none where none is needed or staff meant it so."""
        if self.room is not None:
            return bool(self.room_is_active)
        return not self.needs_room or bool(self.overbooked_reason)

    @property
    def request(self) -> Request:
        # A step too small to see: an appointment need not stand on today's grid. The room is its own.
        return Request(self.end - self.start, availability.SECOND, self.buffer_before, self.buffer_after)


# The columns of a promise, in the order of its fields.
_PROMISE = (
    *("pk", "practitioner", "service", "location", "location__time_zone", "starts_at", "ends_at", "local_on"),
    *("buffer_before", "buffer_after", "service__is_active", "service__needs_needling_authorisation"),
    *("service__needs_room", "room", "room__is_active", "overbooked_reason"),
)


@dataclass(frozen=True, slots=True)
class _People:
    """Who sees patients, what they offer and when they work."""

    active: dict[int, bool]
    authorised: dict[int, bool]
    offered: set[tuple[int, int]]
    schedules: dict[int, Schedule]
    places: dict[int, Place]

    def reason(self, promise: _Promise, person: int) -> Reason | Withheld | None:
        """The first rule against this visit with this person; None if it may stand."""
        if not promise.service_is_active:
            return Withheld.SERVICE_INACTIVE
        if not self.active[person]:
            return Withheld.PRACTITIONER_INACTIVE
        if (person, promise.service) not in self.offered:
            return Withheld.NOT_OFFERED
        if promise.needs_needling and not self.authorised[person]:
            return Withheld.NOT_AUTHORISED
        place = self.places[promise.location]
        day = availability.local_day(promise.start, place.zone)
        return availability.why_not(
            self.schedules[person], place, promise.request, promise.start, first=day, last=day, not_before=promise.start
        )


def stranded(
    *, now: datetime, practitioner: Practitioner | None = None, location: Location | None = None
) -> list[Stranded]:
    """Upcoming appointments that fall outside, in the order of time; never more than six queries."""
    rows = Appointment.objects.upcoming(now=now)
    if practitioner is not None:
        rows = rows.filter(practitioner=practitioner)
    if location is not None:
        rows = rows.filter(location=location)
    promises = _promises(rows)
    if not promises:
        return []
    people = _people({promise.practitioner for promise in promises}, promises)
    reasons: dict[int, Reason | Withheld] = {}
    for promise in promises:
        reason = people.reason(promise, promise.practitioner)
        if reason is not None or not promise.has_its_room:
            reasons[promise.pk] = reason or Reason.ROOM
    if not reasons:
        return []
    outside = Appointment.objects.select_related("patient", "practitioner", "service", "location", "room")
    in_order = outside.in_bulk(list(reasons)).values()
    return [
        Stranded(appointment, reasons[appointment.pk])
        for appointment in sorted(in_order, key=lambda one: (one.starts_at, one.practitioner_id, one.pk))
    ]


def substitutes(appointments: Iterable[Appointment], *, now: datetime) -> dict[Practitioner, set[int]]:
    """Who else could see which of these at the very same times: the appointments' ids by practitioner.

    Whoever could see none is left out. In the clinic's order of people; a fixed number of queries.
    Rooms are not asked for: moving a visit looks for a free one.
    """
    promises = _promises(Appointment.objects.filter(pk__in=[appointment.pk for appointment in appointments]))
    if not promises:
        return {}
    others = list(Practitioner.objects.active().exclude(pk__in={promise.practitioner for promise in promises}))
    people = _people([other.pk for other in others], promises, taken_at=now)
    able = {other: {promise.pk for promise in promises if people.reason(promise, other.pk) is None} for other in others}
    return {other: these for other, these in able.items() if these}


def _promises(rows: QuerySet[Appointment]) -> list[_Promise]:
    return [_Promise(*row) for row in rows.order_by().values_list(*_PROMISE)]


def _people(ids: Iterable[int], promises: list[_Promise], taken_at: datetime | None = None) -> _People:
    """What decides about these people on the promises' days; their other visits, too, as of ``taken_at``."""
    ids = list(ids)
    first, last = min(promise.on for promise in promises), max(promise.on for promise in promises)
    zones = {promise.location: promise.zone for promise in promises}
    hours = hours_of_people(ids, first, last)
    visits = _visits(ids, first, last, taken_at) if taken_at else {}
    people = Practitioner.objects.filter(pk__in=ids)
    standing = list(people.order_by().values_list("pk", "is_active", "authorised_for_needling"))
    offered = PractitionerService.objects.filter(practitioner__in=ids)
    return _People(
        active={person: is_active for person, is_active, _ in standing},
        authorised={person: is_authorised for person, _, is_authorised in standing},
        offered=set(offered.order_by().values_list("practitioner", "service")),
        schedules={
            person: replace(hours.schedules.get(person, Schedule()), visits=visits.get(person, ())) for person in ids
        },
        places={
            place: Place(id=place, zone=ZoneInfo(zone), closed_on=hours.closures.get(place, frozenset()))
            for place, zone in zones.items()
        },
    )


def _visits(people: list[int], first: date, last: date, now: datetime) -> dict[int, list[Visit]]:
    """What these people's time is taken for on the local days ``first`` to ``last``, buffers included."""
    rows = Appointment.objects.occupying(now=now).filter(
        practitioner__in=people, local_on__range=(first - availability.LOOK_BACK, last + availability.LOOK_BACK)
    )
    visits = defaultdict(list)
    for person, start, end, before, after in rows.order_by().values_list(
        "practitioner", "starts_at", "ends_at", "buffer_before", "buffer_after"
    ):
        visits[person].append(Visit.between(start, end, before, after))
    return visits
