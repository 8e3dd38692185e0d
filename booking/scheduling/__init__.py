"""The only way to change an appointment, and the questions asked before one is made.

Every command names its actor, refuses early, locks, checks again under the lock, writes, records
an event and queues messages, in one transaction. What it refuses it leaves untouched.
"""

from booking.scheduling.actors import Actor
from booking.scheduling.changes import cancel, check_in, fulfil, mark_no_show, reschedule
from booking.scheduling.explaining import Explanation, Withheld, why_not
from booking.scheduling.holding import PatientDetails, book, book_for, expire_holds, hold, release
from booking.scheduling.openings import Opening, nearest, next_free, next_free_each, offers, open_starts
from booking.scheduling.refusals import AlreadyBooked, NotOffered, Refused, StartTaken, TooLate, WrongState
from booking.scheduling.zone_law import Retimed, retime

__all__ = [
    "Actor",
    "AlreadyBooked",
    "Explanation",
    "NotOffered",
    "Opening",
    "PatientDetails",
    "Refused",
    "Retimed",
    "StartTaken",
    "TooLate",
    "Withheld",
    "WrongState",
    "book",
    "book_for",
    "cancel",
    "check_in",
    "expire_holds",
    "fulfil",
    "hold",
    "mark_no_show",
    "nearest",
    "next_free",
    "next_free_each",
    "offers",
    "open_starts",
    "release",
    "reschedule",
    "retime",
    "why_not",
]
