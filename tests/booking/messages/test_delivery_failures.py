"""Delivery failures: no message is lost, the queue continues, and staff get advice."""

import smtplib
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend as LocmemBackend
from django.db import OperationalError
from django.db.models import QuerySet

from booking import messages
from booking.messages.delivery import send
from booking.messages.rendering.email import message_id
from booking.models import Clinic, Message
from tests.support.factories import make_appointment, make_clinic, make_patient

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ALICE = "alice@patients.example"


def sent_to(address: str) -> int:
    return sum(sent.to == [address] for sent in mail.outbox)


class FailingBackend(LocmemBackend):
    """Raises configured exceptions when a connection is opened, or for some recipients."""

    opening: Exception | None = None
    sending: dict[str, Exception] = {}
    closed = 0

    def open(self):
        if self.opening:
            raise self.opening

    def close(self):
        type(self).closed += 1

    def send_messages(self, email_messages):
        for message in email_messages:
            if problem := self.sending.get(message.to[0]):
                raise problem
        return super().send_messages(email_messages)


@pytest.fixture
def failing(settings):
    settings.EMAIL_BACKEND = "tests.booking.messages.test_delivery_failures.FailingBackend"
    FailingBackend.opening, FailingBackend.sending, FailingBackend.closed = None, {}, 0
    return FailingBackend


@pytest.fixture
def confirmation(settings, now):
    """A due confirmation; a notice to the clinic is due, too."""
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    make_clinic()
    messages.enqueue_booking(make_appointment(starts_at=now + timedelta(days=4)), now=now)
    return Message.objects.get(kind="confirmation")


def test_a_message_that_fails_is_tried_again_later_and_later_and_then_parked(confirmation, failing, now):
    failing.sending = {ALICE: smtplib.SMTPResponseException(451, b"try later, alice@patients.example")}
    waits, at = [], now
    for _ in range(send.MAX_ATTEMPTS):
        messages.send_due(now=at)
        confirmation.refresh_from_db()
        waits.append(round((confirmation.due_at - at).total_seconds() / 60))
        at = confirmation.due_at
    assert waits[:-1] == [1, 5, 15, 60, 120, 240, 240, 240, 240, 240, 240]
    assert (confirmation.state, confirmation.attempts) == ("parked", 12)
    assert confirmation.last_error == "The email server is busy (451). Give it some time. Then choose Send again."


def test_a_message_that_fails_once_is_sent_with_the_same_id(confirmation, failing, now):
    failing.sending = {ALICE: smtplib.SMTPServerDisconnected()}
    messages.send_due(now=now)
    failing.sending = {}
    messages.send_due(now=now + timedelta(minutes=2))
    confirmation.refresh_from_db()
    assert (confirmation.state, confirmation.attempts, confirmation.last_error) == ("sent", 2, "")
    assert sent_to(ALICE) == 1
    assert mail.outbox[-1].extra_headers["Message-ID"] == message_id(confirmation.key)


@pytest.mark.parametrize(
    ("problem", "advice"),
    [
        (
            smtplib.SMTPRecipientsRefused({ALICE: (550, b"no such user alice@patients.example")}),
            "The email server refuses this address (550). Check it with the patient. Then choose Send again.",
        ),
        (
            smtplib.SMTPRecipientsRefused({ALICE: (450, b"greylisted")}),
            "The email server isn't taking email for this address now (450). Give it some time. We try again.",
        ),
        (
            smtplib.SMTPDataError(554, b"spam"),
            "The email server refused this email (554). Ask who runs it why. Then choose Send again.",
        ),
        (
            smtplib.SMTPDataError(452, b"full"),
            "The email server is busy (452). Give it some time. We try again.",
        ),
        (
            smtplib.SMTPSenderRefused(553, b"not you", "x"),
            "The email server refuses our own address (553). Check DEFAULT_FROM_EMAIL. We try again.",
        ),
        (
            smtplib.SMTPServerDisconnected("gone"),
            "The email server ended the conversation. Check that it runs. We try again.",
        ),
        (
            smtplib.SMTPNotSupportedError("no SMTPUTF8"),
            "The email server can't handle the letters in this address. Ask for another. Then choose Send again.",
        ),
        (
            TimeoutError("alice"),
            "The email server didn't answer in time. Check that it runs. We try again.",
        ),
        (
            ConnectionResetError(),
            "The email server can't be reached. Check EMAIL_URL if this goes on. We try again.",
        ),
        (
            ValueError("alice"),
            "An address or name has characters that no email can carry. Correct it. Then choose Send again.",
        ),
        (
            UnicodeEncodeError("ascii", "é", 0, 1, "no"),
            "An address or name has characters that no email can carry. Correct it. Then choose Send again.",
        ),
        (
            KeyError("alice"),
            "This message could not be written (KeyError). Tell whoever runs the site. We try again.",
        ),
    ],
)
def test_what_went_wrong_is_kept_without_personal_data(problem, advice, confirmation, failing, now, caplog):
    failing.sending = {ALICE: problem}
    messages.send_due(now=now)
    confirmation.refresh_from_db()
    assert confirmation.last_error == advice
    assert confirmation.state == ("parked" if "Send again" in advice else "waiting")
    assert confirmation.leased_until is None
    assert "alice" not in caplog.text.lower()


