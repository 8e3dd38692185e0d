"""The domain, one file a subject. ``from booking.models import Appointment`` is enough."""

from booking.models.appointments import AGREED, OCCUPYING, Appointment, AppointmentEvent, Channel, Status
from booking.models.clinic import Clinic, Notices
from booking.models.hours import Break, Closure, HoursOverride, TimeOff, WorkingHours
from booking.models.limits import Allowance
from booking.models.messages import Message
from booking.models.opening import OpeningException
from booking.models.patients import Patient, PatientMerge
from booking.models.people import Practitioner, PractitionerService
from booking.models.places import Location, OpeningHours, Province, Room, Weekday
from booking.models.sample import SampleRow
from booking.models.service import Service
from booking.models.shown import ShownVersion, raise_shown_version, shown_version, watch_what_is_shown
from booking.models.waitlist import PartOfDay, WaitlistEntry, WaitlistOffer
from booking.models.wording import MessageWording
from booking.models.worker import WorkerStep

__all__ = [
    "AGREED",
    "OCCUPYING",
    "Allowance",
    "Appointment",
    "AppointmentEvent",
    "Break",
    "Channel",
    "Clinic",
    "Closure",
    "HoursOverride",
    "Location",
    "Message",
    "MessageWording",
    "Notices",
    "OpeningException",
    "OpeningHours",
    "PartOfDay",
    "Patient",
    "PatientMerge",
    "Practitioner",
    "PractitionerService",
    "Province",
    "Room",
    "SampleRow",
    "Service",
    "ShownVersion",
    "Status",
    "TimeOff",
    "WaitlistEntry",
    "WaitlistOffer",
    "Weekday",
    "WorkerStep",
    "WorkingHours",
    "raise_shown_version",
    "shown_version",
    "watch_what_is_shown",
]
