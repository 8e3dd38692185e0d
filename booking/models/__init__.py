"""The booking models, one module for each subject. Import them from ``booking.models``."""

from booking.models.appointment_events import AppointmentEvent
from booking.models.appointment_status import (
    AGREED,
    CHOSEN,
    OCCUPYING,
    PENDING,
    BookedFrom,
    Channel,
    Status,
    is_reference,
    new_reference,
    reference_for,
)
from booking.models.appointments import Appointment, AppointmentQuerySet
from booking.models.calendars import BusyTime, ExternalCalendar, reads_calendar
from booking.models.clinic import DEFAULT_UNVERIFIED_SHARE, CancelReason, Clinic, Insurer, Notices, parse_networks
from booking.models.content_version import (
    ContentVersion,
    bump_content_version,
    connect_version_signals,
    current_content_version,
)
from booking.models.hours import Break, Closure, HoursOverride, RunningLate, TimeOff, WorkingHours
from booking.models.intake.answers import IntakeAnswers
from booking.models.intake.questions import IntakeForm, IntakeFormVersion, IntakeQuestion
from booking.models.locations import Location, OpeningHours, Province, Room, SpecialHours, Weekday
from booking.models.message_wording import PLACEHOLDERS, MessageWording, make_missing_wordings, placeholders
from booking.models.messages import Message
from booking.models.patients import (
    DISPOSED_NAME,
    MADE_UP_DOMAIN,
    Patient,
    PatientImport,
    PatientMerge,
    PatientNote,
    Tag,
    search_key_of,
)
from booking.models.practitioners import Practitioner, PractitionerDraft, PractitionerService
from booking.models.privacy import (
    AccessLogEntry,
    AccessLogPerson,
    ChangeLogEntry,
    Disposal,
    DisposalItem,
    RetentionPeriods,
)
from booking.models.reports import BookingStepCount, FirstFreeTime
from booking.models.services import DEFAULT_STEP, Service
from booking.models.site_state import (
    ClockReading,
    RateLimitBucket,
    SampleRow,
    SetupCheck,
    SiteIdentity,
    TaskRun,
    make_missing_site_identity,
)
from booking.models.waitlist import MAX_UNANSWERED_OFFERS, PartOfDay, WaitlistEntry, WaitlistOffer

__all__ = [
    "AGREED",
    "CHOSEN",
    "DEFAULT_STEP",
    "DEFAULT_UNVERIFIED_SHARE",
    "DISPOSED_NAME",
    "MADE_UP_DOMAIN",
    "MAX_UNANSWERED_OFFERS",
    "OCCUPYING",
    "PENDING",
    "PLACEHOLDERS",
    "AccessLogEntry",
    "AccessLogPerson",
    "Appointment",
    "AppointmentEvent",
    "AppointmentQuerySet",
    "BookedFrom",
    "BookingStepCount",
    "Break",
    "BusyTime",
    "CancelReason",
    "ChangeLogEntry",
    "Channel",
    "Clinic",
    "ClockReading",
    "Closure",
    "ContentVersion",
    "Disposal",
    "DisposalItem",
    "ExternalCalendar",
    "FirstFreeTime",
    "HoursOverride",
    "Insurer",
    "IntakeAnswers",
    "IntakeForm",
    "IntakeFormVersion",
    "IntakeQuestion",
    "Location",
    "Message",
    "MessageWording",
    "Notices",
    "OpeningHours",
    "PartOfDay",
    "Patient",
    "PatientImport",
    "PatientMerge",
    "PatientNote",
    "Practitioner",
    "PractitionerDraft",
    "PractitionerService",
    "Province",
    "RateLimitBucket",
    "RetentionPeriods",
    "Room",
    "RunningLate",
    "SampleRow",
    "Service",
    "SetupCheck",
    "SiteIdentity",
    "SpecialHours",
    "Status",
    "Tag",
    "TaskRun",
    "TimeOff",
    "WaitlistEntry",
    "WaitlistOffer",
    "Weekday",
    "WorkingHours",
    "bump_content_version",
    "connect_version_signals",
    "current_content_version",
    "is_reference",
    "make_missing_site_identity",
    "make_missing_wordings",
    "new_reference",
    "parse_networks",
    "placeholders",
    "reads_calendar",
    "reference_for",
    "search_key_of",
]
