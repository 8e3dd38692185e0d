"""When can a patient be seen? Interval arithmetic, and nothing else.

Pure by rule: no Django, no database, no clock. Every fact is passed in, "now" included.
The rules R1 to R12 that the docstrings name are the clinic's booking rules.

An instant that is asked for or told is an aware datetime. Within, it is a whole number of seconds since the
start of 1970 (UTC): a search compares and adds instants by the thousand, and numbers do so several times
faster. What begins within a second begins with it, and what ends within one ends after it.

``clocks`` knows wall times and instants, ``facts`` what has to be known, ``stretches`` the arithmetic;
``search`` decides, and ``reasons`` says which rule hides a start.
"""

from booking.availability.clocks import (
    LOOK_BACK,
    ONE_DAY,
    SECOND,
    bounds,
    ceil_second,
    floor_second,
    horizon,
    instant,
    instants_of,
    local_day,
    resolve,
)
from booking.availability.facts import Away, DatedHours, Place, Request, Schedule, Visit, WallSpan, WeeklySpan
from booking.availability.reasons import Reason, why_not
from booking.availability.search import free_room, is_untaken, starts, works_at
from booking.availability.stretches import Stretch, merge

__all__ = [
    "LOOK_BACK",
    "ONE_DAY",
    "SECOND",
    "Away",
    "DatedHours",
    "Place",
    "Reason",
    "Request",
    "Schedule",
    "Stretch",
    "Visit",
    "WallSpan",
    "WeeklySpan",
    "bounds",
    "ceil_second",
    "floor_second",
    "free_room",
    "horizon",
    "instant",
    "instants_of",
    "is_untaken",
    "local_day",
    "merge",
    "resolve",
    "starts",
    "why_not",
    "works_at",
]
