"""The links to all visits ahead under one address, for whoever lost theirs.

Whether there is a visit is looked up by the worker, when the mail is due: the page that asks writes
the same row for every address, so neither its answer nor its time tells anybody who is a patient.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from booking.models import Appointment, Message

Kind = Message.Kind
TOGETHER = timedelta(minutes=10)  # Asked several times in such a stretch, one mail goes out.
MOST = 30  # visits in one mail


@dataclass(frozen=True)
class LinkedVisit:
    appointment: Appointment
    whose: str
    url: str


def links_asked_for(email: str, *, now: datetime) -> None:
    """Queue one mail to this address; the worker drops it if no visit is ahead there."""
    stretch = int(now.timestamp() // TOGETHER.total_seconds())
    digest = salted_hmac("booking.lost_links", f"{email.casefold()}:{stretch}", algorithm="sha256").hexdigest()[:32]
    row = Message(key=f"{Kind.LOST_LINK}-{digest}", kind=Kind.LOST_LINK, due_at=now, content={"email": email})
    Message.objects.bulk_create([row], ignore_conflicts=True)


def visits_of(message: Message, *, now: datetime) -> list[Appointment]:
    """The visits ahead of everybody with the address that was asked for, the nearest first.

    The mail goes to the address on file, so letters that a database takes for others lead nowhere new.
    """
    visits = Appointment.objects.upcoming(now=now).filter(patient__email__iexact=message.content.get("email") or None)
    found = visits.select_related("patient", "practitioner", "service", "location").order_by("starts_at", "pk")[:MOST]
    return [visit for visit in found if visit.patient and visit.patient.email]