def test_one_poison_mail_does_not_stop_the_queue(failing, settings, now):
    make_clinic()
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    addresses = ["a@x.example", "b@x.example", "c@x.example"]
    for number, address in enumerate(addresses):
        appointment = make_appointment(patient=make_patient(email=address), starts_at=now + timedelta(days=5 + number))
        messages.enqueue_booking(appointment, now=now)
    failing.sending = {"b@x.example": smtplib.SMTPDataError(554, b"no")}
    tally = messages.send_batch(now=now)
    assert (tally.sent, tally.parked) == (5, 1)
    assert [sent_to(address) for address in addresses] == [1, 0, 1]
    assert failing.closed == 2  # After the failure, to reconnect for the next message, and at the end.


def test_a_message_that_stops_its_worker_each_time_is_parked(confirmation, now):
    Message.objects.filter(pk=confirmation.pk).update(attempts=send.MAX_ATTEMPTS, leased_until=now)
    messages.send_due(now=now)
    confirmation.refresh_from_db()
    assert confirmation.state == "parked"
    assert sent_to(ALICE) == 0


def test_an_unavailable_mail_server_counts_as_no_attempt(confirmation, failing, now):
    failing.opening = ConnectionRefusedError("alice@patients.example")
    with pytest.raises(messages.SmtpUnavailable, match=r"^The email server can't be reached\."):
        messages.send_due(now=now)
    confirmation.refresh_from_db()
    assert (confirmation.state, confirmation.attempts, confirmation.leased_until) == ("waiting", 0, None)


def test_a_wrong_password_counts_as_no_attempt(confirmation, failing, now):
    failing.opening = smtplib.SMTPAuthenticationError(535, b"no")
    with pytest.raises(messages.SmtpUnavailable, match="Check EMAIL_URL"):
        messages.send_due(now=now)


def test_a_mail_server_that_goes_away_in_the_middle_leaves_the_rest_untouched(confirmation, failing, now):
    class GoesAway(smtplib.SMTPServerDisconnected):
        def __init__(self):
            failing.opening = ConnectionRefusedError()

    class Lazily(dict):
        def get(self, address):
            return GoesAway()

    failing.sending = Lazily()
    with pytest.raises(messages.SmtpUnavailable):
        messages.send_due(now=now)
    assert sorted(Message.objects.filter(due_at__lte=now + HOUR).values_list("attempts", flat=True)) == [0, 1]


def test_without_a_clinic_nothing_is_sent_and_nothing_is_lost(confirmation, now):
    Clinic.objects.all().delete()
    messages.send_due(now=now)
    confirmation.refresh_from_db()
    assert (confirmation.state, confirmation.last_error) == (
        "waiting",
        "The clinic's details are missing. Fill them in under Clinic. We try again.",
    )


