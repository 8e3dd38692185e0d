"""What the start page says of today: visits, what falls outside hours, messages that could not be sent, sample data."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from booking.admin.diary_steps import name_of
from booking.admin.outside import to_see_to
from booking.models import AGREED, Appointment, Clinic, Message, SampleRow, Status, WaitlistEntry, WaitlistOffer


@dataclass(frozen=True)
class Note:
    """``tone`` is a tint: sky for news, straw for something to see to, rose for something broken."""

    tone: str
    heading: str
    text: str
    link: str
    link_text: str

    @property
    def count(self) -> str:
        """The number that the heading begins with, if it does: shown large."""
        first = self.heading.partition(" ")[0]
        return first if first.isdigit() else ""

    @property
    def what(self) -> str:
        """The heading without its number."""
        return self.heading.removeprefix(self.count).strip()


def notes(user: Any) -> list[Note]:
    """Only what this person may look at."""
    found = []
    if user.has_perm("booking.change_clinic") and not Clinic.objects.exists():
        found.append(_no_clinic())
    if user.has_perm("booking.view_appointment") or user.has_perm("booking.change_appointment"):
        found.append(_today())
        found += _outside()
    if user.has_perm("booking.view_waitlistentry") or user.has_perm("booking.change_waitlistentry"):
        found += _waiting()
    if user.has_perm("booking.view_message") or user.has_perm("booking.change_message"):
        found += _parked()
    if user.has_perm("booking.view_samplerow"):
        found += _sample()
    return found


def _no_clinic() -> Note:
    return Note(
        "straw",
        "The clinic has no name yet",
        "Write down its name, phone and e-mail address first: pages and mails need them.",
        reverse("admin:booking_clinic_add"),
        "Write it down",
    )


def _today() -> Note:
    """Today on the clinic's clock, which is the current time zone of the office's pages."""
    now = timezone.now()
    visits = list(
        Appointment.objects.filter(local_on=timezone.localdate(), status__in=AGREED)
        .exclude(status=Status.CANCELLED)
        .select_related("patient", "location", "practitioner")
        .order_by("starts_at", "pk")
    )
    states = Counter(visit.status for visit in visits)
    parts = [f"{states[status]} {str(status.label).lower()}" for status in AGREED if states[status]]
    ahead = next((visit for visit in visits if visit.status == Status.BOOKED and visit.starts_at >= now), None)
    text = ", ".join(parts).capitalize() + "." if parts else "Nobody is booked today."
    if ahead:
        text += f" Next: {name_of(ahead)}, with {ahead.practitioner}."
    return Note(
        "sky",
        _counted(len(visits), "visit") + " today",
        text,
        reverse("admin:booking_appointment_changelist"),
        "Open the diary",
    )


def _outside() -> list[Note]:
    count = len(to_see_to())
    if not count:
        return []
    return [
        Note(
            "straw",
            _counted(count, "appointment") + " outside hours",
            "Changed since they were agreed, asked to move, or booked so on purpose. They stay until somebody sees to "
            "them.",
            reverse("admin:booking_appointment_outside"),
            "See to them",
        )
    ]


def _waiting() -> list[Note]:
    waiting = Count("pk", filter=Q(ended_at__isnull=True), distinct=True)
    offered = Count("offers", filter=Q(offers__state=WaitlistOffer.State.OPEN))
    counts = WaitlistEntry.objects.aggregate(waiting=waiting, offered=offered)
    if not counts["waiting"]:
        return []
    return [
        Note(
            "sky",
            f"{_counted(counts['waiting'], 'person', 'people')} on the waitlist",
            f"{counts['offered'] or 'None'} with a time on offer just now."
            " Times that come free are offered by themselves, in the order people joined.",
            reverse("admin:booking_waitlistentry_changelist"),
            "See who waits",
        )
    ]


def _parked() -> list[Note]:
    count = Message.objects.filter(state=Message.State.PARKED).count()
    if not count:
        return []
    return [
        Note(
            "rose",
            f"{_counted(count, 'message')} could not be sent",
            "Each says why. Mend the cause, then choose Send again.",
            reverse("admin:booking_message_changelist") + "?state__exact=parked",
            "Open the outbox",
        )
    ]


def _sample() -> list[Note]:
    count = SampleRow.objects.count()
    if not count:
        return []
    return [
        Note(
            "straw",
            "The sample clinic is still here",
            "Its people, prices and pages are made up, and every page says so. Change what you want to keep into "
            "your own; whoever looks after the server can then take away the rest.",
            reverse("admin:booking_samplerow_changelist"),
            "See what is sample data",
        )
    ]


def _counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
