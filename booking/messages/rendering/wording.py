"""Wording of e-mails to patients: defaults, the clinic's own texts, and placeholder values."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from booking.formatting import clock, day_without_year, duration, format_phone
from booking.models import Message, MessageWording

Kind = Message.Kind
_DOUBLE_STOP = re.compile(r"\b([ap]\.m\.)\.(?!\.)")


@dataclass(frozen=True)
class EmailWording:
    """The customizable parts of an e-mail, with placeholders in braces."""

    subject: str
    heading: str
    opening: str
    closing: str = ""

    def filled(self, values: dict[str, str]) -> "EmailWording":
        """Return a copy with the placeholders replaced, and one full stop after a time: "at {time}." """
        parts = (self.subject, self.heading, self.opening, self.closing)
        return EmailWording(*(_DOUBLE_STOP.sub(r"\1", part.format_map(values)) for part in parts))


# Privacy: subjects show on lock screens and in shared mailboxes, so they contain no service and no patient.
DEFAULT_WORDING = {
    Kind.CONFIRMATION: EmailWording(
        "Appointment at {clinic}: {when}", "Your appointment is booked", "{Whose} at {clinic} is booked."
    ),
    Kind.CONFIRM_REQUEST: EmailWording(
        "Please confirm: appointment at {clinic}, {when}",
        "Please confirm your appointment",
        "Please confirm {whose} at {clinic}. Until you do, someone else could take this time.",
    ),
    Kind.RESCHEDULED: EmailWording(
        "New time for the appointment at {clinic}: {when}",
        "{Whose} has moved",
        "{Whose} at {clinic} has been moved. Here are the new details. They replace our earlier email.",
    ),
    Kind.MOVE_REQUESTED: EmailWording(
        "Please choose another time: appointment at {clinic}, {when}",
        "Please choose another time",
        "We're sorry: we can't keep this time for {whose} with {practitioner} at {clinic}:",
    ),
    Kind.CANCELLED: EmailWording(
        "Cancelled: appointment at {clinic}, {when}",
        "Cancelled",
        "{Whose} at {clinic} is cancelled. It was on:",
    ),
    Kind.REMINDER: EmailWording(
        "Reminder: appointment at {clinic}, {when}", "See you soon", "This is a reminder of {whose} at {clinic}."
    ),
    # Privacy: not that the questions are about health.
    Kind.FORM_REMINDER: EmailWording(
        "A few questions before your appointment at {clinic}, {when}",
        "A few questions before you come",
        "Before {whose} at {clinic} on {when}, please fill in a short form, or finish the one you've begun. "
        "It leaves more of the visit for you.",
    ),
    Kind.RUNNING_LATE: EmailWording(
        "A short delay today: appointment at {clinic}, {when}",
        "We're running late",
        "We're sorry: we're running about {late} late, so {whose} at {clinic} may start later than planned.",
    ),
    Kind.CLOCK_CHANGE: EmailWording(
        "No change to the appointment at {clinic}: {when}",
        "Your time stays the same",
        "{Whose} at {clinic} is still at the time we agreed on: {time}, local time.",
    ),
    Kind.WAITLIST_JOINED: EmailWording(
        "You're on the waitlist at {clinic}",
        "You're on the waitlist",
        "{Who} on the waitlist at {clinic}. There's nothing else to do for now.",
    ),
    Kind.WAITLIST_OFFER: EmailWording(
        "A time opened up at {clinic}: {when}", "A time opened up", "A time you're waiting for opened up:"
    ),
    Kind.LOST_LINK: EmailWording(
        "Your links from {clinic}",
        "Your links",
        "Someone asked for the links to the upcoming appointments under this address. "
        "If it wasn't you, you don't need to do anything: no one else got this email.",
    ),
}


def wording_for(kind: str) -> EmailWording:
    """Return the clinic's wording for this kind, with defaults for parts that it has not customized."""
    own = MessageWording.objects.filter(kind=kind).first()
    return with_defaults(own) if own is not None else DEFAULT_WORDING[Kind(kind)]


def with_defaults(own: MessageWording) -> EmailWording:
    ours = DEFAULT_WORDING[Kind(own.kind)]
    return EmailWording(
        own.subject or ours.subject,
        own.heading or ours.heading,
        own.opening or ours.opening,
        own.closing or ours.closing,
    )


def values(context: dict[str, Any]) -> dict[str, str]:
    """Return the placeholder values for this template context (see ``booking.models.message_wording``)."""
    values_by_placeholder = {
        "clinic": context["clinic"].name,
        "phone": format_phone(context["phone"]),
        "place": context["location"].address,
    }
    if "service" in context:
        service = context["service"]
        values_by_placeholder |= {"service": service.name, "place": service.where(context["location"])}
    if "whose" in context:
        whose = context["whose"]
        values_by_placeholder |= {"whose": whose, "Whose": whose[:1].upper() + whose[1:]}
    if "entry" in context:
        # For someone else, the email is read by either of the two.
        values_by_placeholder["Who"] = f"{context['patient_name']} is" if context["entry"].contact_name else "You're"
    appointment = context.get("appointment") or context.get("hold")
    if appointment is not None:
        time = clock(appointment.promised_start)
        values_by_placeholder |= {
            "when": f"{day_without_year(appointment.local_on)}, {time}",
            "time": time,
            "reference": appointment.reference,
            "practitioner": appointment.practitioner.name,
        }
    if context["message"].kind == Kind.RUNNING_LATE:
        values_by_placeholder["late"] = duration(timedelta(minutes=context["message"].content.get("late_minutes", 0)))
    return values_by_placeholder
