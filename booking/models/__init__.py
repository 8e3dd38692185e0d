"""The domain, one file a subject. ``from booking.models import Appointment`` is enough."""

from booking.models.appointments import AGREED, OCCUPYING, Appointment, AppointmentEvent, Patient, Status
from booking.models.clinic import (
    Clinic,
    Location,
    OpeningHours,
    Practitioner,
    PractitionerService,
    Province,
    Room,
    Service,
    Weekday,
)
from booking.models.hours import Break, Closure, HoursOverride, TimeOff, WorkingHours
from booking.models.messages import Message
from booking.models.sample import SampleRow
from booking.models.waitlist import PartOfDay, WaitlistEntry, WaitlistOffer

__all__ = [
    "AGREED",
    "OCCUPYING",
    "Appointment",
    "AppointmentEvent",
    "Break",
    "Clinic",
    "Closure",
    "HoursOverride",
    "Location",
    "Message",
    "OpeningHours",
    "PartOfDay",
    "Patient",
    "Practitioner",
    "PractitionerService",
    "Province",
    "Room",
    "SampleRow",
    "Service",
    "Status",
    "TimeOff",
    "WaitlistEntry",
    "WaitlistOffer",
    "Weekday",
    "WorkingHours",
]
