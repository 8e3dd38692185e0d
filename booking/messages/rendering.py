"""Turn an outbox row into a mail, from its appointment as it is at that moment."""

import email.utils
import re
from datetime import datetime
from email.mime.text import MIMEText
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac
from phonenumber_field.phonenumber import to_python as read_phone

from booking.calendars import calendar_file, one_line
from booking.messages.lost_links import LinkedVisit, visits_of
from booking.messages.queueing import has_calendar_entry
from booking.messages.summing_up import counted, news_of, was_before
from booking.messages.wording import OURS, Words, values, words_for
from booking.models import Appointment, Clinic, Message, Patient, SampleRow, WaitlistEntry, WaitlistOffer
from booking.models.waitlist import MOST_UNANSWERED
from booking.tokens import manage_url, waitlist_url
from booking.words import clock, day_without_year, parts_of_day

Kind = Message.Kind

# To the clinic itself; what patients read is in ``wording``. Discreet, too: no service, no patient.
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


_TRICKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# Staff keep their own diary; and being asked to choose another time has changed nothing in a calendar yet.
# Links asked for again change nothing either. (The waitlist's messages are about no appointment.)
_WITHOUT_A_FILE = {Kind.CLINIC_NOTICE, Kind.MOVE_REQUESTED, Kind.LOST_LINK}


_TO_STAFF = {Kind.CLINIC_NOTICE, Kind.DAILY_SUMMARY, Kind.CONTACT}


class ClinicMissing(Exception):
    """There is no clinic row to send mail for."""


def render(
    message: Message, *, now: datetime, connection: BaseEmailBackend | None = None, words: Words | None = None
) -> EmailMultiAlternatives:
    """The whole mail: text, HTML and, for a patient, the calendar file.

    ``words`` are tried out instead of those that stand, for a preview.
    """
    clinic = Clinic.objects.first()
    if clinic is None:
        raise ClinicMissing
    appointment = message.appointment
    context = {"clinic": clinic, "message": message, "sample_stands": SampleRow.objects.exists()}
    context["site_url"] = settings.SITE_URL
    if appointment is not None:
        context |= _about(appointment, clinic, now)
        context["has_file"] = has_file = _carries_a_file(message, appointment, now)
    entry = _entry_of(message)
    if entry is not None:
        context |= _about_waiting(entry, message.waitlist_offer, clinic)
    if message.kind == Kind.LOST_LINK:
        context |= _about_links(message, clinic, now)
    if message.kind == Kind.CONTACT:
        context["sender_phone"] = read_phone(message.content.get("phone"), region="CA")
    if message.kind == Kind.DAILY_SUMMARY:
        context["sections"] = news_of(message)
        context["diary_url"] = settings.SITE_URL + reverse("admin:booking_appointment_changelist")
    if message.kind == Kind.CLINIC_NOTICE:
        event = message.content["event"]
        was = was_before(appointment) if appointment and event == "changed" else ""
        context |= {"headline": _headline(message), "is_cancelled": event == "cancelled", "was": was}
    if Kind(message.kind) in OURS:
        words = (words or words_for(message.kind)).filled(values(context))
        context["words"] = words
        subject = one_line(words.subject)
    else:
        subject = _subject(message, context)
    context["subject"] = subject

    mail = EmailMultiAlternatives(
        subject=_in_a_header(subject),
        body=_tidy(render_to_string(f"booking/mail/{message.kind}.txt", context)),
        from_email=settings.DEFAULT_FROM_EMAIL or _from(clinic),
        to=[_recipient(message, clinic, context)],
        reply_to=[_reply_to(message, clinic)],
        headers={
            "Message-ID": message_id(message.key),
            "Date": email.utils.format_datetime(now),
            "Auto-Submitted": "auto-generated",
        },
        connection=connection,
    )
    html = _without_tricks(render_to_string(f"booking/mail/{message.kind}.html", context))
    mail.attach_alternative(html, "text/html")
    if appointment is not None and has_file:
        mail.attach(_calendar_part(appointment, now, cancelled=message.kind == Kind.CANCELLED))
    return mail


def _carries_a_file(message: Message, appointment: Appointment, now: datetime) -> bool:
    """A cancellation takes an entry out of calendars that a mail of ours put in, and asks nothing otherwise."""
    if message.kind == Kind.CANCELLED:
        return appointment.pk is None or has_calendar_entry(appointment, now=now)
    return message.kind not in _WITHOUT_A_FILE


