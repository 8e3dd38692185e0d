"""The only way to change an appointment, and the questions asked before one is made.

Every command names its actor, refuses early, locks, checks again under the lock, writes, records
an event and queues messages, in one transaction. What it refuses it leaves untouched. Commands
that take time lock the people and rooms concerned; those that only give it back or mark it lock
the appointment.
"""

from booking.scheduling.actors import Actor
from booking.scheduling.booking import book
from booking.scheduling.changes import ask_to_move, cancel, check_in, fulfil, mark_no_show, reschedule
from booking.scheduling.desk import book_for
from booking.scheduling.explaining import Explanation, Withheld, why_not
from booking.scheduling.facts import Search
from booking.scheduling.holding import extend, extensions_left, hold
from booking.scheduling.lapsing import expire_holds, forget_holds, release
from booking.scheduling.merging import MERGED_FIELDS, merge
from booking.scheduling.offering import Settled, forget_waitlist, offer_freed_times, settle_waitlist
from booking.scheduling.openings import Opening, nearest, next_free, next_free_each, offers, open_starts
from booking.scheduling.outlook import Outlook
from booking.scheduling.patients import PatientDetails
from booking.scheduling.reaching import Mended, mend_contact
from booking.scheduling.refusals import (
    AlreadyBooked,
    HeldLongEnough,
    NotOffered,
    OfferGone,
    Refused,
    StartTaken,
    TooLate,
    WrongState,
)
from booking.scheduling.stranded import Stranded, stranded, substitutes
from booking.scheduling.waiting import WaitlistWish, accept, join, leave, pass_on
from booking.scheduling.zone_law import Retimed, retime

__all__ = [
    "MERGED_FIELDS",
    "Actor",
    "AlreadyBooked",
    "Explanation",
    "HeldLongEnough",
    "Mended",
    "NotOffered",
    "OfferGone",
    "Opening",
    "Outlook",
    "PatientDetails",
    "Refused",
    "Retimed",
    "Search",
    "Settled",
    "StartTaken",
    "Stranded",
    "TooLate",
    "WaitlistWish",
    "Withheld",
    "WrongState",
    "accept",
    "ask_to_move",
    "book",
    "book_for",
    "cancel",
    "check_in",
    "expire_holds",
    "extend",
    "extensions_left",
    "forget_holds",
    "forget_waitlist",
    "fulfil",
    "hold",
    "join",
    "leave",
    "mark_no_show",
    "mend_contact",
    "merge",
    "nearest",
    "next_free",
    "next_free_each",
    "offer_freed_times",
    "offers",
    "open_starts",
    "pass_on",
    "release",
    "reschedule",
    "retime",
    "settle_waitlist",
    "stranded",
    "substitutes",
    "why_not",
]
