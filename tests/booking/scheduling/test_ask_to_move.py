"""ask_to_move(): the message to the patient, and what the patient may do afterwards."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest

from booking import messages, scheduling, tokens
from booking.models import Message, TimeOff
from booking.scheduling import Actor, TooLate, WrongStatus
from tests.support.factories import (
    make_appointment,
    make_hours,
    make_practitioner,
)

PATIENT = Actor.patient()
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


def at(hour, minute=0, day=24):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def steve(practitioner):
    return practitioner


@pytest.fixture
def visit(service, location, steve):
    """A visit inside its cancellation window of 24 hours."""
    return make_appointment(service=service, location=location, practitioner=steve, starts_at=at(15, day=23))


@pytest.fixture
def asked(visit, desk, now):
    return scheduling.ask_to_move(appointment=visit, by=desk, now=now, note="Ill today")


def told(visit):
    return [message.kind for message in visit.messages.filter(state="waiting").order_by("due_at", "pk")]


def test_the_visit_stays_booked_until_the_patient_moves_it(asked, visit, now):
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at, visit.sequence, visit.asked_to_move_at) == ("booked", at(15, day=23), 0, now)
    event = visit.events.get()
    assert (event.kind, event.actor_kind, event.note) == ("move_requested", "staff", "Ill today")


def test_the_patient_is_told_at_once_and_once(asked, visit, desk, now):
    again = scheduling.ask_to_move(appointment=visit, by=desk, now=now + timedelta(minutes=1))
    assert again.asked_to_move_at == now
    assert (told(visit), visit.events.count()) == (["move_requested"], 1)


def test_a_patient_without_an_address_gets_no_message(visit, desk, now):
    visit.patient.email = ""
    visit.patient.save()
    scheduling.ask_to_move(appointment=visit, by=desk, now=now)
    assert Message.objects.count() == 0


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "cancelled", "noshow"])
def test_only_what_is_still_ahead_can_be_asked_about(status, service, location, steve, desk, now):
    visit = make_appointment(service=service, location=location, practitioner=steve, status=status)
    with pytest.raises(WrongStatus):
        scheduling.ask_to_move(appointment=visit, by=desk, now=now)
    begun = make_appointment(service=service, location=location, practitioner=steve, starts_at=now)
    with pytest.raises(WrongStatus):
        scheduling.ask_to_move(appointment=begun, by=desk, now=now)
    assert (begun.events.count(), Message.objects.count()) == (0, 0)


@pytest.mark.parametrize("actor", [PATIENT, Actor.system()], ids=["patient", "system"])
def test_only_staff_ask(actor, visit, now):
    with pytest.raises(WrongStatus):
        scheduling.ask_to_move(appointment=visit, by=actor, now=now)


def test_the_cancellation_window_does_not_apply_to_a_patient_who_was_asked(visit, desk, now):
    with pytest.raises(TooLate):
        scheduling.reschedule(appointment=visit, starts_at=at(10), by=PATIENT, now=now)
    asked = scheduling.ask_to_move(appointment=visit, by=desk, now=now)
    moved = scheduling.reschedule(appointment=asked, starts_at=at(10), by=PATIENT, now=now)
    assert (moved.starts_at, moved.asked_to_move_at) == (at(10), None)
    assert told(moved) == ["clinic_notice", "confirmation", "reminder"]
    with pytest.raises(TooLate):
        scheduling.cancel(appointment=moved, by=PATIENT, now=at(9))


def test_a_patient_who_was_asked_may_cancel_until_the_start(asked, now):
    just_before = at(14, 59, day=23)
    assert asked.can_cancel_online(just_before)
    assert scheduling.cancel(appointment=asked, by=PATIENT, now=just_before).status == "cancelled"


def test_a_move_by_staff_ends_the_move_request(asked, desk, now):
    moved = scheduling.reschedule(appointment=asked, starts_at=at(11), by=desk, now=now)
    assert moved.asked_to_move_at is None
    again = scheduling.ask_to_move(appointment=moved, by=desk, now=now)
    assert (again.asked_to_move_at, told(again).count("move_requested")) == (now, 1)


def test_a_move_request_is_not_sent_after_the_move(asked, now, mailoutbox):
    scheduling.reschedule(appointment=asked, starts_at=at(10), by=PATIENT, now=now)
    messages.send_due(now=now + timedelta(hours=1))
    assert [mail.subject for mail in mailoutbox if mail.subject.startswith("Please choose")] == []


def test_the_mail_leads_to_the_visit_and_keeps_the_reason_to_staff(asked, now, mailoutbox):
    messages.send_due(now=now)
    (mail,) = mailoutbox
    assert (
        mail.subject
        == "Please choose another time: appointment at Dynamic Physiotherapy, Monday, November 23, 3:00 p.m."
    )
    assert mail.to == ["alice@patients.example"]
    assert mail.attachments == []
    for words in (mail.body, mail.alternatives[0][0]):
        assert tokens.manage_url(asked) in words
        assert "There's no charge" in words
        assert "Ill today" not in words
        assert asked.service.name not in words


def test_a_reminder_of_a_time_we_cannot_keep_asks_once_more(asked, now, mailoutbox):
    asked.messages.all().delete()
    Message.objects.create(
        key="r", kind="reminder", appointment=asked, due_at=now, content={"sequence": 0, "hours_before": 3}
    )
    messages.send_due(now=now)
    (mail,) = mailoutbox
    assert "We can't keep this time, and have asked you to choose another one." in mail.body
    assert asked.service.late_cancellation_fee not in mail.body


# The patient's page


def test_the_visits_page_asks_and_names_no_fee(client, asked, stopped_clock):
    page = client.get(tokens.manage_url(asked), follow=True).content.decode()
    assert "Please choose another time" in page
    assert 'Monday, November 23, <span class="nowrap">3:00 p.m.</span>' in page
    assert asked.service.late_cancellation_fee not in page


def test_the_same_time_with_somebody_else_is_offered(client, asked, service, steve, location, stopped_clock):
    TimeOff.objects.create(practitioner=steve, starts_on=asked.local_on, ends_on=asked.local_on)
    maria = make_practitioner([service], name="Maria Chen")
    make_hours(maria, location, start_time=time(14))
    client.get(tokens.manage_url(asked), follow=True)
    chosen = {"everyone": "1", "start": "2026-11-23T21:00Z", "practitioner": maria.slug}
    page = client.get("/appointment/change/", chosen).content.decode()
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)"[^>]*? value="([^"]*)"', page))
    (same_time,) = re.findall(r'value="(2026-11-23T21:00Z[^"]*)"', page)
    response = client.post("/appointment/change/", sent | {"start": same_time})
    assert response.status_code == 302
    asked.refresh_from_db()
    assert (asked.practitioner, asked.starts_at, asked.asked_to_move_at) == (maria, at(15, day=23), None)