def message_id(key: str) -> str:
    """The same for every try at one message, so that a mail program can tell a repeat; says nothing itself."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    if ":" in host:
        host = f"[IPv6:{host}]"  # RFC 5322, 3.4.1: an address literal stands in brackets.
    return f"<{salted_hmac('booking.messages', key, algorithm='sha256').hexdigest()[:40]}@{host}>"


def _about(appointment: Appointment, clinic: Clinic, now: datetime) -> dict[str, Any]:
    patient = appointment.patient
    assert patient is not None  # Only a hold has none, and nobody is told of holds.
    return {
        "appointment": appointment,
        "location": appointment.location,
        "practitioner": appointment.practitioner,
        "service": appointment.service,
        "patient": patient,
        "greeting": _name_to_say(patient.addressee),
        "whose": _whose(patient),
        "phone": appointment.location.phone or clinic.phone,
        "manage_url": manage_url(appointment),
        "book_url": settings.SITE_URL + reverse("booking:services"),
        "admin_url": settings.SITE_URL + reverse("admin:booking_appointment_change", args=[appointment.pk]),
        "change_until": appointment.changes_until.astimezone(appointment.location.zone),
        "can_change_online": appointment.can_cancel_online(now),
    }


def _about_links(message: Message, clinic: Clinic, now: datetime) -> dict[str, Any]:
    """The visits of a mail with links. Families share addresses: with several people, it says whose each is.

    A preview brings a visit of its own.
    """
    found = [message.appointment] if message.appointment else visits_of(message, now=now)
    several = len({visit.patient_id for visit in found}) > 1
    location = found[0].location
    return {
        "location": location,
        "phone": location.phone or clinic.phone,
        "visits": [
            LinkedVisit(visit, _whose(visit.patient, by_name=several), manage_url(visit))
            for visit in found
            if visit.patient
        ],
    }


def _entry_of(message: Message) -> WaitlistEntry | None:
    return message.waitlist_offer.entry if message.waitlist_offer else message.waitlist_entry


def _about_waiting(entry: WaitlistEntry, offer: WaitlistOffer | None, clinic: Clinic) -> dict[str, Any]:
    """What a mail to somebody on the waitlist tells; with an offer, the time that is held."""
    context = {
        "entry": entry,
        "location": entry.location,
        "service": entry.service,
        "greeting": _name_to_say(entry.addressee),
        "phone": entry.location.phone or clinic.phone,
        "manage_url": waitlist_url(entry, to_offer=offer is not None),
        "book_url": settings.SITE_URL + reverse("booking:times", args=[entry.service.slug]),
        "parts": parts_of_day(entry.parts),
    }
    if offer is not None:
        context |= {
            "hold": offer.appointment,
            "held_until": offer.expires_at.astimezone(entry.location.zone),
            "leave_url": waitlist_url(entry),
            "is_last": entry.unanswered + 1 >= MOST_UNANSWERED,
        }
    return context


def _subject(message: Message, context: dict[str, Any]) -> str:
    appointment = message.appointment
    if appointment is None:
        news = counted(context.get("sections", ()))
        return one_line(SUBJECTS[Kind(message.kind)].format(clinic=context["clinic"].name, news=news))
    when = f"{day_without_year(appointment.local_on)}, {clock(appointment.local_time)}"
    return one_line(NOTICE_SUBJECTS[message.content["event"]].format(reference=appointment.reference, when=when))


def _headline(message: Message) -> str:
    appointment, to = message.appointment, message.practitioner
    if message.content["event"] == "changed" and to is not None and appointment and to != appointment.practitioner:
        return f"An appointment was moved to {appointment.practitioner.name}: it is no longer with you"
    return NOTICE_HEADLINES[message.content["event"]]


def _name_to_say(name: str) -> str:
    """The name to greet, or nothing where it is an advertisement: anybody can type in any address."""
    name = one_line(name)
    return "" if re.search(r"://|/|@|\bwww\.|\.[a-z]{2,}\b", name, re.IGNORECASE) else name


def _whose(patient: Patient, *, by_name: bool = False) -> str:
    """Your appointment, or whose it is where somebody else booked it and reads this."""
    if not patient.contact_name and not by_name:
        return "your appointment"
    name = _name_to_say(patient.called)
    return f"the appointment for {name}" if name else "the appointment"


def _from(clinic: Clinic) -> str:
    return email.utils.formataddr((_in_a_header(one_line(clinic.name)), clinic.email))


def _in_a_header(line: str) -> str:
    """As it is, unless it looks encoded (RFC 2047): who decodes it could find anything inside, even a line break."""
    return line.replace("=?", "= ?")


def _recipient(message: Message, clinic: Clinic, context: dict[str, Any]) -> str:
    if message.kind == Kind.LOST_LINK:
        return str(context["visits"][0].appointment.patient.email)
    if message.kind in _TO_STAFF:
        practitioner = message.practitioner
        return practitioner.email if practitioner and practitioner.is_active and practitioner.email else clinic.email
    entry = _entry_of(message)
    if entry is not None:
        return entry.email
    assert message.appointment is not None
    assert message.appointment.patient is not None
    return message.appointment.patient.email


def _reply_to(message: Message, clinic: Clinic) -> str:
    return message.content.get("reply_to") or clinic.email


def _calendar_part(appointment: Appointment, now: datetime, *, cancelled: bool) -> MIMEText:
    """The calendar file as an attachment whose method mail programs read from the header (RFC 6047)."""
    part = MIMEText(calendar_file(appointment, now=now, cancelled=cancelled).decode(), "calendar", "utf-8")
    part.set_param("method", "CANCEL" if cancelled else "REQUEST")
    part.add_header("Content-Disposition", "attachment", filename="appointment.ics")
    return part


def _tidy(text: str) -> str:
    """Without the empty lines and spaces that template tags leave behind."""
    lines = "\n".join(line.rstrip() for line in _without_tricks(text).strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _without_tricks(text: str) -> str:
    """Without controls and without marks that turn the reading order of what follows; lines stay lines."""
    return _TRICKS.sub("", re.sub("[\x85\u2028\u2029]", "\n", text))
