"""Render an outbox row to a text message (SMS)."""

from booking.formatting import clock, format_phone, full_stop, short_day
from booking.ical.appointment import one_line
from booking.messages.sms.encoding import parts, to_gsm_7
from booking.messages.sms.gateway import SmsMessage
from booking.models import Clinic, Location, Message


def reminder_text(message: Message) -> SmsMessage:
    """Render a reminder; the longer text if it fits into a single SMS part."""
    appointment = message.appointment
    assert appointment is not None
    assert appointment.patient is not None
    clinic, location = Clinic.objects.get(), appointment.location
    when = f"{short_day(appointment.local_on)}, {clock(appointment.promised_start)}"
    if Location.objects.count() > 1:
        when += f" ({location.time_zone_label}), {location.name}"
    phone = format_phone(location.phone or clinic.phone)
    bodies = [
        f"{clinic.name}: your appointment is {full_stop(when)} To change it, call {phone}. Reply STOP to end texts.",
        f"{clinic.name}: appointment {full_stop(when)} Changes: {phone}. STOP ends texts.",
    ]
    plain = [to_gsm_7(one_line(body)) for body in bodies]
    return SmsMessage(str(appointment.patient.phone), next((body for body in plain if parts(body) == 1), plain[-1]))
