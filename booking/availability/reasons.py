"""The reason why a start time is not available: the first rule that excludes it."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum

from booking.availability.inputs import LocationDay, Request, Schedule
from booking.availability.intervals import Interval, overlaps
from booking.availability.local_time import LOOK_BACK, ONE_DAY, SECOND, ceil_second, floor_second, local_day
from booking.availability.starts import breaks_of, buffered, closures_of, free_room, hours_of


class Reason(Enum):
    """The rule that excludes a start time."""

    HORIZON = "too far ahead"
    LEAD_TIME = "too soon"
    CLOSED = "outside working hours"
    OVERRIDE = "other hours on this date"
    CLOSURE = "the location is closed"
    BREAK = "a break"
    TIME_OFF = "time off"
    OWN_CALENDAR = "busy in their own calendar"
    VISIT = "another visit"
    BUFFER = "too close to another visit"
    ROOM = "no room is free"
    GRID = "between the offered starts"


def schedule_rules_broken(schedule: Schedule, place: LocationDay, request: Request, start: datetime) -> list[Reason]:
    """All rules of the schedule that a visit breaks: closure, hours, time off, own calendar and breaks.

    A closed day breaks no hours besides. Occupied time, rooms and the rules for new bookings do not count.
    """
    visit = floor_second(start), ceil_second(start + request.duration)
    day = local_day(start, place.zone)

    def is_blocked_by(blocks: Iterable[Interval]) -> bool:
        return any(overlaps(visit, block) for block in blocks)

    broken = []
    if is_blocked_by(closures_of(schedule, place, day - LOOK_BACK, day + LOOK_BACK)):
        broken.append(Reason.CLOSURE)
    elif not any(
        opens <= visit[0] and visit[1] <= closes for opens, closes in hours_of(schedule, place, day - LOOK_BACK, day)
    ):
        broken.append(Reason.OVERRIDE if day in schedule.overrides else Reason.CLOSED)
    if is_blocked_by(away.at(place.zone) for away in schedule.away):
        broken.append(Reason.TIME_OFF)
    if is_blocked_by(schedule.busy):
        broken.append(Reason.OWN_CALENDAR)
    if is_blocked_by(breaks_of(schedule, place, day - ONE_DAY - LOOK_BACK, day + LOOK_BACK)):
        broken.append(Reason.BREAK)
    return broken


def why_not(
    schedule: Schedule,
    place: LocationDay,
    request: Request,
    start: datetime,
    *,
    first: date,
    last: date,
    not_before: datetime,
) -> Reason | None:
    """The first rule that excludes a start time; None if and only if ``starts()`` includes it.

    ``first`` to ``last`` are the days of the booking horizon; ``not_before`` is now plus the lead time.
    """
    visit = floor_second(start), ceil_second(start + request.duration)
    day = local_day(start, place.zone)
    if not first <= day <= last:
        return Reason.HORIZON
    if start < not_before:
        return Reason.LEAD_TIME
    covering_hours = [
        hours
        for hours in hours_of(schedule, place, day - LOOK_BACK, day)
        if hours[0] <= visit[0] and visit[1] <= hours[1]
    ]

    def is_blocked_by(blocks: Iterable[Interval]) -> bool:
        return any(overlaps(visit, block) for block in blocks)

    # The most general reason first: on a closed day, hours and breaks do not matter.
    checks = (
        (Reason.CLOSURE, lambda: is_blocked_by(closures_of(schedule, place, day - LOOK_BACK, day + LOOK_BACK))),
        (Reason.OVERRIDE, lambda: not covering_hours and day in schedule.overrides),
        (Reason.CLOSED, lambda: not covering_hours),
        (Reason.TIME_OFF, lambda: is_blocked_by(away.at(place.zone) for away in schedule.away)),
        (Reason.OWN_CALENDAR, lambda: is_blocked_by(schedule.busy)),
        (Reason.BREAK, lambda: is_blocked_by(breaks_of(schedule, place, day - ONE_DAY - LOOK_BACK, day + LOOK_BACK))),
        (Reason.VISIT, lambda: is_blocked_by((span.start, span.end) for span in schedule.visits)),
        (Reason.BUFFER, lambda: is_blocked_by(buffered(schedule, place, request))),
        (Reason.GRID, lambda: all((visit[0] - hours[0]) % (request.step // SECOND) for hours in covering_hours)),
        (Reason.ROOM, lambda: request.needs_room and free_room(place, visit) is None),
    )
    return next((reason for reason, applies in checks if applies()), None)
