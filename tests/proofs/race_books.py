"""Compare the database after a race with the responses that the clients got."""

from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise

from django.utils import timezone

from booking import scheduling
from booking.availability import Reason
from booking.models import (
    OCCUPYING,
    Appointment,
    AppointmentEvent,
    Location,
    Message,
    Patient,
    Practitioner,
    Service,
    Status,
)

Kind = AppointmentEvent.Kind


def ever_sold():
    """Return every (practitioner, start) that was ever booked or rescheduled to."""
    events = AppointmentEvent.objects.filter(kind__in=[Kind.BOOKED, Kind.RESCHEDULED])
    return {
        (after["practitioner"], datetime.fromisoformat(after["starts_at"]))
        for after in events.values_list("after", flat=True)
    }


def was_sold(wish, sold):
    people = Practitioner.objects.filter(slug=wish.practitioner) if wish.practitioner else Practitioner.objects.all()
    return any((person.pk, wish.start) in sold for person in people)


def why_not(wish):
    """Return, for each possible practitioner, the availability rule that excludes the slot, or None if it is free."""
    people = Practitioner.objects.filter(slug=wish.practitioner) if wish.practitioner else Practitioner.objects.all()
    place, service = Location.objects.get(), Service.objects.get(slug=wish.service)
    return [
        scheduling.why_not(
            service=service, starts_at=wish.start, practitioner=person, location=place, now=timezone.now()
        )
        for person in people
    ]


def is_open(wish):
    return None in why_not(wish)


def double_bookings():
    """Return the pairs of appointments that overlap for one practitioner or room, without intentional overbookings."""
    rows = list(Appointment.objects.filter(status__in=OCCUPYING, overbooked_reason="").order_by("starts_at"))
    pairs = []
    for key in ("practitioner_id", "room_id"):
        by_key = defaultdict(list)
        for row in rows:
            by_key[getattr(row, key)].append(row)
        by_key.pop(None, None)
        pairs += [
            (key, first, second)
            for group in by_key.values()
            for index, first in enumerate(group)
            for second in group[index + 1 :]
            if second.starts_at < first.ends_at
        ]
    return pairs


def placed_by(row):
    """Return the event that set the appointment's current time."""
    events = row.events.filter(kind__in=[Kind.HELD, Kind.BOOKED, Kind.RESCHEDULED]).order_by("pk")
    return events.filter(kind=Kind.RESCHEDULED).last() or events.first()


def overbooked_by_accident():
    """Return normal appointments that were booked over an earlier overbooked one, which also occupies its time."""
    pairs = []
    for extra in Appointment.objects.filter(status__in=OCCUPYING).exclude(overbooked_reason=""):
        under = Appointment.objects.filter(
            status__in=OCCUPYING, practitioner=extra.practitioner, overbooked_reason="",
            starts_at__lt=extra.ends_at, ends_at__gt=extra.starts_at,
        )  # fmt: skip
        pairs += [(plain, extra) for plain in under if placed_by(plain).pk > placed_by(extra).pk]
    return pairs


def too_close():
    """Return consecutive appointments with less than their buffer between them, except those that staff changed."""
    rows = Appointment.objects.filter(status=Status.BOOKED).order_by("practitioner", "starts_at")
    by_staff = set(AppointmentEvent.objects.filter(actor_kind="staff").values_list("appointment", flat=True))
    return [
        (first, second)
        for first, second in pairwise(row for row in rows if row.pk not in by_staff)
        if first.practitioner_id == second.practitioner_id
        and second.starts_at - first.ends_at < max(first.buffer_after, second.buffer_before)
    ]


def appointments_without_message():
    """Return appointments without a waiting message about their current status."""
    kinds = {
        Status.BOOKED: {Message.Kind.CONFIRMATION, Message.Kind.RESCHEDULED},
        Status.CANCELLED: {Message.Kind.CANCELLED},
    }
    waiting = defaultdict(set)
    for message in Message.objects.filter(state=Message.State.WAITING):
        waiting[message.appointment_id, message.content["sequence"]].add(message.kind)
    rows = Appointment.objects.filter(status__in=kinds)
    return [row for row in rows if not waiting[row.pk, row.sequence] & kinds[row.status]]


def check_books(ledger):
    """Assert that every accepted request has its row, event and message, and that refused ones stored nothing."""
    assert appointments_without_message() == []
    accepted = {email for email, _ in ledger.booked}
    assert len(accepted) == len(ledger.booked)
    assert sorted(Patient.objects.values_list("email", flat=True)) == sorted(accepted)
    rows = Counter(Appointment.objects.exclude(patient=None).values_list("patient__email", flat=True))
    assert rows == Counter(accepted)
    assert set(ledger.overbooked) <= accepted
    events = Counter(AppointmentEvent.objects.values_list("kind", flat=True))
    by_staff = sum(email.startswith("caller") for email in accepted)
    assert events[Kind.BOOKED] == len(accepted)
    # An expired hold is renewed with the details, or by choosing the same slot again.
    befores = AppointmentEvent.objects.filter(kind=Kind.HELD).values_list("before", flat=True)
    again = sum(bool(before) for before in befores)
    held = events[Kind.HELD] - again
    assert held <= ledger.count("hold", 302) <= held + again
    assert again <= ledger.count("hold", 302) - held + ledger.count("details", 302)
    assert Appointment.objects.count() == held + by_staff
    first_news = Message.objects.filter(kind=Message.Kind.CONFIRMATION, content__sequence=0)
    assert first_news.count() == len(accepted)
    for email, wish in ledger.booked:
        if wish:
            row = Appointment.objects.get(patient__email=email)
            booked = row.events.get(kind=Kind.BOOKED).after
            assert (datetime.fromisoformat(booked["starts_at"]), row.service.slug) == (wish.start, wish.service)
    moves = {(key, start) for row in Appointment.objects.all() for key, start in moves_of(row)}
    assert set(ledger.moved) <= moves
    assert events[Kind.RESCHEDULED] <= len(ledger.moved)
    cancelled = Appointment.objects.filter(status=Status.CANCELLED)
    assert {key for row in cancelled for key in (row.reference, str(row.pk))} >= set(ledger.cancelled)
    assert events[Kind.CANCELLED] == cancelled.count() <= len(ledger.cancelled)
    for row in Appointment.objects.exclude(patient=None):
        last = row.events.filter(kind__in=[Kind.BOOKED, Kind.RESCHEDULED, Kind.CANCELLED]).order_by("pk").last().after
        assert (last["starts_at"], last["status"], last["practitioner"], last["room"]) == (
            row.starts_at.isoformat(), row.status, row.practitioner_id, row.room_id,
        )  # fmt: skip


def moves_of(row):
    """Yield every start that the appointment ever had, with both keys that the ledger uses: reference and pk."""
    for after in row.events.filter(kind__in=[Kind.BOOKED, Kind.RESCHEDULED]).values_list("after", flat=True):
        start = datetime.fromisoformat(after["starts_at"])
        yield row.reference, start
        yield str(row.pk), start


def check_every_heart_was_sold(contests):
    """Assert that each contested slot was booked, or is blocked by an overlapping booking or by occupied rooms."""
    sold = ever_sold()
    for contest in contests:
        if not was_sold(contest.heart, sold):
            reasons = {why and why.reason for why in why_not(contest.heart)}
            assert reasons <= {Reason.VISIT, Reason.BUFFER, Reason.ROOM}, (contest.heart, reasons)
