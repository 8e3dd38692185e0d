"""Render an outbox row to an e-mail, from the current state of its appointment."""

import email.utils
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac
from phonenumber_field.phonenumber import to_python as read_phone

from booking.formatting import clock, day_without_year
from booking.ical.appointment import calendar_file, one_line, with_ascii_domain
from booking.messages.outbox.enqueue import has_calendar_entry
from booking.messages.rendering.digest import digest_sections, summarize_counts, was_before
from booking.messages.rendering.email_context import (
    appointment_context,
    entry_of,
    link_request_context,
    waitlist_context,
)
from booking.messages.rendering.wording import DEFAULT_WORDING, EmailWording, values, wording_for
from booking.models import Appointment, Clinic, Location, Message, SampleRow

Kind = Message.Kind

# Subjects of e-mails to staff; those to patients are in ``wording``. Privacy: no service, no patient.
SUBJECTS = {
    Kind.DAILY_SUMMARY: "Bookings at {clinic}: {news}",
    Kind.CONTACT: "A message from your website",
}
NOTICE_SUBJECTS = {
    "booked": "Booked: {reference}, {when}",
    "changed": "Moved: {reference}, now {when}",
    "cancelled": "Cancelled: {reference}, {when}",
}
NOTICE_HEADLINES = {
    "booked": "A new appointment",
    "changed": "An appointment was moved",
    "cancelled": "An appointment was cancelled",
}


_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# Kinds that do not change the patient's calendar entry. (Waitlist messages have no appointment.)
_WITHOUT_CALENDAR_FILE = {
    Kind.CLINIC_NOTICE,
    Kind.CONFIRM_REQUEST,
    Kind.MOVE_REQUESTED,
    Kind.FORM_REMINDER,
    Kind.RUNNING_LATE,
    Kind.LOST_LINK,
}
_TO_STAFF = {Kind.CLINIC_NOTICE, Kind.DAILY_SUMMARY, Kind.CONTACT}


class ClinicMissing(Exception):
    """There is no Clinic row."""


def render(
    message: Message, *, now: datetime, connection: BaseEmailBackend | None = None, wording: EmailWording | None = None
) -> EmailMultiAlternatives:
    """Render the e-mail: text, HTML and, for a patient, the calendar file.

    ``wording`` overrides the saved wording, for a preview.
    """
    clinic = Clinic.objects.first()
    if clinic is None:
        raise ClinicMissing
    appointment = message.appointment
    context = {"clinic": clinic, "message": message, "sample_stands": SampleRow.objects.exists()}
    context["names_zone"] = Location.objects.count() > 1
    context["site_url"] = settings.SITE_URL
    if appointment is not None:
        context |= appointment_context(appointment, clinic, now)
        context["has_file"] = has_calendar_file = _has_calendar_file(message, appointment, now)
    entry = entry_of(message)
    if entry is not None:
        context |= waitlist_context(entry, message.waitlist_offer, clinic)
    if message.kind == Kind.LOST_LINK:
        context |= link_request_context(message, clinic, now)
    if message.kind == Kind.CONTACT:
        context["sender_phone"] = read_phone(message.content.get("phone"), region="CA")
    if message.kind == Kind.DAILY_SUMMARY:
        context["sections"] = digest_sections(message)
        context["diary_url"] = settings.SITE_URL + reverse("desk:day")
    if message.kind == Kind.CLINIC_NOTICE:
        event = message.content["event"]
        was = was_before(appointment) if appointment and event == "changed" else ""
        context |= {"headline": _headline(message), "is_cancelled": event == "cancelled", "was": was}
    if Kind(message.kind) in DEFAULT_WORDING:
        wording = (wording or wording_for(message.kind)).filled(values(context))
        context["words"] = wording
        subject = one_line(wording.subject)
    else:
        subject = _subject(message, context)
    context["subject"] = subject

    mail = EmailMultiAlternatives(
        subject=_escape_encoded_word(subject),
        body=_normalize_whitespace(render_to_string(f"booking/email/{message.kind}.txt", context)),
        from_email=sender_of(clinic),
        to=[with_ascii_domain(_recipient(message, clinic, context))],
        reply_to=[with_ascii_domain(_reply_to(message, clinic))],
        headers={
            "Message-ID": message_id(message.key),
            "Date": email.utils.format_datetime(now),
            "Auto-Submitted": "auto-generated",
        },
        connection=connection,
    )
    html = _strip_control_characters(render_to_string(f"booking/email/{message.kind}.html", context))
    mail.attach_alternative(html, "text/html")
    if appointment is not None and has_calendar_file:
        # An alternative part with its iTIP method (RFC 6047, 2.4), which calendars read without anybody opening a file.
        cancelled = message.kind == Kind.CANCELLED
        method = "CANCEL" if cancelled else "REQUEST"
        invitation = calendar_file(appointment, now=now, cancelled=cancelled).decode()
        mail.attach_alternative(invitation, f"text/calendar; method={method}")
    return mail


