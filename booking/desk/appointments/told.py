"""Say whether the patient gets an email about what was just done, and else whom to call."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from booking import messages
from booking.models import Appointment, Message
from booking.staff.formats import format_phone

Kind = Message.Kind
MOVED = (Kind.CONFIRMATION, Kind.RESCHEDULED)
BOOKED = (Kind.CONFIRMATION,)
CANCELLED = (Kind.CANCELLED,)


def is_told(visit: Appointment, kinds: Iterable[Kind], *, now: datetime) -> str:
    patient = visit.patient
    if patient is None or visit.ends_at <= now:
        return ""
    if messages.is_emailed(visit, kinds, now=now):
        return gettext("%(name)s gets an email.") % {"name": patient.given_names}
    if not patient.email:
        phone = format_phone(patient.phone) if patient.phone else ""
        return gettext("There is no email address, so please call %(phone)s.") % {"phone": phone}
    return gettext("No email is sent.")
