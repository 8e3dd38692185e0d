"""What the database says after a race, held against what everybody was told."""

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
    """Every (practitioner, start) that was ever booked or moved to."""
    events = AppointmentEvent.objects.filter(kind__in=[Kind.BOOKED, Kind.RESCHEDULED])
    return {
        (after["practitioner"], datetime.fromisoformat(after["starts_at"]))
        for after in events.values_list("after", flat=True)
    }


def was_sold(wish, sold):
    people = Practitioner.objects.filter(slug=wish.practitioner) if wish.practitioner else Practitioner.objects.all()
    return any((person.pk, wish.start) in sold for person in people)


def why_not(wish):
    """For each practitioner who could have taken the wish, the rule that hides it."""
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
    """Pairs that share a practitioner or a room at one time, and that nobody overbooked on purpose."""
    rows = list(Appointment.objects.filter(status__in=OCCUPYING, overbooked_reason="").order_by("starts_at"))
    found = []
    for key in ("practitioner_id", "room_id"):
        shared = defaultdict(list)
        for row in rows:
            shared[getattr(row, key)].append(row)
        shared.pop(None, None)
        found += [
            (key, one, two)
            for together in shared.values()
            for index, one in enumerate(together)
            for two in together[index + 1 :]
            if two.starts_at < one.ends_at
        ]
    return found


def placed_by(row):
    """The event that put the row where it is."""
    events = row.events.filter(kind__in=[Kind.HELD, Kind.BOOKED, Kind.RESCHEDULED]).order_by("pk")
    return events.filter(kind=Kind.RESCHEDULED).last() or events.first()


def overbooked_by_accident():
    """Plain visits that were put over one that was overbooked already: those count as taken, too."""
    found = []
    for extra in Appointment.objects.filter(status__in=OCCUPYING).exclude(overbooked_reason=""):
        under = Appointment.objects.filter(
            status__in=OCCUPYING, practitioner=extra.practitioner, overbooked_reason="",
            starts_at__lt=extra.ends_at, ends_at__gt=extra.starts_at,
        )  # fmt: skip
        found += [(plain, extra) for plain in under if placed_by(plain).pk > placed_by(extra).pk]
    return found


def too_close():
    """Neighbours with less than their buffer between them, unless staff had a hand in it."""
    rows = Appointment.objects.filter(status=Status.BOOKED).order_by("practitioner", "starts_at")
    by_staff = set(AppointmentEvent.objects.filter(actor_kind="staff").values_list("appointment", flat=True))
    return [
        (one, two)
        for one, two in pairwise(row for row in rows if row.pk not in by_staff)
        if one.practitioner_id == two.practitioner_id
        and two.starts_at - one.ends_at < max(one.buffer_after, two.buffer_before)
    ]


def untold():
    """Appointments whose patient waits for no news of how they now stand."""
    news = {
        Status.BOOKED: {Message.Kind.CONFIRMATION, Message.Kind.RESCHEDULED},
        Status.CANCELLED: {Message.Kind.CANCELLED},
    }
    waiting = defaultdict(set)
    for message in Message.objects.filter(state=Message.State.WAITING):
        waiting[message.appointment_id, message.content["sequence"]].add(message.kind)
    rows = Appointment.objects.filter(status__in=news)
    return [row for row in rows if not waiting[row.pk, row.sequence] & news[row.status]]


def check_books(ledger):
    """Every accepted request has its row, its event and its message; every refused one left nothing."""
    assert untold() == []
    accepted = {email for email, _ in ledger.booked}
    assert len(accepted) == len(ledger.booked)
    assert sorted(Patient.objects.values_list("email", flat=True)) == sorted(accepted)
    rows = Counter(Appointment.objects.exclude(patient=None).values_list("patient__email", flat=True))
    assert rows == Counter(accepted)
    assert set(ledger.overbooked) <= accepted
    events = Counter(AppointmentEvent.objects.values_list("kind", flat=True))
    by_staff = sum(email.startswith("caller") for email in accepted)
    assert events[Kind.BOOKED] == len(accepted)
    # A hold that ran out is taken again with the details, or by choosing the same time once more.
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
    """Every time the row was ever put at, under both names that the ledger knows it by."""
    for after in row.events.filter(kind__in=[Kind.BOOKED, Kind.RESCHEDULED]).values_list("after", flat=True):
        start = datetime.fromisoformat(after["starts_at"])
        yield row.reference, start
        yield str(row.pk), start


def check_every_heart_was_sold(contests):
    """Each contested start was sold, or a sale across it (or every room) stands in its way."""
    sold = ever_sold()
    for contest in contests:
        if not was_sold(contest.heart, sold):
            reasons = {why and why.reason for why in why_not(contest.heart)}
            assert reasons <= {Reason.VISIT, Reason.BUFFER, Reason.ROOM}, (contest.heart, reasons)
