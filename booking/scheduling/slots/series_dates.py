"""The dates of a series before it is booked: each with what speaks against it, and the nearest free time."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext

from booking import availability
from booking.availability import SECOND, Interval, LocationDay, Reason, Request, Schedule
from booking.models import Appointment, Closure
from booking.scheduling.slots.data import AvailabilityData, load_schedules, with_occupied
from booking.scheduling.slots.search import slots_in, widest_horizon
from booking.scheduling.slots.staff_search import nearest_in, query_for_staff, thinned_out
from booking.scheduling.types import Slot


@dataclass(frozen=True)
class SeriesDate:
    """One date of a series. ``problem`` is empty if ``starts_at`` is free; ``nearest`` is on the same day."""

    on: date
    starts_at: datetime | None  # None: the clock skips this time that day.
    problem: str = ""
    nearest: Slot | None = None


def series_dates(*, original: Appointment, every_weeks: int, times: int, now: datetime) -> list[SeriesDate]:
    """The same time of day every few weeks after the original, with its practitioner; the first is after today.

    The number of queries does not depend on the number of dates.
    """
    days = _days(original.local_on, now.astimezone(original.location.zone).date(), timedelta(weeks=every_weeks), times)
    query = query_for_staff(original.service, now, original.practitioner, original.location, None)
    return _dates(original, days, load_schedules(query, days[0], days[-1]))


def week_later(*, original: Appointment, now: datetime, count: int) -> tuple[SeriesDate, list[Slot]]:
    """The date that follows in a weekly series, and if it is not free, the ``count`` free starts closest to it."""
    (on,) = _days(original.local_on, now.astimezone(original.location.zone).date(), timedelta(weeks=1), 1)
    query = query_for_staff(original.service, now, original.practitioner, original.location, None)
    first, last = widest_horizon(query)
    schedules = load_schedules(query, min(first, on), max(last, on))
    (found,) = _dates(original, [on], schedules)
    if not found.problem or found.starts_at is None:
        return found, []
    return found, nearest_in(schedules, found.starts_at, count)


def _dates(original: Appointment, days: list[date], schedules: AvailabilityData) -> list[SeriesDate]:
    data = with_occupied(schedules, days[0], days[-1], whole=True)
    if original.practitioner_id not in data.requests:
        problem = gettext("%(person)s doesn't give this service now") % {"person": original.practitioner.given_names}
        return [SeriesDate(on, None, problem) for on in days]
    closed = data.location_days[original.location_id].closed_on.intersection(days)
    closures = Closure.objects.filter(location=original.location, on__in=closed).values_list("on", "name")
    names = dict(closures) if closed else {}
    own = _visits_of_patient(original, days)
    return [_date(original, on, data, names, own) for on in days]


def _days(first: date, today: date, step: timedelta, times: int) -> list[date]:
    skipped = max((today - first) // step, 0)
    return [first + step * (skipped + number) for number in range(1, times + 1)]


def _date(
    original: Appointment, on: date, data: AvailabilityData, closures: dict[date, str], own: list[Interval]
) -> SeriesDate:
    instants = availability.instants_of(on, original.local_time, original.location.zone)
    if not instants:
        return SeriesDate(on, None, gettext("The clocks go forward then"), _nearest(data, on, None))
    starts_at = instants[0]
    request = data.requests[original.practitioner_id]
    schedule, place = data.schedules[original.practitioner_id], data.location_days[original.location_id]
    problem = _broken_rule(original, on, starts_at, schedule, place, request, closures)
    start = availability.floor_second(starts_at)
    if not problem and any(start < end and begin < start + request.duration // SECOND for begin, end in own):
        problem = gettext("%(patient)s has another visit then") % {"patient": original.patient}
    if not problem and not availability.is_free(_without_buffers(schedule), place, _bare(request), start):
        problem = gettext("Taken")
    if not problem and starts_at <= data.query.now:
        problem = gettext("Over")
    return SeriesDate(on, starts_at, problem, _nearest(data, on, starts_at) if problem else None)


def _broken_rule(
    original: Appointment,
    on: date,
    starts_at: datetime,
    schedule: Schedule,
    place: LocationDay,
    request: Request,
    closures: dict[date, str],
) -> str:
    broken = availability.schedule_rules_broken(schedule, place, request, starts_at)
    if not broken:
        return ""
    person = {"person": original.practitioner.given_names}
    return {
        Reason.CLOSURE: ": ".join(filter(None, [gettext("Closed"), closures.get(on, "")])),
        Reason.TIME_OFF: gettext("%(person)s is away") % person,
        Reason.OWN_CALENDAR: gettext("%(person)s is busy, says their own calendar") % person,
        Reason.BREAK: gettext("%(person)s has a break") % person,
    }.get(broken[0], gettext("Outside hours"))


def _nearest(data: AvailabilityData, on: date, wanted: datetime | None) -> Slot | None:
    slots = thinned_out(slots_in(data, on, on))
    if wanted is None:
        return slots[0] if slots else None
    return min(slots, key=lambda slot: (abs(slot.starts_at - wanted), slot.starts_at), default=None)


def _bare(request: Request) -> Request:
    return replace(request, buffer_before=timedelta(0), buffer_after=timedelta(0))


def _without_buffers(schedule: Schedule) -> Schedule:
    """Staff may book without buffers and travel."""
    visits = [visit._replace(buffer_before=0, buffer_after=0, location=None) for visit in schedule.visits]
    return replace(schedule, visits=visits, travel_time=timedelta(0))


def _visits_of_patient(original: Appointment, days: list[date]) -> list[Interval]:
    begin, end = availability.bounds(days[0], days[-1], original.location.zone)
    rows = Appointment.objects.attended_between(begin, end).filter(patient=original.patient_id)
    times = rows.order_by().values_list("starts_at", "ends_at")
    return [(availability.floor_second(start), availability.ceil_second(stop)) for start, stop in times]