def test_a_mail_that_left_is_marked_even_if_its_lease_ran_out_meanwhile(confirmation, failing, now):
    class Slow(dict):
        def get(self, address):
            if address == ALICE:
                Message.objects.filter(pk=confirmation.pk).update(leased_until=now + HOUR)

    failing.sending = Slow()
    messages.send_due(now=now)
    confirmation.refresh_from_db()
    assert confirmation.state == "sent"


def test_a_failure_does_not_end_another_workers_lease(confirmation, failing, now):
    class Slow(dict):
        def get(self, address):
            if address == ALICE:
                Message.objects.filter(pk=confirmation.pk).update(leased_until=now + HOUR)
            return smtplib.SMTPServerDisconnected() if address == ALICE else None

    failing.sending = Slow()
    messages.send_due(now=now)
    confirmation.refresh_from_db()
    assert confirmation.leased_until == now + HOUR


def test_a_database_error_is_not_recorded_as_a_failure_of_the_message(confirmation, now, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(send, "is_still_true", away)
    with pytest.raises(OperationalError):
        messages.send_due(now=now)


def test_an_empty_queue_costs_one_query_and_no_connection(now, django_assert_num_queries, failing):
    failing.opening = OSError()
    with django_assert_num_queries(1):
        assert messages.send_due(now=now) == 0


@pytest.fixture
def ten_confirmations(settings, now):
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    make_clinic()
    for number in range(10):
        patient = make_patient(email=f"p{number}@x.example")
        messages.enqueue_booking(make_appointment(patient=patient, starts_at=now + timedelta(days=5 + number)), now=now)
    Message.objects.exclude(kind="confirmation").delete()


@pytest.mark.parametrize(
    "problem",
    [
        smtplib.SMTPServerDisconnected("gone"),
        TimeoutError(),
        smtplib.SMTPSenderRefused(553, b"no", "x"),
        smtplib.SMTPDataError(421, b"closing"),
    ],
    ids=["ends", "hangs", "refuses-us", "closes"],
)
def test_three_consecutive_server_failures_stop_the_batch(problem, ten_confirmations, failing, now):
    failing.sending = {f"p{number}@x.example": problem for number in range(10)}
    tally = messages.Tally()
    with pytest.raises(messages.SmtpUnavailable):
        messages.send_batch(now=now, tally=tally)
    assert tally.postponed == 3
    assert sorted(Message.objects.values_list("attempts", flat=True)) == [0] * 7 + [1] * 3


def test_refused_addresses_in_a_row_are_each_their_own_fault(ten_confirmations, failing, now):
    failing.sending = {
        f"p{number}@x.example": smtplib.SMTPRecipientsRefused({"x": (550, b"unknown")}) for number in range(9)
    }
    tally = messages.send_batch(now=now)
    assert (tally.parked, tally.sent) == (9, 1)


def test_an_hour_without_a_server_parks_nothing(ten_confirmations, failing, now):
    """Whatever the failure is, and however often the worker tries."""
    failing.sending = {f"p{number}@x.example": TimeoutError() for number in range(10)}
    for minute in range(61):
        with suppress(messages.SmtpUnavailable):
            messages.send_due(now=now + timedelta(minutes=minute))
    assert set(Message.objects.values_list("state", flat=True)) == {"waiting"}
    failing.sending = {}
    messages.send_due(now=now + timedelta(hours=2, minutes=1))
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_marking_as_sent_is_retried_on_a_database_error(settings, failing, now, monkeypatch):
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    make_clinic()
    messages.enqueue_booking(make_appointment(starts_at=now + timedelta(days=4)), now=now)
    update, failures = QuerySet.update, iter([True, True])

    def hiccup(self, **fields):
        if fields.get("state") == "sent" and next(failures, False):
            raise OperationalError
        return update(self, **fields)

    monkeypatch.setattr(QuerySet, "update", hiccup)
    assert messages.send_due(now=now) == 2
    assert Message.objects.filter(state="sent").count() == 2


def test_a_message_that_is_deleted_while_it_is_claimed_is_skipped(confirmation, now, monkeypatch):
    monkeypatch.setattr(send, "due_messages", lambda at: Message.objects.filter(due_at__lte=at))
    monkeypatch.setattr(Message.objects.__class__, "select_related", lambda self, *names: self.none())
    assert messages.send_due(now=now) == 0