def _has_calendar_file(message: Message, appointment: Appointment, now: datetime) -> bool:
    """Whether to attach a calendar file; to a cancellation only if an earlier e-mail had one."""
    if message.kind == Kind.CANCELLED:
        return appointment.pk is None or has_calendar_entry(appointment, now=now)
    return message.kind not in _WITHOUT_CALENDAR_FILE


def message_id(key: str) -> str:
    """Return the Message-ID: equal for every attempt, so that clients can detect duplicates, and opaque."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    if ":" in host:
        host = f"[IPv6:{host}]"  # RFC 5322, 3.4.1: address literals are bracketed.
    return f"<{salted_hmac('booking.messages', key, algorithm='sha256').hexdigest()[:40]}@{host}>"


def _subject(message: Message, context: dict[str, Any]) -> str:
    appointment = message.appointment
    if appointment is None:
        news = summarize_counts(context.get("sections", ()))
        return one_line(SUBJECTS[Kind(message.kind)].format(clinic=context["clinic"].name, news=news))
    when = f"{day_without_year(appointment.local_on)}, {clock(appointment.promised_start)}"
    return one_line(NOTICE_SUBJECTS[message.content["event"]].format(reference=appointment.reference, when=when))


def _headline(message: Message) -> str:
    appointment, to = message.appointment, message.practitioner
    if message.content["event"] == "changed" and to is not None and appointment and to != appointment.practitioner:
        return f"An appointment was moved to {appointment.practitioner.name}: it's no longer with you"
    return NOTICE_HEADLINES[message.content["event"]]


def sender_of(clinic: Clinic) -> str:
    """The From of every e-mail of the site: the name is quoted where it holds characters such as ``:`` or ``@``."""
    name = _escape_encoded_word(one_line(clinic.name))
    return settings.DEFAULT_FROM_EMAIL or email.utils.formataddr((name, with_ascii_domain(clinic.email)))


def _escape_encoded_word(line: str) -> str:
    """Escape RFC 2047 encoded words: a client that decodes them could produce any header text or line breaks."""
    return line.replace("=?", "= ?")


def _recipient(message: Message, clinic: Clinic, context: dict[str, Any]) -> str:
    if message.kind == Kind.LOST_LINK:
        return str(context["visits"][0].appointment.patient.email)
    if message.kind in _TO_STAFF:
        practitioner = message.practitioner
        return practitioner.email if practitioner and practitioner.is_active and practitioner.email else clinic.email
    entry = entry_of(message)
    if entry is not None:
        return entry.email
    assert message.appointment is not None
    assert message.appointment.patient is not None
    return message.appointment.patient.email


def _reply_to(message: Message, clinic: Clinic) -> str:
    return message.content.get("reply_to") or clinic.email


def _normalize_whitespace(text: str) -> str:
    """Remove the blank lines and trailing spaces that template tags leave behind."""
    lines = "\n".join(line.rstrip() for line in _strip_control_characters(text).strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _strip_control_characters(text: str) -> str:
    """Remove control and bidirectional formatting characters; keep line breaks."""
    return _CONTROL_CHARACTERS.sub("", re.sub("[\x85\u2028\u2029]", "\n", text))
