"""Lost manage links: e-mail the links to all upcoming visits of an address.

The request inserts the same row for every address, and the worker looks up the visits. So neither the response
nor its time reveals whether an address belongs to a patient (user enumeration).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from booking.models import Appointment, Message

Kind = Message.Kind
WINDOW = timedelta(minutes=10)  # Repeated requests within a window send one e-mail.
MAX_VISITS = 30  # per e-mail


@dataclass(frozen=True)
class LinkedVisit:
    appointment: Appointment
    whose: str
    url: str


def enqueue_link_request(email: str, *, now: datetime) -> None:
    """Queue an e-mail to this address. The worker drops it if the address has no upcoming visit."""
    window = int(now.timestamp() // WINDOW.total_seconds())
    digest = salted_hmac("booking.lost_links", f"{email.casefold()}:{window}", algorithm="sha256").hexdigest()[:32]
    message = Message(key=f"{Kind.LOST_LINK}-{digest}", kind=Kind.LOST_LINK, due_at=now, content={"email": email})
    Message.objects.bulk_create([message], ignore_conflicts=True)


def visits_for_link_request(message: Message, *, now: datetime) -> list[Appointment]:
    """Return the upcoming visits of all patients with the requested address, ordered by start.

    The e-mail goes to the address in the database, not the entered one: iexact may treat different Unicode
    characters as equal.
    """
    rows = Appointment.objects.upcoming(now=now).filter(patient__email__iexact=message.content.get("email") or None)
    visits = rows.select_related("patient", "practitioner", "service", "location").order_by("starts_at", "pk")[
        :MAX_VISITS
    ]
    return [visit for visit in visits if visit.patient and visit.patient.email and not visit.patient.is_made_up]
