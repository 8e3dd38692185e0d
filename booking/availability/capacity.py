"""Capacity: how long is worked, how many visits fit into a working day (R5), how much of it can still be booked."""

from collections.abc import Iterable
from datetime import date, datetime

from booking.availability.inputs import LocationDay, Request, Schedule
from booking.availability.intervals import merge, subtract
from booking.availability.local_time import LOOK_BACK, ONE_DAY, SECOND
from booking.availability.starts import breaks_and_closures, breaks_of, free_starts, hours_of, starts


def visits_that_fit(schedule: Schedule, place: LocationDay, request: Request, day: date) -> int:
    """The most visits that can be booked into the hours of a local day, booked in the best order.

    Of the schedule, hours and breaks count; time off, closures and visits do not.
    """
    hours = hours_of(schedule, place, day, day)
    if not hours:
        return 0
    blocks = merge(breaks_of(schedule, place, day - ONE_DAY, day + LOOK_BACK))
    free = free_starts(hours, blocks, request, hours[0][0], max(closes for _, closes in hours))
    return _count(free, request)


def bookable_seconds(
    schedule: Schedule, places: Iterable[LocationDay], request: Request, day: date, *, not_before: datetime
) -> int:
    """The time of a local day that some visit can still be booked for, in seconds.

    Less than the free time: a gap that is too short for a visit, or only fits off the grid, does not count.
    """
    length = request.duration // SECOND
    covered = merge(
        (start, start + length)
        for place in places
        for start in starts(schedule, place, request, first=day, last=day, not_before=not_before)
    )
    return sum(end - start for start, end in covered)


def open_seconds(schedule: Schedule, place: LocationDay, first: date, last: date) -> int:
    """The working hours of the local days ``first`` to ``last``, without breaks, closures and time off, in seconds."""
    blocks = merge(breaks_and_closures(schedule, place, first, last))
    return sum(closes - opens for opens, closes in subtract(hours_of(schedule, place, first, last), blocks))


def _count(free: Iterable[int], request: Request) -> int:
    """Take the earliest start each time, which leaves the most room for the others."""
    taken_for = (request.duration + max(request.buffer_before, request.buffer_after)) // SECOND
    count, free_from = 0, None
    for start in free:
        if free_from is None or start >= free_from:
            count, free_from = count + 1, start + taken_for
    return count
