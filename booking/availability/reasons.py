"""Why is a start not offered? The rule that hides it."""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum

from booking.availability.clocks import LOOK_BACK, ONE_DAY, SECOND, ceil_second, floor_second, local_day
from booking.availability.facts import Place, Request, Schedule
from booking.availability.search import breaks_of, buffered, closures_of, hours_of
from booking.availability.stretches import Stretch, meet


class Reason(Enum):
    """The rule that keeps a start from being offered."""

    HORIZON = "too far ahead"
    LEAD_TIME = "too soon"
    CLOSED = "outside working hours"
    OVERRIDE = "other hours on this date"
    CLOSURE = "the location is closed"
    BREAK = "a break"
    TIME_OFF = "time off"
    VISIT = "another visit"
    BUFFER = "too close to another visit"
    ROOM = "no room is free"
    GRID = "between the offered starts"


def why_not(
    schedule: Schedule,
    place: Place,
    request: Request,
    start: datetime,
    *,
    first: date,
    last: date,
    not_before: datetime,
) -> Reason | None:
    """The first rule that hides a start, or None exactly when ``starts`` offers it.

    ``first`` to ``last`` are the days of the booking horizon.
    """
    visit = floor_second(start), ceil_second(start + request.duration)
    day = local_day(start, place.zone)
    if not first <= day <= last:
        return Reason.HORIZON
    if start < not_before:
        return Reason.LEAD_TIME
    covering = [
        hours
        for hours in hours_of(schedule, place, day - LOOK_BACK, day)
        if hours[0] <= visit[0] and visit[1] <= hours[1]
    ]

    def hit(blocks: Iterable[Stretch]) -> bool:
        return any(meet(visit, block) for block in blocks)

    # The widest reason first: a closed day has neither hours nor breaks worth naming.
    checks = (
        (Reason.CLOSURE, lambda: hit(closures_of(schedule, place, day - LOOK_BACK, day + LOOK_BACK))),
        (Reason.OVERRIDE, lambda: not covering and day in schedule.overrides),
        (Reason.CLOSED, lambda: not covering),
        (Reason.TIME_OFF, lambda: hit(away.at(place.zone) for away in schedule.away)),
        (Reason.BREAK, lambda: hit(breaks_of(schedule, place, day - ONE_DAY - LOOK_BACK, day + LOOK_BACK))),
        (Reason.VISIT, lambda: hit((other.start, other.end) for other in schedule.visits)),
        (Reason.BUFFER, lambda: hit(buffered(schedule.visits, request))),
        (Reason.GRID, lambda: all((visit[0] - hours[0]) % (request.step // SECOND) for hours in covering)),
        (Reason.ROOM, lambda: request.needs_room and free_room(place, visit) is None),
    )
    return next((reason for reason, hides in checks if hides()), None)


def free_room(place: Place, visit: Stretch) -> int | None:
    """The first room that is free for the bare visit (R6, R12), or None."""
    for room, taken in place.rooms.items():
        index = bisect_left(taken, visit[1], key=lambda stretch: stretch[0])
        if index == 0 or taken[index - 1][1] <= visit[0]:
            return room
    return None
