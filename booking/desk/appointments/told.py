"""Words about what was just done: when, and whether the patient gets an email or has to be called."""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils.translation import gettext

from booking import messages
from booking.formatting import clock, short_day
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


def when(local: datetime, today: date) -> str:
    """Within a sentence: "today, 9:00 a.m."; "Tue, Dec 1, 9:00 a.m."."""
    return f"{gettext('today') if local.date() == today else short_day(local)}, {clock(local)}"
