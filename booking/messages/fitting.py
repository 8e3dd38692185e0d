"""Whether a waiting message still fits what it is about at the moment it would be sent."""

from datetime import datetime

from booking.messages.lost_links import visits_of
from booking.messages.queueing import can_reach
from booking.messages.reminding import useful_until
from booking.messages.summing_up import news_of
from booking.models import Appointment, Channel, Clinic, Message, Notices, Status

Kind = Message.Kind


def still_fits(message: Message, *, now: datetime, by: Channel = Channel.EMAIL) -> bool:
    """False for news of a time that was changed since, or that comes too late to be of use."""
    if message.waitlist_entry is not None:
        return message.waitlist_entry.is_waiting
    if message.waitlist_offer is not None:
        return message.waitlist_offer.is_live(now)  # Too late, or answered: the mail would lead to nothing.
    appointment = message.appointment
    if message.kind == Kind.LOST_LINK:
        return bool(visits_of(message, now=now))
    if message.kind == Kind.DAILY_SUMMARY:
        return _wants_daily(message) and bool(news_of(message))
    if appointment is None:
        return True  # A contact form's message is about nothing that could change.
    if message.kind != Kind.CLINIC_NOTICE and not can_reach(appointment.patient, by):
        return False  # Staff have taken the address away.
    if message.kind == Kind.CANCELLED:
        return appointment.status == Status.CANCELLED and now < appointment.ends_at
    if message.kind == Kind.CLINIC_NOTICE:
        return _notice_fits(message, appointment)
    if appointment.status != Status.BOOKED or message.content["sequence"] != appointment.sequence:
        return False
    if message.kind == Kind.REMINDER:
        return appointment.reminders and now < useful_until(appointment, message.content["hours_before"])
    return now < appointment.starts_at


def _wants_daily(message: Message) -> bool:
    """Unless they have chosen to hear nothing: whoever hears at once from now on has not heard of this yet."""
    to = message.practitioner
    if to is not None:
        return to.is_active and bool(to.email) and to.notices != Notices.NONE
    return not Clinic.objects.filter(notices=Notices.NONE).exists()


def _notice_fits(message: Message, appointment: Appointment) -> bool:
    to = message.practitioner
    if to is not None and not (to.is_active and to.email):
        return False  # Patients' names do not follow somebody who has left.
    is_cancelled = appointment.status == Status.CANCELLED
    if message.content["event"] == "cancelled":
        return is_cancelled
    return not is_cancelled and message.content["sequence"] == appointment.sequence
