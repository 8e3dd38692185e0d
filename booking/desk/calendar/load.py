"""Load the calendar's rows into a ``Board``.

The number of queries depends neither on the number of practitioners and visits nor on that of days.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.availability import DayPlan, OccupiedSpan, Reason, instant
from booking.desk.calendar import grid
from booking.desk.calendar.absences import away_shades, is_closed_all_day, load_absences
from booking.desk.calendar.board import Board, CalendarBlock, CalendarColumn, Shade
from booking.desk.calendar.own_calendars import OwnCalendars, busy_shades, load_own_calendars
from booking.desk.calendar.waiting import WaitingPeople
from booking.models import (
    AGREED,
    Appointment,
    AppointmentEvent,
    Closure,
    Location,
    PatientNote,
    Practitioner,
    RunningLate,
    Status,
    Tag,
    TimeOff,
    WaitlistOffer,
)

LABELS = {Reason.CLOSURE: _("Closed"), Reason.BREAK: _("Break")}
ATTENDED = (Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.NOSHOW)


def load_board(
    *,
    days: Sequence[date],
    day: date,
    practitioners: Sequence[Practitioner],
    not_shown: Sequence[Practitioner] = (),
    locations: Sequence[Location],
    now: datetime,
    shows_cancelled: bool = False,
    sees_reasons: bool = True,
    sees_waitlist: bool = True,
    notes: QuerySet[PatientNote] | None = None,
) -> Board:
    """Load the calendar of these local days.

    ``not_shown``: practitioners without a column, whose visits are counted.
    ``sees_reasons``: the user may read why somebody is away; ``sees_waitlist``: who waits for a time; ``notes``: those
    that the user may read.
    """
    people = {person.pk for person in practitioners}
    rows = _appointments(practitioners, locations, days, now, PatientNote.objects.none() if notes is None else notes)
    occupying = [row for row in rows if row.status in {*ATTENDED, Status.HELD}]
    others = _others(people, not_shown, days, now)
    offers = scheduling.offered_services()
    own_calendars = load_own_calendars(practitioners, now)
    plans = scheduling.day_plans(
        practitioners=practitioners,
        locations=locations,
        days=days,
        occupying=[*occupying, *others],
        offers=offers,
        now=next_mark(now),
        own_calendars_of=own_calendars,
    )
    places = {place.pk for place in locations}
    in_columns = [row for row in rows if row.location_id in places]
    drawn = [row for row in in_columns if row.status != Status.CANCELLED or shows_cancelled]
    shown = grid.shown_range(_spans(plans, locations, drawn))
    waiting = WaitingPeople.load(days, offers) if sees_waitlist else WaitingPeople([], {})
    closures = _closures(days, locations if any(plan.closed for plan in plans.values()) else [])
    absences = load_absences(people, days) if any(plan.away for plan in plans.values()) else {}
    delays = _delays(people, days)
    by_column: dict[tuple[int, date], list[Appointment]] = defaultdict(list)
    for row in drawn:
        by_column[row.practitioner_id, row.local_on].append(row)
    columns = [
        _column(
            person,
            on,
            [(place, plans[person.pk, place.pk, on]) for place in locations],
            by_column[person.pk, on],
            shown,
            waiting,
            closures[on],
            absences.get(person.pk, []),
            sees_reasons,
            delays.get((person.pk, on)),
            own_calendars.get(person.pk),
        )
        for person in practitioners
        for on in days
    ]
    visits = [row for row in in_columns if row.status in AGREED]
    unread = [own.practitioner for own in own_calendars.values() if own.is_unread]
    return Board(columns, shown, closures, visits, waiting, day, _counts(not_shown, others, places), unread)


def _appointments(
    people: Collection[Practitioner],
    locations: Collection[Location],
    days: Collection[date],
    now: datetime,
    notes: QuerySet[PatientNote],
) -> Sequence[Appointment]:
    """Their visits, live holds and unconfirmed bookings that begin on these days, at all locations.

    Services are prefetched, not joined: a row with all their columns takes several times as long.
    """
    pending = Q(status__in=[Status.HELD, Status.UNCONFIRMED], hold_expires_at__gt=now)
    arrivals = AppointmentEvent.objects.filter(appointment=OuterRef("pk"), kind=AppointmentEvent.Kind.ARRIVED)
    others = Appointment.objects.attended_between(OuterRef("starts_at"), OuterRef("ends_at"))
    same_patient = others.filter(patient=OuterRef("patient")).exclude(pk=OuterRef("pk"))
    rows = list(
        Appointment.objects.filter(Q(status__in=AGREED) | pending, practitioner__in=people, local_on__in=days)
        .select_related("patient")
        .prefetch_related(
            "service",
            Prefetch("patient__tags", Tag.objects.filter(is_alert=True), to_attr="alert_tags"),
        )
        .annotate(
            arrived_at=Subquery(arrivals.order_by("-pk").values("at")[:1]),
            has_other_visit=Exists(same_patient),  # R16
            has_note=Exists(notes.filter(appointment=OuterRef("pk"))),
        )
        .order_by("starts_at", "pk")
    )
    holds = [row for row in rows if row.status == Status.HELD]
    prefetch_related_objects(holds, Prefetch("waitlist_offer", WaitlistOffer.objects.select_related("entry")))
    by_id = {person.pk: person for person in people}
    places = {place.pk: place for place in locations}
    for row in rows:
        row.practitioner = by_id[row.practitioner_id]
        if row.location_id in places:
            row.location = places[row.location_id]
    return rows


def _others(
    people: Collection[int], not_shown: Sequence[Practitioner], days: Collection[date], now: datetime
) -> list[Any]:
    """What else occupies rooms on these days, or time of those who are not shown. Named tuples: a week has many."""
    rows = Appointment.objects.occupying(now=now).exclude(practitioner__in=people).filter(local_on__in=days)
    rows = rows.filter(Q(room__isnull=False) | Q(practitioner__in=not_shown)).order_by()
    columns = ("practitioner_id", "room_id", "location_id", "status", "starts_at", "ends_at")
    return list(rows.values_list(*columns, named=True))


def _counts(
    people: Iterable[Practitioner], rows: Iterable[Any], places: Collection[int]
) -> list[tuple[Practitioner, int]]:
    """How many visits each of these has at these locations, where there are any."""
    counts = Counter(row.practitioner_id for row in rows if row.status in ATTENDED and row.location_id in places)
    return [(person, counts[person.pk]) for person in people if counts[person.pk]]


def _closures(days: Collection[date], locations: Collection[Location]) -> dict[date, list[Closure]]:
    found: dict[date, list[Closure]] = {on: [] for on in days}
    if not locations:
        return found
    for closure in Closure.objects.filter(on__in=days, location__in=locations).order_by("location__position", "pk"):
        found[closure.on].append(closure)
    return found


def _delays(people: Collection[int], days: Collection[date]) -> dict[tuple[int, date], timedelta]:
    rows = RunningLate.objects.filter(practitioner__in=people, on__in=days)
    return {(row.practitioner_id, row.on): row.late_by for row in rows}


def _local(interval: tuple[int, int], place: Location) -> tuple[datetime, datetime]:
    return instant(interval[0]).astimezone(place.zone), instant(interval[1]).astimezone(place.zone)


def _spans(
    plans: dict[tuple[int, int, date], DayPlan], locations: Iterable[Location], rows: Iterable[Appointment]
) -> list[grid.Span]:
    """Everything that the grid has to show: hours and visits."""
    places = {place.pk: place for place in locations}
    hours = [
        grid.span_on(*_local(interval, places[location]), on)
        for (_person, location, on), plan in plans.items()
        for interval in plan.hours
    ]
    return hours + [grid.span_on(row.local_start, row.local_end, row.local_on) for row in rows]


def _column(
    person: Practitioner,
    on: date,
    plans: Sequence[tuple[Location, DayPlan]],
    rows: Sequence[Appointment],
    shown: grid.Span,
    waiting: WaitingPeople,
    closures: Sequence[Closure],
    absences: Sequence[TimeOff],
    sees_reasons: bool,
    late_by: timedelta | None,
    own_calendars: OwnCalendars | None,
) -> CalendarColumn:
    hours = sorted(_local(interval, place) for place, plan in plans for interval in plan.hours)
    column = CalendarColumn(person, on, hours, late_by)
    column.shades = _shades(plans, on, shown, closures)
    if not is_closed_all_day(column.shades):
        column.shades += away_shades(absences, [place for place, _plan in plans], on, shown, sees_reasons=sees_reasons)
        column.shades += busy_shades(plans, on, shown, own_calendars)
    booked = [OccupiedSpan.between(row.starts_at, row.ends_at) for row in rows if row.status in ATTENDED]
    taken = [(span.start, span.end) for span in booked]
    column.working = timedelta(seconds=sum(plan.working_seconds for _place, plan in plans))
    column.filled = timedelta(seconds=sum(plan.filled_seconds(taken) for _place, plan in plans))
    blocks = [_visit(row, on, shown) for row in rows]
    lanes = grid.lanes([grid.span_on(block.starts_at, block.ends_at, on) for block in blocks])
    for index, (lane, count) in enumerate(lanes):
        blocks[index] = replace(blocks[index], cell=replace(blocks[index].cell, lane=lane, lanes=count))
    for place, plan in plans:
        for interval in plan.gaps if person.is_active else ():
            start, end = _local(interval, place)
            suited = waiting.for_gap(person, place, start, end)
            cell = grid.cell(grid.span_on(start, end, on), shown)
            blocks.append(CalendarBlock("gap", start, end, place, cell, waiting=suited))
    column.blocks = sorted(blocks, key=lambda block: (block.starts_at, block.kind != "visit"))
    return column


def _visit(row: Appointment, on: date, shown: grid.Span) -> CalendarBlock:
    start, end = row.local_start, row.local_end
    kind = "visit" if row.status in AGREED else "hold"
    return CalendarBlock(
        kind, start, end, row.location, grid.cell(grid.span_on(start, end, on), shown), appointment=row
    )


def _shades(
    plans: Sequence[tuple[Location, DayPlan]],
    on: date,
    shown: grid.Span,
    closures: Sequence[Closure],
) -> list[Shade]:
    spans = [grid.span_on(*_local(interval, place), on) for place, plan in plans for interval in plan.hours]
    is_closed = all(plan.closed for _place, plan in plans)
    if is_closed and closures:
        return [Shade(grid.cell(shown, shown), str(LABELS[Reason.CLOSURE]), closures[0].name, shown, Reason.CLOSURE)]
    shades = [Shade(grid.cell(span, shown)) for span in grid.uncovered(shown, spans)]
    for place, plan in plans:
        for reason, interval in plan.interruptions:
            start, end = grid.span_on(*_local(interval, place), on)
            start, end = max(start, shown[0]), min(end, shown[1])
            if start < end and spans and reason != Reason.TIME_OFF:
                why = closures[0].name if reason == Reason.CLOSURE and closures else ""
                shades.append(Shade(grid.cell((start, end), shown), str(LABELS[reason]), why, (start, end), reason))
    return list(dict.fromkeys(shades))


def next_mark(instant: datetime) -> datetime:
    """The instant, rounded up to a row of the grid: nothing is booked for a time between two rows."""
    excess = timedelta(minutes=instant.minute % grid.ROW, seconds=instant.second, microseconds=instant.microsecond)
    return instant + timedelta(minutes=grid.ROW) - excess if excess else instant


def local_today(locations: Sequence[Location], now: datetime) -> date:
    """Today at the first location."""
    return now.astimezone(locations[0].zone).date() if locations else timezone.localdate(now)


def now_cell(board: Board, locations: Sequence[Location], now: datetime) -> grid.Cell | None:
    """The row of the line that marks now, if today is shown."""
    if not locations or all(column.on != local_today(locations, now) for column in board.columns):
        return None
    minute = grid.minute_of(now.astimezone(locations[0].zone))
    is_shown = board.shown[0] <= minute < board.shown[1]
    return grid.cell((minute, minute + grid.ROW), board.shown) if is_shown else None
