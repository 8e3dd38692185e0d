"""A text message that was accepted and did not arrive goes out as an e-mail once, or is left to staff."""

import itertools
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, connections
from django.urls import reverse

from booking import messages
from booking.messages.delivery import delivery_checks
from booking.messages.sms import twilio
from booking.models import Message
from clinic.ops import environment
from tests.support import sms_server
from tests.support.factories import make_appointment, make_clinic, make_patient

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def service():
    with sms_server.running() as service:
        yield service


@pytest.fixture(autouse=True)
def _sms(settings, service, now, monkeypatch):
    monkeypatch.setattr(twilio, "TIMEOUT", 0.5)
    settings.SMS = environment.sms("http://127.0.0.1", {"SMS_URL": service.url})
    service.now = lambda: now
    make_clinic()


def text(now, **fields) -> Message:
    """Send the reminder of a visit in three hours by text."""
    appointment = make_appointment(**{"starts_at": now + 3 * HOUR, "reminders_by": "text"} | fields)
    messages.enqueue_booking(appointment, now=now - HOUR)
    Message.objects.filter(appointment=appointment).exclude(kind="reminder").delete()
    assert messages.send_due(now=now) == 1
    message = appointment.messages.get()
    assert message.sent_at is not None
    if message.delivery_check_at is not None:  # Sending took a moment.
        message.delivery_check_at -= message.sent_at - now
        message.save()
    return message


def becomes(service, status: str, code: int | None = None) -> None:
    for message in service.taken:
        message |= {"status": status, "error_code": code}


def check(at) -> tuple[int, int]:
    return messages.check_deliveries(now=at)


def outcome(message: Message) -> tuple[str, str, str]:
    message.refresh_from_db()
    return message.state, message.channel, message.delivery


def asked(service) -> int:
    return sum(method == "GET" for method, *_ in service.requests)


class TestChecks:
    def test_the_gateway_is_asked_for_this_message_after_some_minutes(self, service, now):
        message = text(now)
        assert check(now + 5 * MINUTE - timedelta(seconds=1)) == (0, 0)
        assert asked(service) == 0
        check(now + 5 * MINUTE)
        method, path, *_ = service.requests[-1]
        assert (method, path) == ("GET", f"{sms_server.MESSAGES}/{service.taken[0]['sid']}.json")
        assert outcome(message) == ("sent", "text", "")

    @pytest.mark.parametrize("status", ["delivered", "read"])
    def test_a_delivered_text_is_marked_so_and_not_asked_about_again(self, status, service, now):
        message = text(now)
        becomes(service, status)
        assert check(now + 5 * MINUTE) == (1, 0)
        assert outcome(message) == ("sent", "text", "delivered")
        check(now + HOUR)
        assert asked(service) == 1

    @pytest.mark.parametrize("status", ["queued", "sent", "a new status"])
    def test_while_it_is_on_its_way_it_is_asked_about_less_and_less_often_and_at_last_no_more(
        self, status, service, now
    ):
        message = text(now)
        becomes(service, status)
        counts = []
        for minute in range(0, 3 * 24 * 60, 5):
            check(now + minute * MINUTE)
            counts.append(asked(service))
        assert counts[1] == 1
        assert counts[-1] == counts[24 * 12] == len(delivery_checks.CHECK_MINUTES)
        gaps = [index for index in range(1, len(counts)) if counts[index] > counts[index - 1]]
        pauses = [later - earlier for earlier, later in itertools.pairwise(gaps)]
        assert pauses == sorted(pauses)
        assert outcome(message) == ("sent", "text", "unconfirmed")
        assert mail.outbox == []

    def test_a_text_that_the_gateway_does_not_know_is_unconfirmed(self, service, now):
        message = text(now)
        service.taken.clear()
        check(now + 5 * MINUTE)
        assert outcome(message) == ("sent", "text", "unconfirmed")

    def test_a_gateway_that_cannot_tell_is_not_asked(self, settings, now, capsys):
        settings.SMS = environment.sms("http://127.0.0.1:8000", {"SMS_URL": "console:"})
        message = text(now)
        assert message.delivery_check_at is None

    def test_a_retry_keeps_the_id_of_the_text_that_was_accepted_before(self, service, now):
        service.bad_day = lambda form: "lose"
        appointment = make_appointment(starts_at=now + 3 * HOUR, reminders_by="text")
        messages.enqueue_booking(appointment, now=now - HOUR)
        messages.send_due(now=now)
        messages.send_due(now=now + 2 * MINUTE)
        reminder = appointment.messages.get(kind="reminder")
        assert (len(service.taken), reminder.provider_id) == (1, service.taken[0]["sid"])


