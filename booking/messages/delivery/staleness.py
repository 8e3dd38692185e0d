"""Staleness check before sending: whether a message still matches its appointment or waitlist row."""

from collections.abc import Iterable
from datetime import datetime

from booking.intake.asked import is_wanted
from booking.messages.outbox.enqueue import can_reach
from booking.messages.outbox.link_requests import visits_for_link_request
from booking.messages.outbox.reminders import useful_until
from booking.messages.rendering.digest import digest_sections
from booking.models import Appointment, Channel, Clinic, Message, Notices, RunningLate, Status

Kind, State = Message.Kind, Message.State


def is_still_true(message: Message, *, now: datetime, by: Channel = Channel.EMAIL) -> bool:
    """Whether to send the message: False if its appointment has changed since, or if it is too late."""
    if message.waitlist_entry is not None:
        return message.waitlist_entry.is_waiting
    if message.waitlist_offer is not None:
        return message.waitlist_offer.is_live(now)
    appointment = message.appointment
    if message.kind == Kind.LOST_LINK:
        return bool(visits_for_link_request(message, now=now))
    if message.kind == Kind.DAILY_SUMMARY:
        return _wants_digest(message) and bool(digest_sections(message))
    if appointment is None:
        return True  # A message from the contact form never becomes stale.
    if message.kind != Kind.CLINIC_NOTICE and not can_reach(appointment.patient, by):
        return False  # The address was removed.
    if message.kind == Kind.CANCELLED:
        return appointment.status == Status.CANCELLED and now < appointment.ends_at
    if message.kind == Kind.CLINIC_NOTICE:
        return _is_notice_current(message, appointment)
    if message.kind == Kind.CONFIRM_REQUEST:
        return appointment.awaits_confirmation(now)
    if appointment.status != Status.BOOKED or message.content["sequence"] != appointment.sequence:
        return False
    if message.kind == Kind.REMINDER:
        return appointment.reminders and now < useful_until(appointment, message.content["hours_before"])
    if message.kind == Kind.FORM_REMINDER:
        return appointment.reminders and is_wanted(appointment, now)
    if message.kind == Kind.RUNNING_LATE:
        return _is_still_late(message, appointment, now)
    return now < appointment.starts_at


def _is_still_late(message: Message, appointment: Appointment, now: datetime) -> bool:
    """Whether the practitioner is still behind, and the patient is not yet called in."""
    late = RunningLate.objects.filter(practitioner=appointment.practitioner_id, on=appointment.local_on).first()
    return late is not None and now < appointment.starts_at + late.late_by


def is_emailed(appointment: Appointment, kinds: Iterable[Message.Kind], *, now: datetime) -> bool:
    """Whether the patient got, or will get, an email of one of these kinds about the appointment as it is now."""
    about_it = appointment.messages.filter(
        kind__in=kinds, channel=Channel.EMAIL, content__sequence=appointment.sequence
    ).select_related("appointment__patient", "appointment__service", "appointment__location")
    return any(
        message.state in Message.LEFT or (message.state == State.WAITING and is_still_true(message, now=now))
        for message in about_it
    )


def _wants_digest(message: Message) -> bool:
    """Whether the recipient wants notices. Immediate ones count, too: they start after the digest's events."""
    practitioner = message.practitioner
    if practitioner is not None:
        return practitioner.is_active and bool(practitioner.email) and practitioner.notices != Notices.NONE
    return not Clinic.objects.filter(notices=Notices.NONE).exists()


def _is_notice_current(message: Message, appointment: Appointment) -> bool:
    practitioner = message.practitioner
    if practitioner is not None and not (practitioner.is_active and practitioner.email):
        return False  # Do not send patient data to a practitioner who has left.
    is_cancelled = appointment.status == Status.CANCELLED
    if message.content["event"] == "cancelled":
        return is_cancelled
    return not is_cancelled and message.content["sequence"] == appointment.sequence
