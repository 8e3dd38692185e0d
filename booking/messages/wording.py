"""What the mails say, in our words or in the clinic's own, and the values that fill their placeholders."""

from dataclasses import dataclass
from typing import Any

from booking.models import Message, MessageWording
from booking.words import clock, day_without_year

Kind = Message.Kind


@dataclass(frozen=True)
class Words:
    """The parts of a mail that can be worded anew. Placeholders stand in braces."""

    subject: str
    heading: str
    opening: str
    closing: str = ""

    def filled(self, values: dict[str, str]) -> "Words":
        """With a value for each placeholder."""
        return Words(*(part.format_map(values) for part in (self.subject, self.heading, self.opening, self.closing)))


# Discreet: a subject shows on locked screens and in shared mailboxes. No service, no patient.
OURS = {
    Kind.CONFIRMATION: Words("Appointment at {clinic}: {when}", "You are booked", "{Whose} at {clinic} is booked."),
    Kind.RESCHEDULED: Words(
        "New time for the appointment at {clinic}: {when}",
        "{Whose} has moved",
        "{Whose} at {clinic} has been moved. This is how it stands now, in place of what we sent before.",
    ),
    Kind.MOVE_REQUESTED: Words(
        "Please choose another time: appointment at {clinic}, {when}",
        "Please choose another time",
        "We are sorry: we cannot keep the time agreed for {whose} with {practitioner} at {clinic}:",
    ),
    Kind.CANCELLED: Words(
        "Cancelled: appointment at {clinic}, {when}",
        "Cancelled",
        "{Whose} at {clinic} is cancelled. It was to be on:",
    ),
    Kind.REMINDER: Words(
        "Reminder: appointment at {clinic}, {when}", "See you soon", "This is a reminder of {whose} at {clinic}."
    ),
    Kind.CLOCK_CHANGE: Words(
        "No change to the appointment at {clinic}: {when}",
        "Your time stays the same",
        "{Whose} at {clinic} stays at the time we agreed. Come at {time} by the clock here.",
    ),
    Kind.WAITLIST_JOINED: Words(
        "You are on the waitlist at {clinic}",
        "On the waitlist",
        "{Who} on the waitlist at {clinic}. There is nothing more to do now.",
    ),
    Kind.WAITLIST_OFFER: Words(
        "A time came free at {clinic}: {when}", "A time came free", "A time you are waiting for came free:"
    ),
    Kind.LOST_LINK: Words(
        "Your links from {clinic}",
        "Your links",
        "Somebody asked for the links to the visits ahead under this address. "
        "If that was not you, you need to do nothing: nobody else got this mail.",
    ),
}


def words_for(kind: str) -> Words:
    """The clinic's words for this kind of mail, and ours wherever it has none."""
    own = MessageWording.objects.filter(kind=kind).first()
    return merged(own) if own is not None else OURS[Kind(kind)]


def merged(own: MessageWording) -> Words:
    ours = OURS[Kind(own.kind)]
    return Words(
        own.subject or ours.subject,
        own.heading or ours.heading,
        own.opening or ours.opening,
        own.closing or ours.closing,
    )


def values(context: dict[str, Any]) -> dict[str, str]:
    """What each placeholder stands for in a mail with this context (see ``booking.models.wording``)."""
    known = {
        "clinic": context["clinic"].name,
        "phone": str(context["phone"].as_national),
        "place": context["location"].address,
    }
    if "service" in context:
        known["service"] = context["service"].name
    if "whose" in context:
        whose = context["whose"]
        known |= {"whose": whose, "Whose": whose[:1].upper() + whose[1:]}
    if "entry" in context:
        known["Who"] = "Somebody you asked for is" if context["entry"].contact_name else "You are"
    agreed = context.get("appointment") or context.get("hold")
    if agreed is not None:
        time = clock(agreed.local_time)
        known |= {
            "when": f"{day_without_year(agreed.local_on)}, {time}",
            "time": time,
            "reference": agreed.reference,
            "practitioner": agreed.practitioner.name,
        }
    return known
