"""Say whether patients get an email about what staff have just done, and whom to call instead."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from booking import messages
from booking.models import Appointment, Message
from booking.staff.formats import format_phone

Kind = Message.Kind
MOVED = frozenset({Kind.CONFIRMATION, Kind.RESCHEDULED})
CANCELLED = frozenset({Kind.CANCELLED})
ASKED = frozenset({Kind.MOVE_REQUESTED})


def news_of_one(appointment: Appointment, kinds: Iterable[Kind], *, now: datetime) -> str:
    """A sentence about the patient of one visit; "" for a held time, which has no patient."""
    if appointment.patient is None:
        return ""
    if messages.is_emailed(appointment, kinds, now=now):
        return "The patient will get an email."
    if needs_call(appointment, now=now):
        return f"The patient has no email address, so please call {format_phone(appointment.patient.phone)}."
    return gettext("No email will be sent.")


def news_of_several(done: Iterable[Appointment], kinds: Iterable[Kind], *, now: datetime) -> str:
    """A sentence about the patients of several visits."""
    visits = [visit for visit in done if visit.patient is not None]
    emailed = sum(messages.is_emailed(visit, kinds, now=now) for visit in visits)
    if visits and emailed == len(visits):
        return "Each patient will get an email."
    return f"{emailed} of {len(visits)} patients will get an email." if emailed else gettext("No email will be sent.")


def needs_call(appointment: Appointment, *, now: datetime) -> bool:
    """Whether no email can reach the patient, and the visit is not over."""
    patient = appointment.patient
    return patient is not None and not patient.email and now < appointment.ends_at


def calls_to_make(done: Iterable[Appointment], *, now: datetime) -> str:
    """Who has to be called, with the phone numbers; "" if nobody."""
    visits = [visit for visit in done if needs_call(visit, now=now)]
    return "; ".join(f"{visit.patient}, {format_phone(visit.patient.phone)}" for visit in visits if visit.patient)