class TestUndelivered:
    @pytest.mark.parametrize("status", ["undelivered", "failed", "canceled"])
    def test_it_goes_out_as_an_email_once(self, status, service, now):
        message = text(now)
        becomes(service, status, 30003)
        assert check(now + 5 * MINUTE) == (0, 1)
        assert outcome(message) == ("waiting", "email", "undelivered")
        assert message.last_error == (
            "The text message did not arrive (30003). Call the patient. It goes by email instead."
        )
        for minutes in (6, 20, 60):
            check(now + minutes * MINUTE)
            messages.send_due(now=now + minutes * MINUTE)
        assert outcome(message) == ("sent", "email", "undelivered")
        assert [sent.to for sent in mail.outbox] == [["alice@patients.example"]]
        assert len(service.taken) == 1

    def test_without_an_email_address_it_is_for_staff_to_call(self, service, now, admin_client):
        message = text(now, patient=make_patient(email=""))
        becomes(service, "undelivered", 30005)
        check(now + 5 * MINUTE)
        assert outcome(message) == ("parked", "text", "undelivered")
        assert message.last_error == (
            "The text message did not arrive (30005). Call the patient. Then choose Send again."
        )
        assert "1 message could not be sent" in admin_client.get(reverse("admin:index")).content.decode()

    def test_a_text_that_staff_send_again_is_followed_anew(self, service, now, admin_client):
        message = text(now, patient=make_patient(email=""))
        becomes(service, "undelivered", 30003)
        check(now + 5 * MINUTE)
        data = {"action": "send_again", "_selected_action": [message.pk]}
        admin_client.post(reverse("admin:booking_message_changelist"), data)
        messages.send_due(now=now + 10 * MINUTE)
        message.refresh_from_db()
        assert (message.state, message.delivery, message.delivery_checks) == ("sent", "", 0)
        assert message.provider_id == service.taken[1]["sid"]

    @pytest.mark.parametrize("email", ["alice@patients.example", ""])
    @pytest.mark.parametrize("change", ["cancelled", "moved", "begun"])
    def test_a_reminder_that_is_out_of_date_by_then_goes_nowhere(self, change, email, service, now):
        message = text(now, patient=make_patient(email=email))
        becomes(service, "undelivered")
        appointment, at = message.appointment, now + 5 * MINUTE
        if change == "cancelled":
            appointment.status = "cancelled"
        elif change == "moved":
            appointment.sequence += 1
        else:
            at = now + 3 * HOUR
        appointment.save()
        check(at)
        messages.send_due(now=at)
        assert outcome(message) == ("sent", "text", "undelivered")
        assert mail.outbox == []

    def test_a_visit_cancelled_before_the_email_leaves_is_not_reminded_of(self, service, now):
        message = text(now)
        becomes(service, "undelivered")
        check(now + 5 * MINUTE)
        message.appointment.status = "cancelled"
        message.appointment.save()
        messages.send_due(now=now + 6 * MINUTE)
        assert outcome(message)[0] == "dropped"
        assert mail.outbox == []

    def test_a_worker_that_died_while_asking_leaves_the_check_to_a_later_round(self, service, now, monkeypatch):
        message = text(now)
        becomes(service, "undelivered")

        def die(*args):
            raise KeyboardInterrupt

        monkeypatch.setattr(delivery_checks, "record_report", die)
        with pytest.raises(KeyboardInterrupt):
            check(now + 5 * MINUTE)
        monkeypatch.undo()
        check(now + 15 * MINUTE)
        assert outcome(message) == ("waiting", "email", "undelivered")

    def test_a_late_answer_does_not_overwrite_what_happened_since(self, service, now, monkeypatch):
        """Another worker has recorded the failure, and the e-mail has left."""
        message = text(now)
        becomes(service, "undelivered")
        record = delivery_checks.record_report

        def slow(*args):
            monkeypatch.setattr(delivery_checks, "record_report", record)
            check(now + 16 * MINUTE)
            messages.send_due(now=now + 17 * MINUTE)
            return record(*args)

        monkeypatch.setattr(delivery_checks, "record_report", slow)
        assert check(now + 5 * MINUTE) == (0, 0)
        assert outcome(message) == ("sent", "email", "undelivered")
        messages.send_due(now=now + 18 * MINUTE)
        assert len(mail.outbox) == 1


