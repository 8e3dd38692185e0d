"""Render an outbox row to a text message (SMS)."""

from datetime import datetime, timedelta

from booking.formatting import clock, duration, format_phone, full_stop, short_day
from booking.ical.appointment import one_line
from booking.intake.asked import is_wanted
from booking.messages.sms.encoding import parts, to_gsm_7
from booking.messages.sms.gateway import SmsMessage
from booking.models import Appointment, Clinic, Location, Message


def text_message(message: Message, *, now: datetime) -> SmsMessage:
    """Render a message that goes by SMS: the longest text that fits into a single SMS part."""
    appointment = message.appointment
    assert appointment is not None
    assert appointment.patient is not None
    clinic, location = Clinic.objects.get(), appointment.location
    phone = format_phone(location.phone or clinic.phone)
    is_late = message.kind == Message.Kind.RUNNING_LATE
    bodies = _delay(message, clinic, phone) if is_late else _reminder(appointment, clinic, location, phone, now)
    plain = [to_gsm_7(one_line(body)) for body in bodies]
    return SmsMessage(str(appointment.patient.phone), next((body for body in plain if parts(body) == 1), plain[-1]))


def _reminder(appointment: Appointment, clinic: Clinic, location: Location, phone: str, now: datetime) -> list[str]:
    when = f"{short_day(appointment.local_on)}, {clock(appointment.promised_start)}"
    if Location.objects.count() > 1:
        when += f" ({location.time_zone_label}), {location.name}"
    short = f"{clinic.name}: appointment {full_stop(when)} Changes: {phone}."
    was_emailed = bool(appointment.patient and appointment.patient.email)
    wants_form = was_emailed and appointment.service.intake_form_id is not None and is_wanted(appointment, now)
    # Privacy: not that the form is about health.
    with_form = [f"{short} Please fill in the form we emailed you. STOP ends texts."] if wants_form else []
    return [
        *with_form,
        f"{clinic.name}: your appointment is {full_stop(when)} To change it, call {phone}. Reply STOP to end texts.",
        f"{short} STOP ends texts.",
    ]


def _delay(message: Message, clinic: Clinic, phone: str) -> list[str]:
    late = duration(timedelta(minutes=message.content["late_minutes"]))
    return [
        f"{clinic.name}: we're sorry, we're running about {late} late today. Questions? Call {phone}. "
        "Reply STOP to end texts.",
        f"{clinic.name}: we're about {late} late today. Call {phone}. STOP ends texts.",
    ]
