"""Availability: compute the slots (bookable start times) of a practitioner at a location.

Pure functions: no Django, no database, no clock. All data is passed in, including "now".
The rules R1 to R10 and R15 in the docstrings are listed in docs/booking-rules.md.

The public API takes aware datetimes. Internally, and in ``starts()``, an instant is an integer: seconds
since 1970-01-01 UTC. A search compares and adds instants by the thousand, and integers are several
times faster. Starts are rounded down to a second, ends are rounded up.

``local_time`` converts wall times to instants, ``inputs`` defines the data, ``intervals`` the interval
arithmetic; ``starts`` computes the slots, ``compact`` finds those that leave no short gap, ``reasons`` gives the
rule that excludes a start, and ``day_plan`` shows a day to staff.
"""

from booking.availability.capacity import bookable_seconds, open_seconds, visits_that_fit
from booking.availability.compact import compact_starts
from booking.availability.day_plan import DayPlan, day_plan
from booking.availability.inputs import (
    DatedHours,
    LocationDay,
    OccupiedSpan,
    Request,
    Schedule,
    TimeOffSpan,
    WallSpan,
    WeeklySpan,
)
from booking.availability.intervals import Interval, intersections, merge
from booking.availability.local_time import (
    LOOK_BACK,
    ONE_DAY,
    SECOND,
    bounds,
    ceil_second,
    floor_second,
    horizon,
    instant,
    instant_at,
    instants_of,
    local_day,
)
from booking.availability.reasons import Reason, schedule_rules_broken, why_not
from booking.availability.starts import free_room, is_free, starts, works_at

__all__ = [
    "LOOK_BACK",
    "ONE_DAY",
    "SECOND",
    "DatedHours",
    "DayPlan",
    "Interval",
    "LocationDay",
    "OccupiedSpan",
    "Reason",
    "Request",
    "Schedule",
    "TimeOffSpan",
    "WallSpan",
    "WeeklySpan",
    "bookable_seconds",
    "bounds",
    "ceil_second",
    "compact_starts",
    "day_plan",
    "floor_second",
    "free_room",
    "horizon",
    "instant",
    "instant_at",
    "instants_of",
    "intersections",
    "is_free",
    "local_day",
    "merge",
    "open_seconds",
    "schedule_rules_broken",
    "starts",
    "visits_that_fit",
    "why_not",
    "works_at",
]