class TestOutages:
    @pytest.mark.parametrize("answer", ["refuse 429 20429", "refuse 401 20003"])
    def test_an_unavailable_gateway_costs_no_check(self, answer, service, now):
        message = text(now)
        service.status_of = lambda sent: answer
        with pytest.raises(messages.TransportUnavailable):
            check(now + 5 * MINUTE)
        service.status_of = lambda sent: ""
        becomes(service, "delivered")
        assert check(now + 5 * MINUTE) == (1, 0)
        assert outcome(message)[2] == "delivered"

    def test_an_outage_without_end_ends_the_checks(self, service, now):
        message = text(now)
        service.status_of = lambda sent: "refuse 401 20003"
        with pytest.raises(messages.TransportUnavailable):
            check(now + timedelta(days=3, minutes=1))
        assert outcome(message) == ("sent", "text", "unconfirmed")

    @pytest.mark.parametrize("answer", ["refuse 500 20500", "drop"])
    def test_one_text_without_an_answer_does_not_hold_up_the_others(self, answer, service, now):
        first, second = text(now), text(now, patient=make_patient(phone="+14035550199"))
        becomes(service, "delivered")
        service.status_of = lambda sent: answer if sent["sid"] == first.provider_id else ""
        assert check(now + 5 * MINUTE) == (1, 0)
        assert (outcome(first)[2], outcome(second)[2]) == ("", "delivered")

    def test_three_without_an_answer_end_the_round(self, service, now):
        for number in range(5):
            text(now, patient=make_patient(phone=f"+1403555019{number}"))
        service.status_of = lambda sent: "refuse 500 20500"
        with pytest.raises(messages.TransportUnavailable):
            check(now + 5 * MINUTE)
        assert asked(service) == 3

    def test_a_check_that_a_wrong_clock_put_off_comes_soon(self, service, now):
        message = text(now)
        Message.objects.update(delivery_check_at=now + timedelta(days=3))
        messages.repair_after_clock_jump(now=now)
        becomes(service, "delivered")
        check(now)
        assert outcome(message)[2] == "delivered"


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_one_asks_and_one_email_leaves(service, now):
    text(now)
    becomes(service, "undelivered")
    together, results = threading.Barrier(4), []

    def work():
        together.wait()
        results.append(check(now + 5 * MINUTE))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(0, 0), (0, 0), (0, 0), (0, 1)]
    assert asked(service) == 1
    messages.send_due(now=now + 6 * MINUTE)
    assert len(mail.outbox) == 1
    assert connection.vendor in {"sqlite", "postgresql"}


class TestOffice:
    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("queued", "Text sent, not confirmed yet"),
            ("delivered", "Text delivered"),
            ("undelivered", "Sent by email, the text did not arrive"),
        ],
    )
    def test_staff_see_whether_a_text_arrived(self, status, words, service, now, admin_client):
        message = text(now)
        becomes(service, status)
        check(now + 5 * MINUTE)
        messages.send_due(now=now + 6 * MINUTE)
        for page in (
            reverse("admin:booking_message_changelist"),
            reverse("admin:booking_message_change", args=[message.pk]),
            reverse("admin:booking_appointment_change", args=[message.appointment_id]),
            reverse("admin:booking_patient_change", args=[message.appointment.patient_id]),
        ):
            assert words in admin_client.get(page, follow=True).content.decode(), page

    def test_the_worker_asks(self, service, now):
        from django.core.management import call_command

        message = text(now)
        becomes(service, "delivered")
        Message.objects.update(delivery_check_at=now)
        call_command("work", "--once")
        assert outcome(message)[2] == "delivered"
