"""Schedule conflicts: upcoming appointments that no longer fit the schedule, and substitute practitioners.

Changes of hours, closures, time off, services and practitioners never change an appointment. They can
leave it in conflict with the schedule, for staff to resolve. Rules that only hide a start from new
bookings (occupied time, lead time, horizon, grid) cause no conflict.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from booking import availability
from booking.availability import LocationDay, OccupiedSpan, Reason, Request, Schedule
from booking.models import Appointment, Location, Practitioner, PractitionerService
from booking.scheduling.slots.schedules import schedules_for_service
from booking.scheduling.slots.unavailability import Restriction


@dataclass(frozen=True)
class ScheduleConflict:
    """An appointment that conflicts with the schedule, and the first rule that it violates."""

    appointment: Appointment
    reason: Reason | Restriction


@dataclass(frozen=True, slots=True)
class _AgreedVisit:
    """The agreed time of an appointment, and the current state of its service and room."""

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

    @classmethod
    def of(cls, row: Appointment) -> "_AgreedVisit":
        return cls(
            pk=row.pk,
            practitioner=row.practitioner_id,
            service=row.service_id,
            location=row.location_id,
            zone=row.location.time_zone,
            start=row.starts_at,
            end=row.ends_at,
            on=row.local_on,
            buffer_before=row.buffer_before,
            buffer_after=row.buffer_after,
            service_is_active=row.service.is_active,
            needs_needling=row.service.needs_needling_authorisation,
            needs_room=row.service.needs_room,
            room=row.room_id,
            room_is_active=row.room.is_active if row.room else None,
            overbooked_reason=row.overbooked_reason,
        )

    @property
    def has_valid_room(self) -> bool:
        """Whether it has an active room, or needs none, or was overbooked without one on purpose."""
        if self.room is not None:
            return bool(self.room_is_active)
        return not self.needs_room or bool(self.overbooked_reason)

    @property
    def request(self) -> Request:
        # Smallest step: an appointment need not match today's grid. Its room is checked separately.
        return Request(self.end - self.start, availability.SECOND, self.buffer_before, self.buffer_after)


# In the order of _AgreedVisit's fields.
_COLUMNS = (
    *("pk", "practitioner", "service", "location", "location__time_zone", "starts_at", "ends_at", "local_on"),
    *("buffer_before", "buffer_after", "service__is_active", "service__needs_needling_authorisation"),
    *("service__needs_room", "room", "room__is_active", "overbooked_reason"),
)


@dataclass(frozen=True, slots=True)
class _People:
    """Status, services and schedules of practitioners, by practitioner id."""

    active: dict[int, bool]
    authorised: dict[int, bool]
    offered: set[tuple[int, int]]
    schedules: dict[int, Schedule]
    location_days: dict[int, LocationDay]

    def reason(self, visit: _AgreedVisit, person: int) -> Reason | Restriction | None:
        """Return the first rule that this visit with this practitioner violates, or None."""
        if not visit.service_is_active:
            return Restriction.SERVICE_INACTIVE
        if not self.active[person]:
            return Restriction.PRACTITIONER_INACTIVE
        if (person, visit.service) not in self.offered:
            return Restriction.NOT_OFFERED
        if visit.needs_needling and not self.authorised[person]:
            return Restriction.NOT_AUTHORISED
        location_day = self.location_days[visit.location]
        day = availability.local_day(visit.start, location_day.zone)
        return availability.why_not(
            self.schedules[person],
            location_day,
            visit.request,
            visit.start,
            first=day,
            last=day,
            not_before=visit.start,
        )


def find_conflicts(
    *, now: datetime, practitioner: Practitioner | None = None, location: Location | None = None
) -> list[ScheduleConflict]:
    """Upcoming appointments that conflict with the schedule, ordered by start. At most nine queries."""
    rows = Appointment.objects.upcoming(now=now)
    if practitioner is not None:
        rows = rows.filter(practitioner=practitioner)
    if location is not None:
        rows = rows.filter(location=location)
    visits = _agreed_visits(rows)
    if not visits:
        return []
    ids = {visit.practitioner for visit in visits}
    offers = PractitionerService.objects.filter(practitioner__in=ids).order_by()
    offered = set(offers.values_list("practitioner", "service"))
    people = _people(Practitioner.objects.filter(pk__in=ids), visits, offered)
    reasons: dict[int, Reason | Restriction] = {}
    for visit in visits:
        reason = people.reason(visit, visit.practitioner)
        if reason is not None or not visit.has_valid_room:
            reasons[visit.pk] = reason or Reason.ROOM
    if not reasons:
        return []
    rows = Appointment.objects.select_related("patient", "practitioner", "service", "location", "room")
    appointments = rows.in_bulk(list(reasons)).values()
    return [
        ScheduleConflict(appointment, reasons[appointment.pk])
        for appointment in sorted(appointments, key=lambda row: (row.starts_at, row.practitioner_id, row.pk))
    ]


def offered_by_active() -> set[tuple[int, int]]:
    """What practitioners offer who are active: pairs of practitioner id and service id. One query."""
    rows = PractitionerService.objects.filter(practitioner__is_active=True)
    return set(rows.order_by().values_list("practitioner", "service"))


def substitutes(
    appointments: Iterable[Appointment], *, now: datetime, offered: set[tuple[int, int]] | None = None
) -> dict[Practitioner, set[int]]:
    """Find other practitioners who are free at the same times. Returns appointment ids by practitioner.

    Practitioners who can take none are left out. Ordered by position; a constant number of queries.
    Rooms are not checked: rescheduling assigns a free one. The appointments come with service, location and room.
    ``offered``: of ``offered_by_active()``, if it is loaded already.
    """
    visits = [_AgreedVisit.of(appointment) for appointment in appointments]
    if not visits:
        return {}
    others = list(Practitioner.objects.active())
    people = _people(others, visits, offered_by_active() if offered is None else offered, occupied_at=now)
    bookable = {
        other: {
            visit.pk for visit in visits if visit.practitioner != other.pk and people.reason(visit, other.pk) is None
        }
        for other in others
    }
    return {other: ids for other, ids in bookable.items() if ids}


def _agreed_visits(rows: QuerySet[Appointment]) -> list[_AgreedVisit]:
    return [_AgreedVisit(*row) for row in rows.order_by().values_list(*_COLUMNS)]


def _people(
    practitioners: Iterable[Practitioner],
    visits: list[_AgreedVisit],
    offered: set[tuple[int, int]],
    occupied_at: datetime | None = None,
) -> _People:
    """Load what they do on the days of ``visits``; with ``occupied_at``, also their occupied time then."""
    by_id = {practitioner.pk: practitioner for practitioner in practitioners}
    ids = list(by_id)
    first, last = min(visit.on for visit in visits), max(visit.on for visit in visits)
    zones = {visit.location: visit.zone for visit in visits}
    # An own calendar may hold copies of the very visits, so it puts none in conflict. It keeps others from taking them.
    hours = schedules_for_service(ids, first, last, own_calendars_of=ids if occupied_at else ())
    occupied = _occupied_spans(ids, first, last, occupied_at) if occupied_at else {}
    return _People(
        active={person: row.is_active for person, row in by_id.items()},
        authorised={person: row.authorised_for_needling for person, row in by_id.items()},
        offered=offered,
        schedules={
            person: replace(
                hours.schedules.get(person, Schedule()), visits=occupied.get(person, ()), travel_time=row.travel_time
            )
            for person, row in by_id.items()
        },
        location_days={
            location: LocationDay(id=location, zone=ZoneInfo(zone), closed_on=hours.closures.get(location, frozenset()))
            for location, zone in zones.items()
        },
    )


def _occupied_spans(people: list[int], first: date, last: date, now: datetime) -> dict[int, list[OccupiedSpan]]:
    """Occupied time of these practitioners on the local days ``first`` to ``last``, with buffers."""
    rows = Appointment.objects.occupying(now=now).filter(
        practitioner__in=people, local_on__range=(first - availability.LOOK_BACK, last + availability.LOOK_BACK)
    )
    spans = defaultdict(list)
    for person, starts_at, ends_at, before, after, location in rows.order_by().values_list(
        "practitioner", "starts_at", "ends_at", "buffer_before", "buffer_after", "location"
    ):
        spans[person].append(OccupiedSpan.between(starts_at, ends_at, before, after, location))
    return spans


class TrialRollback(Exception):
    """Raised to roll back the transaction of a trial edit; carries the conflicts that it would cause."""

    def __init__(self, conflicts: list[ScheduleConflict]) -> None:
        super().__init__()
        self.conflicts = conflicts


def conflicts_caused_by(edit: Callable[[], Any]) -> list[ScheduleConflict]:
    """Return the conflicts that ``edit`` would cause and that do not exist yet. Rolls the edit back."""
    now = timezone.now()
    try:
        with transaction.atomic():
            edit()
            raise TrialRollback(find_conflicts(now=now))
    except TrialRollback as undone:
        conflicts = undone.conflicts
    if not conflicts:
        return []
    existing = {conflict.appointment.pk for conflict in find_conflicts(now=now)}
    return [conflict for conflict in conflicts if conflict.appointment.pk not in existing]
