"""Delivery through a real local SMTP server that is down, slow, rejects messages or drops the connection.

Booking does not depend on it, messages are sent later, and one bad address does not stop the queue.
"""

import smtplib
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from booking import messages
from booking.messages.delivery import transports
from booking.messages.rendering.email import message_id
from booking.models import Message
from tests.support import mail_server
from tests.support.factories import make_appointment, make_clinic, make_patient
from tests.support.journey import NINE, choose, confirm, make_small_clinic, type_details

pytestmark = [pytest.mark.django_db, pytest.mark.once]
MINUTE = timedelta(minutes=1)
POISON = "p2@x.example"


@pytest.fixture
def server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 0.5
    with mail_server.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def five(settings, now):
    """Five due confirmations, to p0 ... p4, in this order."""
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    make_clinic()
    for number in range(5):
        patient = make_patient(email=f"p{number}@x.example")
        messages.enqueue_booking(make_appointment(patient=patient, starts_at=now + timedelta(days=5 + number)), now=now)
    Message.objects.exclude(kind="confirmation").delete()


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


def send_each_minute(now, minutes) -> None:
    for minute in range(minutes):
        with suppress(messages.SmtpUnavailable):
            messages.send_due(now=now + minute * MINUTE)


def each_once() -> dict:
    return {message_id(key): 1 for key in Message.objects.values_list("key", flat=True)}


def test_all_five_leave_over_one_connection(five, server, now):
    assert messages.send_due(now=now) == 5
    assert server.to() == [f"p{number}@x.example" for number in range(5)]
    assert server.connections == 1


@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "bad_day",
    ["450 later", "421 closing", mail_server.HANG_UP, mail_server.HANG],
    ids=["4xx", "421", "hangs-up", "hangs"],
)
def test_after_a_bad_half_hour_each_mail_leaves_once(bad_day, moment, five, server, now, settings):
    settings.EMAIL_TIMEOUT = 0.2
    server.at = {moment: lambda address: bad_day}
    for minute in (0, 1, 2, 8, 30):
        with suppress(messages.SmtpUnavailable):
            messages.send_due(now=now + minute * MINUTE)
    assert set(states()) == {"waiting"}
    assert server.received == []
    server.at = {}
    for minutes in (90, 150):
        messages.send_due(now=now + minutes * MINUTE)
    assert set(states()) == {"sent"}
    assert server.ids() == each_once()


def test_an_outage_of_an_hour_counts_as_no_attempt(five, settings, now):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_server.free_port()
    send_each_minute(now, 60)
    assert set(Message.objects.values_list("state", "attempts")) == {("waiting", 0)}


@pytest.mark.parametrize("moment", ["RCPT", "DATA"])
def test_a_poison_mail_is_parked_and_the_queue_goes_on(moment, five, server, now):
    server.at = {moment: lambda address: "550 no" if address == POISON else None}
    tally = messages.send_batch(now=now)
    assert (tally.sent, tally.parked) == (4, 1)
    assert states() == ["sent", "sent", "parked", "sent", "sent"]
    assert POISON not in server.to()


@pytest.mark.parametrize(
    "bad_day", ["450 later", mail_server.HANG_UP, mail_server.HANG], ids=["4xx", "hangs-up", "hangs"]
)
def test_a_mail_the_server_always_chokes_on_holds_up_no_other_and_is_parked_in_the_end(bad_day, five, server, now):
    server.at = {"DATA": lambda address: bad_day if address == POISON else None}
    assert messages.send_due(now=now) == 4
    for days in range(1, 13):
        messages.send_due(now=now + timedelta(hours=5 * days))
    assert states() == ["sent", "sent", "parked", "sent", "sent"]
    assert server.ids() == {
        message_id(Message.objects.get(pk=row.pk).key): 1 for row in Message.objects.filter(state="sent")
    }


def test_a_server_that_refuses_our_own_address_parks_nothing(five, server, now):
    server.at = {"MAIL": lambda address: "553 not you"}
    send_each_minute(now, 60)
    assert set(states()) == {"waiting"}


def test_no_transaction_is_open_during_an_smtp_session(server, now, monkeypatch, transactional_db, settings):
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    make_clinic()
    messages.enqueue_booking(make_appointment(starts_at=now + timedelta(days=5)), now=now)
    seen = []
    data = smtplib.SMTP.data
    monkeypatch.setattr(
        smtplib.SMTP, "data", lambda self, mail: (seen.append(connection.in_atomic_block), data(self, mail))[1]
    )
    assert messages.send_due(now=now) == 2
    assert seen == [False, False]


def test_an_email_shows_the_state_at_the_time_of_sending(five, server, now):
    """The e-mail is rendered when it is sent, with the patient's current address."""
    server.at = {"MAIL": lambda address: "450 later"}
    with suppress(messages.SmtpUnavailable):
        messages.send_due(now=now)
    patient = Message.objects.order_by("pk").first().appointment.patient
    patient.email = "new@x.example"
    patient.save()
    server.at = {}
    messages.send_due(now=now + 2 * MINUTE)
    assert "new@x.example" in server.to()
    assert "p0@x.example" not in server.to()


def test_booking_does_not_contact_the_mail_server(client, stopped_clock, server, monkeypatch):
    """The response does not wait for the SMTP server; the worker sends the queued message."""

    def spoken_to(*args, **kwargs):
        raise AssertionError("A page opened a connection to the mail server.")

    make_small_clinic()
    with monkeypatch.context() as patched:
        patched.setattr(smtplib.SMTP, "connect", spoken_to)
        patched.setattr(transports, "get_connection", spoken_to)
        choose(client)
        type_details(client)
        assert confirm(client)["Location"] == "/book/done/"
    messages.send_due(now=NINE - timedelta(hours=24))
    assert server.to() == ["alice@patients.example", "hello@dynamic-physio.example"]
