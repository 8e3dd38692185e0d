"""Scheduling API: commands that change appointments, and queries for available slots.

Every command takes its actor, validates early, acquires locks, checks again under the lock, writes,
records an event and queues messages, in one transaction. A command that raises changes nothing.
Commands that occupy time lock the practitioners and rooms concerned; commands that only free time
or change a status lock the appointment.
"""

from booking.scheduling.actors import Actor
from booking.scheduling.appointments.attendance import confirm_attendance
from booking.scheduling.appointments.book import book
from booking.scheduling.appointments.book_by_staff import book_by_staff
from booking.scheduling.appointments.change import ask_to_move, cancel, reschedule
from booking.scheduling.appointments.confirm import confirm
from booking.scheduling.appointments.hold import extend, extensions_left, hold
from booking.scheduling.appointments.hold_expiry import expire_holds, release
from booking.scheduling.appointments.marks import check_in, fulfil, mark_no_show, undo_mark, why_not_mark
from booking.scheduling.appointments.patient_overlaps import KnownVisits
from booking.scheduling.appointments.purge import delete_lapsed_bookings, delete_old_holds, forget_sources
from booking.scheduling.exceptions import (
    AlreadyBooked,
    CallToBook,
    HoldLimitReached,
    NotBookable,
    NotConfirmed,
    OfferGone,
    SchedulingError,
    SlotTaken,
    TooLate,
    VisitOverlaps,
    WrongStatus,
)
from booking.scheduling.patients.contact import CorrectedContact, correct_contact
from booking.scheduling.patients.merge import MERGED_FIELDS, merge, merge_values
from booking.scheduling.slots.capacity import DayCapacity, day_capacities
from booking.scheduling.slots.conflicts import (
    ScheduleConflict,
    TrialRollback,
    conflicts_caused_by,
    find_conflicts,
    substitutes,
)
from booking.scheduling.slots.day_plans import day_plans
from booking.scheduling.slots.overview import SlotOverview
from booking.scheduling.slots.search import (
    available_slots,
    nearest_slots,
    next_slot,
    next_slot_by_practitioner,
    offers_of_both,
    offers_of_service,
)
from booking.scheduling.slots.staff_rules import OVERBOOKING, Exemption, NeedsReason, StaffRule
from booking.scheduling.slots.staff_search import free_times_for_staff, nearest_for_staff
from booking.scheduling.slots.unavailability import Restriction, UnavailabilityReason, why_not
from booking.scheduling.types import UNKNOWN_VISITOR, PatientDetails, Slot, SlotQuery, Visitor, WaitlistRequest
from booking.scheduling.tz_changes.retime import Retimed, retime
from booking.scheduling.waitlist.entries import join, leave
from booking.scheduling.waitlist.matching import part_of_day
from booking.scheduling.waitlist.offers import (
    WaitlistResult,
    delete_old_entries,
    offer_available_slots,
    settle_waitlist,
)
from booking.scheduling.waitlist.responses import accept, decline, withdraw

__all__ = [
    "MERGED_FIELDS",
    "OVERBOOKING",
    "UNKNOWN_VISITOR",
    "Actor",
    "AlreadyBooked",
    "CallToBook",
    "CorrectedContact",
    "DayCapacity",
    "Exemption",
    "HoldLimitReached",
    "KnownVisits",
    "NeedsReason",
    "NotBookable",
    "NotConfirmed",
    "OfferGone",
    "PatientDetails",
    "Restriction",
    "Retimed",
    "ScheduleConflict",
    "SchedulingError",
    "Slot",
    "SlotOverview",
    "SlotQuery",
    "SlotTaken",
    "StaffRule",
    "TooLate",
    "TrialRollback",
    "UnavailabilityReason",
    "VisitOverlaps",
    "Visitor",
    "WaitlistRequest",
    "WaitlistResult",
    "WrongStatus",
    "accept",
    "ask_to_move",
    "available_slots",
    "book",
    "book_by_staff",
    "cancel",
    "check_in",
    "confirm",
    "confirm_attendance",
    "conflicts_caused_by",
    "correct_contact",
    "day_capacities",
    "day_plans",
    "decline",
    "delete_lapsed_bookings",
    "delete_old_entries",
    "delete_old_holds",
    "expire_holds",
    "extend",
    "extensions_left",
    "find_conflicts",
    "forget_sources",
    "free_times_for_staff",
    "fulfil",
    "hold",
    "join",
    "leave",
    "mark_no_show",
    "merge",
    "merge_values",
    "nearest_for_staff",
    "nearest_slots",
    "next_slot",
    "next_slot_by_practitioner",
    "offer_available_slots",
    "offers_of_both",
    "offers_of_service",
    "part_of_day",
    "release",
    "reschedule",
    "retime",
    "settle_waitlist",
    "substitutes",
    "undo_mark",
    "why_not",
    "why_not_mark",
    "withdraw",
]
