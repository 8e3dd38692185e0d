"""One practitioner's local day at one location as staff see it: working hours, what interrupts them, and gaps.

Gaps come from the real hours, visits and rooms. The rules for bookings by patients (lead time, horizon, grid, buffers)
do not apply to staff.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from booking.availability.inputs import LocationDay, Schedule
from booking.availability.intervals import ALWAYS, Interval, intersections, merge, subtract
from booking.availability.local_time import DAY, LOOK_BACK, ONE_DAY, SECOND, second_at
from booking.availability.reasons import Reason
from booking.availability.starts import breaks_of, closures_of, hours_of


@dataclass(frozen=True)
class DayPlan:
    """Intervals of one local day, clipped to it, in seconds since 1970 UTC."""

    hours: list[Interval]
    closed: list[Interval]
    breaks: list[Interval]
    away: list[Interval]
    gaps: list[Interval]
    busy: list[Interval] = field(default_factory=list)  # In the practitioner's own calendar.

    @property
    def working(self) -> list[Interval]:
        """Working hours without what interrupts them."""
        return subtract(self.hours, merge([*self.closed, *self.breaks, *self.away, *self.busy]))

    @property
    def working_seconds(self) -> int:
        return _seconds(self.working)

    def filled_seconds(self, visits: Iterable[Interval]) -> int:
        """How much of the working time these visits take; overlapping visits count once."""
        return _seconds(intersections(self.working, merge(visits)))

    @property
    def interruptions(self) -> list[tuple[Reason, Interval]]:
        """Why nobody is seen: closures, breaks and time off, in order of time."""
        named = [(Reason.CLOSURE, self.closed), (Reason.BREAK, self.breaks), (Reason.TIME_OFF, self.away)]
        spans = [(reason, interval) for reason, intervals in named for interval in intervals]
        return sorted(spans, key=lambda span: span[1])


def day_plan(
    schedule: Schedule, place: LocationDay, day: date, *, gaps_from: int, shortest: timedelta, needs_room: bool = False
) -> DayPlan:
    """The plan of a local day.

    ``gaps_from``: no gap begins before this instant, usually now. ``shortest``: a shorter gap fits no visit.
    ``needs_room``: every service of this practitioner needs a room, so that a gap needs a free one.
    """
    whole_day = [(second_at(day, 0, place.zone), second_at(day, DAY, place.zone))]
    closed = merge(closures_of(schedule, place, day, day))
    # On a closed day, only dated hours count; ``hours_of`` leaves out the weekly ones.
    hours = intersections(merge(hours_of(schedule, place, day - LOOK_BACK, day)), whole_day)
    breaks = intersections(merge(breaks_of(schedule, place, day - ONE_DAY, day)), hours)
    away = intersections(merge(span.at(place.zone) for span in schedule.away), whole_day)
    busy = intersections(merge(schedule.busy), whole_day)
    occupied = [(visit.start, visit.end) for visit in schedule.visits]
    blocks = merge([*closed, *breaks, *away, *busy, *occupied, *(_without_room(place) if needs_room else ())])
    free = subtract(intersections(hours, [(gaps_from, ALWAYS[1])]), blocks)
    gaps = [gap for gap in free if gap[1] - gap[0] >= shortest // SECOND]
    return DayPlan(hours=hours, closed=closed, breaks=breaks, away=away, gaps=gaps, busy=busy)


def _seconds(intervals: Iterable[Interval]) -> int:
    return sum(end - start for start, end in intervals)


def _without_room(place: LocationDay) -> Iterable[Interval]:
    """The intervals in which no room is free."""
    result: Sequence[Interval] = [ALWAYS]
    for occupied in place.rooms.values():
        result = intersections(result, occupied)
    return result
