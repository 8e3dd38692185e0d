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
from booking.scheduling.appointments.marks import check_in, fulfil, mark_late, mark_no_show, undo_mark, why_not_mark
from booking.scheduling.appointments.patient_overlaps import KnownVisits
from booking.scheduling.appointments.purge import delete_lapsed_bookings, delete_old_holds, forget_sources
from booking.scheduling.appointments.series import book_series, cancel_later
from booking.scheduling.appointments.undo import restore, undo_move
from booking.scheduling.basket.book import book_basket, with_name
from booking.scheduling.basket.choose import extend_basket, hold_several, return_time
from booking.scheduling.basket.confirm import confirm_basket, others_of_form, unconfirmed_together
from booking.scheduling.basket.rows import Basket, load_basket
from booking.scheduling.blocks.block_time import (
    MAX_WEEKS,
    BlockedTime,
    block_time,
    change_block,
    close_clinic,
    remove_batch,
    remove_block,
)
from booking.scheduling.blocks.spans import BlockSpan, absences_of, visits_inside
from booking.scheduling.exceptions import (
    AlreadyBooked,
    BasketFull,
    BasketTaken,
    CallToBook,
    HoldLimitReached,
    NotBlocked,
    NotBookable,
    NotConfirmed,
    OfferGone,
    SchedulingError,
    SlotTaken,
    TooLate,
    VisitOverlaps,
    WrongStatus,
    refused,
)
from booking.scheduling.locks import practitioners_locked
from booking.scheduling.patients.contact import CorrectedContact, correct_contact
from booking.scheduling.patients.corrections import CORRECTABLE, correct_patient, refuse_correction
from booking.scheduling.patients.details import DETAILS, add_patient, change_patient
from booking.scheduling.patients.duplicates import KnownPatients, possible_duplicates
from booking.scheduling.patients.imports import (
    UNDO_FOR,
    UndoneImport,
    forget_imports,
    import_patients,
    undo_import,
)
from booking.scheduling.patients.merge import MERGED_FIELDS, merge, merge_values
from booking.scheduling.patients.notes import NoteChanged, change_tags, note_version, save_note
from booking.scheduling.running_late import say_running_late
from booking.scheduling.slots.capacity import DayCapacity, day_capacities
from booking.scheduling.slots.conflicts import (
    ScheduleConflict,
    TrialRollback,
    conflicts_caused_by,
    find_conflicts,
    offered_by_active,
    substitutes,
)
from booking.scheduling.slots.day_plans import OfferedService, day_plans, offered_services
from booking.scheduling.slots.open_time import open_seconds
from booking.scheduling.slots.overview import SlotOverview
from booking.scheduling.slots.search import (
    available_slots,
    nearest_slots,
    next_slot,
    next_slot_by_practitioner,
    offers_of_both,
    offers_of_service,
)
from booking.scheduling.slots.series_dates import SeriesDate, series_dates, week_later
from booking.scheduling.slots.staff_rules import OVERBOOKING, Exemption, NeedsReason, StaffRule
from booking.scheduling.slots.staff_search import free_times_for_staff, nearest_for_staff
from booking.scheduling.slots.unavailability import Restriction, UnavailabilityReason, why_not
from booking.scheduling.types import UNKNOWN_VISITOR, PatientDetails, Slot, SlotQuery, Visitor, WaitlistRequest
from booking.scheduling.tz_changes.retime import Retimed, retime
from booking.scheduling.waitlist.by_staff import add_caller, book_waiting, offer_to, why_not_offer
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
    "CORRECTABLE",
    "DETAILS",
    "MAX_WEEKS",
    "MERGED_FIELDS",
    "OVERBOOKING",
    "UNDO_FOR",
    "UNKNOWN_VISITOR",
    "Actor",
    "AlreadyBooked",
    "Basket",
    "BasketFull",
    "BasketTaken",
    "BlockSpan",
    "BlockedTime",
    "CallToBook",
    "CorrectedContact",
    "DayCapacity",
    "Exemption",
    "HoldLimitReached",
    "KnownPatients",
    "KnownVisits",
    "NeedsReason",
    "NotBlocked",
    "NotBookable",
    "NotConfirmed",
    "NoteChanged",
    "OfferGone",
    "OfferedService",
    "PatientDetails",
    "Restriction",
    "Retimed",
    "ScheduleConflict",
    "SchedulingError",
    "SeriesDate",
    "Slot",
    "SlotOverview",
    "SlotQuery",
    "SlotTaken",
    "StaffRule",
    "TooLate",
    "TrialRollback",
    "UnavailabilityReason",
    "UndoneImport",
    "VisitOverlaps",
    "Visitor",
    "WaitlistRequest",
    "WaitlistResult",
    "WrongStatus",
    "absences_of",
    "accept",
    "add_caller",
    "add_patient",
    "ask_to_move",
    "available_slots",
    "block_time",
    "book",
    "book_basket",
    "book_by_staff",
    "book_series",
    "book_waiting",
    "cancel",
    "cancel_later",
    "change_block",
    "change_patient",
    "change_tags",
    "check_in",
    "close_clinic",
    "confirm",
    "confirm_attendance",
    "confirm_basket",
    "conflicts_caused_by",
    "correct_contact",
    "correct_patient",
    "day_capacities",
    "day_plans",
    "decline",
    "delete_lapsed_bookings",
    "delete_old_entries",
    "delete_old_holds",
    "expire_holds",
    "extend",
    "extend_basket",
    "extensions_left",
    "find_conflicts",
    "forget_imports",
    "forget_sources",
    "free_times_for_staff",
    "fulfil",
    "hold",
    "hold_several",
    "import_patients",
    "join",
    "leave",
    "load_basket",
    "mark_late",
    "mark_no_show",
    "merge",
    "merge_values",
    "nearest_for_staff",
    "nearest_slots",
    "next_slot",
    "next_slot_by_practitioner",
    "note_version",
    "offer_available_slots",
    "offer_to",
    "offered_by_active",
    "offered_services",
    "offers_of_both",
    "offers_of_service",
    "open_seconds",
    "others_of_form",
    "part_of_day",
    "possible_duplicates",
    "practitioners_locked",
    "refuse_correction",
    "refused",
    "release",
    "remove_batch",
    "remove_block",
    "reschedule",
    "restore",
    "retime",
    "return_time",
    "save_note",
    "say_running_late",
    "series_dates",
    "settle_waitlist",
    "substitutes",
    "unconfirmed_together",
    "undo_import",
    "undo_mark",
    "undo_move",
    "visits_inside",
    "week_later",
    "why_not",
    "why_not_mark",
    "why_not_offer",
    "with_name",
    "withdraw",
]
