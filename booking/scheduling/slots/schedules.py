"""Load working hours, breaks, time off, own calendars and closures as plain values for ``booking.availability``.

Each function runs a constant number of queries. Booking rules depend on these rows, so they are not cached.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from booking import availability
from booking.availability import DatedHours, Interval, Schedule, TimeOffSpan, WallSpan, WeeklySpan
from booking.models import (
    Break,
    BusyTime,
    Closure,
    HoursOverride,
    PractitionerService,
    Room,
    TimeOff,
    WorkingHours,
    reads_calendar,
)
from booking.scheduling.types import Provider


@dataclass(frozen=True, eq=False)
class Schedules:
    """Working hours of some practitioners, and the time zones and closures of their locations. No appointments."""

    schedules: Mapping[int, Schedule]
    zones: Mapping[int, Mapping[int, str]]  # practitioner id -> location id -> time zone
    closures: Mapping[int, frozenset[date]]  # by location id


def providers_of(service: int) -> list[Provider]:
    """All practitioners who offer a service, ordered by position."""
    offers = PractitionerService.objects.filter(service=service).order_by("practitioner__position", "practitioner_id")
    return [Provider(*row) for row in offers.values_list(*_PROVIDER_COLUMNS, reads_calendar("practitioner"))]


def rooms_by_location() -> dict[int, list[int]]:
    """Ids of the active rooms by location, in the order in which they are assigned."""
    rooms = defaultdict(list)
    rows = Room.objects.filter(is_active=True).order_by("position", "pk")
    for location, room in rows.values_list("location_id", "pk"):
        rooms[location].append(room)
    return rooms


_PROVIDER_COLUMNS = (
    *("practitioner_id", "own_duration", "own_price"),
    *("practitioner__is_active", "practitioner__authorised_for_needling", "practitioner__takes_new_patients"),
    "practitioner__travel_time",
)
_SPAN_COLUMNS = ("practitioner_id", "start_time", "end_time", "ends_next_day")
_WEEKLY_COLUMNS = (*_SPAN_COLUMNS, "weekday", "starts_on", "ends_on")
_LOCATION_COLUMNS = ("location_id", "location__time_zone")


def schedules_for_service(
    people: Collection[int], first: date, last: date, *, own_calendars_of: Collection[int] = ()
) -> Schedules:
    """Load the hours of these practitioners on the local days ``first`` to ``last``. Five queries.

    ``own_calendars_of``: those whose busy times in calendars of their own count, too. One query more if there are any.
    """
    # Margin: hours may run past midnight, and a time zone may skip a whole day.
    begin, end = first - timedelta(days=3), last + timedelta(days=2)
    of_people, on_days = Q(practitioner__in=people), Q(on__range=(begin, end))
    weekly = _by_practitioner(WorkingHours.objects.filter(of_people), *_WEEKLY_COLUMNS, *_LOCATION_COLUMNS)
    breaks = _by_practitioner(Break.objects.filter(of_people), *_WEEKLY_COLUMNS)
    dated = _by_practitioner(HoursOverride.objects.filter(of_people, on_days), *_SPAN_COLUMNS, *_LOCATION_COLUMNS, "on")
    time_off = TimeOff.objects.filter(of_people, ends_on__gte=begin, starts_on__lte=end)
    away = _by_practitioner(time_off, "practitioner_id", "starts_on", "start_time", "ends_on", "end_time")
    busy = _busy_times(own_calendars_of, begin, end) if own_calendars_of else {}
    return Schedules(
        schedules={
            person: Schedule(
                weekly=[_weekly(row, row.location_id) for row in weekly[person]],
                overrides=_by_day(dated[person]),
                breaks=[_weekly(row, None) for row in breaks[person]],
                away=[TimeOffSpan(row.starts_on, row.start_time, row.ends_on, row.end_time) for row in away[person]],
                busy=busy.get(person, ()),
            )
            for person in people
        },
        zones={
            person: {row.location_id: row.location__time_zone for row in (*weekly[person], *dated[person])}
            for person in people
        },
        closures=_closures(on_days),
    )


def _busy_times(people: Collection[int], first: date, last: date) -> dict[int, list[Interval]]:
    """By practitioner id, merged: several calendars may hold the same event."""
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last))
    rows = BusyTime.objects.within(begin, end).filter(calendar__practitioner__in=people).order_by()
    spans = defaultdict(list)
    for person, starts_at, ends_at in rows.values_list("calendar__practitioner", "starts_at", "ends_at"):
        spans[person].append((availability.floor_second(starts_at), availability.ceil_second(ends_at)))
    return {person: availability.merge(own) for person, own in spans.items()}


def _by_practitioner(rows: QuerySet[Any], *columns: str) -> dict[int, list[Any]]:
    grouped = defaultdict(list)
    for row in rows.order_by("pk").values_list(*columns, named=True):
        grouped[row.practitioner_id].append(row)
    return grouped


def _closures(on_days: Q) -> dict[int, frozenset[date]]:
    closures = defaultdict(set)
    for location, on in Closure.objects.filter(on_days).order_by().values_list("location_id", "on"):
        closures[location].add(on)
    return {location: frozenset(days) for location, days in closures.items()}


def _by_day(rows: Iterable[Any]) -> dict[date, list[DatedHours]]:
    grouped = defaultdict(list)
    for row in rows:
        # An override at another location also replaces the weekly hours here.
        grouped[row.on].append(DatedHours(row.location_id, None if row.start_time is None else _span(row)))
    return dict(grouped)


def _weekly(row: Any, location: int | None) -> WeeklySpan:
    return WeeklySpan(row.weekday, _span(row), location, row.starts_on, row.ends_on)


def _span(row: Any) -> WallSpan:
    return WallSpan.between(row.start_time, row.end_time, row.ends_next_day)
