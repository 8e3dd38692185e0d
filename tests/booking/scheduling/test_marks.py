"""The desk's marks: only when they can be true, and each can be taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from booking import scheduling
from booking.messages import send_due
from booking.models import Appointment, Message, Status
from booking.scheduling import Actor, WrongStatus
from tests.support.factories import make_appointment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]
START = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)  # Wednesday, 2 p.m. in Alberta
MIDNIGHT = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
MARKS = {
    "arrived": scheduling.check_in,
    "fulfilled": scheduling.fulfil,
    "noshow": scheduling.mark_no_show,
    "booked": scheduling.undo_mark,
}


@pytest.fixture
def booked(service, location, practitioner):
    return make_appointment(service=service, location=location, practitioner=practitioner, starts_at=START)


@pytest.mark.parametrize(
    ("mark", "earliest"), [("arrived", MIDNIGHT), ("fulfilled", START), ("noshow", START)], ids=str
)
def test_a_mark_is_refused_until_it_can_be_true(booked, desk, mark, earliest):
    with pytest.raises(WrongStatus):
        MARKS[mark](appointment=booked, by=desk, now=earliest - timedelta(seconds=1))
    booked.refresh_from_db()
    assert (booked.status, booked.events.count()) == ("booked", 0)
    assert MARKS[mark](appointment=booked, by=desk, now=earliest).status == mark


@pytest.mark.parametrize("before", MARKS)
@pytest.mark.parametrize("after", MARKS)
def test_every_mark_can_become_every_other(booked, desk, before, after):
    now = START + timedelta(days=1)
    Appointment.objects.update(status=before)
    assert MARKS[after](appointment=booked, by=desk, now=now).status == after
    assert booked.events.count() == (before != after)


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_what_is_not_agreed_any_more_cannot_be_marked(booked, desk, status):
    Appointment.objects.update(status=status)
    for command in MARKS.values():
        with pytest.raises(WrongStatus):
            command(appointment=booked, by=desk, now=START)


def test_patients_cannot_take_a_mark_back(booked):
    Appointment.objects.update(status=Status.ARRIVED)
    with pytest.raises(WrongStatus):
        scheduling.undo_mark(appointment=booked, by=Actor.patient(), now=START)


@pytest.fixture
def booked_online(service, location, practitioner, now, settings):
    service.lead_time = timedelta(0)
    service.save()
    held = scheduling.hold(
        service=service, starts_at=START, holder="me", by=Actor.patient(), now=now, location=location
    )  # fmt: skip
    details = scheduling.PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
    return scheduling.book(hold=held, details=details, submission_key="key", by=Actor.patient(), now=now)


def states(kind):
    return list(Message.objects.filter(kind=kind).order_by("due_at").values_list("state", flat=True))


def test_a_reminder_that_a_wrong_mark_has_dropped_is_queued_again(booked_online, desk):
    due = Message.objects.filter(kind="reminder").latest("due_at").due_at
    send_due(now=due - timedelta(hours=1))
    scheduling.check_in(appointment=booked_online, by=desk, now=due)
    send_due(now=due + timedelta(minutes=1))
    assert states("reminder")[-1] == "dropped"
    scheduling.undo_mark(appointment=booked_online, by=desk, now=due + timedelta(minutes=2))
    assert states("reminder")[-1] == "waiting"
    send_due(now=due + timedelta(minutes=3))
    assert states("reminder")[-1] == "sent"


def test_taking_a_mark_back_sends_nothing_twice(booked_online, desk):
    due = Message.objects.filter(kind="reminder").latest("due_at").due_at
    send_due(now=due)
    sent = states("reminder"), states("confirmation")
    scheduling.check_in(appointment=booked_online, by=desk, now=due + timedelta(minutes=1))
    scheduling.undo_mark(appointment=booked_online, by=desk, now=due + timedelta(minutes=2))
    assert (states("reminder"), states("confirmation")) == sent
    assert "waiting" not in states("confirmation")


def test_a_confirmation_that_never_left_goes_out_after_the_mark_is_taken_back(booked_online, desk):
    early = MIDNIGHT + timedelta(hours=8)
    scheduling.check_in(appointment=booked_online, by=desk, now=early)
    send_due(now=early)
    assert states("confirmation") == ["dropped"]
    scheduling.undo_mark(appointment=booked_online, by=desk, now=early)
    assert states("confirmation") == ["waiting"]


def test_after_the_mark_is_taken_back_the_visit_can_be_moved_and_cancelled(booked, desk):
    scheduling.check_in(appointment=booked, by=desk, now=MIDNIGHT)
    scheduling.undo_mark(appointment=booked, by=desk, now=MIDNIGHT)
    moved = scheduling.reschedule(appointment=booked, starts_at=START - timedelta(hours=1), by=desk, now=MIDNIGHT)
    assert scheduling.cancel(appointment=moved, by=desk, now=MIDNIGHT).status == Status.CANCELLED
