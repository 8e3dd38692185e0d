"""Compare the database and the mails after a fault with what the people were answered."""

from collections import Counter
from collections.abc import Iterable

from django.utils import timezone

from booking.messages.rendering.email import message_id
from booking.models import Appointment, Message, Status
from tests.operations.network import wait_until
from tests.operations.people import Ledger, Request
from tests.proofs.race_books import double_bookings
from tests.support.mail_server import MailServer


def lost_bookings(ledger: Ledger) -> list[str]:
    """The patients whose booking was confirmed to them, but does not exist exactly once at the time they chose."""
    rows = Counter(
        Appointment.objects.filter(status=Status.BOOKED).values_list(
            "patient__email", "starts_at", "practitioner__slug"
        )
    )
    return [
        booking.email
        for booking in ledger.booked
        if rows[booking.email, booking.wish.start, booking.wish.practitioner] != 1
    ]


def doubled_bookings() -> list[object]:
    """Overlapping appointments, and patients with two: each patient of these tests books one visit."""
    emails = Counter(Appointment.objects.exclude(patient=None).values_list("patient__email", flat=True))
    return [*double_bookings(), *(email for email, count in emails.items() if count > 1)]


def not_in_flight(failures: Iterable[Request], moments: Iterable[float], *, until: float = 0.0) -> list[Request]:
    """The failed requests that were not being answered at one of these moments, nor sent before ``until`` after it."""
    moments = list(moments)
    return [
        request
        for request in failures
        if not any(request.started <= moment + until and moment <= request.ended for moment in moments)
    ]


def expire_leases() -> None:
    """Let other workers take at once what a killed one has claimed, instead of after five minutes."""
    Message.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now())


def wait_for_mails(seconds: float = 60) -> float:
    """Wait until no message is due any more."""
    expire_leases()
    due = Message.objects.filter(state=Message.State.WAITING)
    return wait_until(
        lambda: not due.filter(due_at__lte=timezone.now()).exists(), seconds=seconds, what="all mails are sent"
    )


def lost_mails(mail: MailServer) -> set[str]:
    """The Message-IDs of confirmations that were never received, though their patients are booked."""
    keys = Message.objects.filter(kind=Message.Kind.CONFIRMATION).values_list("key", flat=True)
    return {message_id(key) for key in keys} - set(mail.ids())


def repeated_mails(mail: MailServer) -> Counter[str]:
    """How often each Message-ID came more than once."""
    ids = mail.ids()
    return ids - Counter(dict.fromkeys(ids, 1))


def mails_with_two_ids(mail: MailServer) -> list[str]:
    """Patients who got two different confirmations of one booking."""
    subjects = {(mail["To"], mail["Subject"], mail["Message-ID"]) for mail in list(mail.received)}
    counts = Counter((to, subject) for to, subject, _ in subjects)
    return [to for (to, _), count in counts.items() if count > 1]
