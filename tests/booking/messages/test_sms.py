"""SMS reminders: short, private, sent once, with e-mail as fallback."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from booking import messages
from booking.messages.delivery import send
from booking.messages.outbox.enqueue import has_calendar_entry
from booking.messages.rendering import sms
from booking.messages.sms import encoding, gateway, twilio
from booking.models import Channel, Message
from clinic.ops import environment
from tests.support import mail_server, sms_server
from tests.support.factories import make_appointment, make_clinic, make_location, make_patient, make_service

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MOBILE = "+14035550123"


@pytest.fixture
def service():
    with sms_server.running() as service:
        yield service


@pytest.fixture(autouse=True)
def _sms(settings, service, now):
    settings.SMS = environment.sms("http://127.0.0.1", {"SMS_URL": service.url})
    service.now = lambda: now
    make_clinic()


def remind(now, **fields):
    """Create a visit in three hours whose reminder is due and is the only message."""
    fields = {"starts_at": now + 3 * HOUR, "reminders_by": "text"} | fields
    appointment = make_appointment(**fields)
    messages.enqueue_booking(appointment, now=now - HOUR)
    Message.objects.exclude(kind="reminder").delete()
    return appointment


def reminder() -> Message:
    return Message.objects.get(kind="reminder")


def outcome() -> tuple:
    message = reminder()
    return message.state, message.channel, message.attempts, message.leased_until


class TestText:
    def test_a_reminder_says_when_and_whom_to_call_and_nothing_else(self, service, now):
        remind(now, service=make_service(name="Pelvic health assessment"))
        assert messages.send_due(now=now) == 1
        (method, _path, form, _headers) = service.requests[0]
        assert (method, form) == (
            "POST",
            {
                "To": MOBILE,
                "From": sms_server.NUMBER,
                "Body": "Dynamic Physiotherapy: your appointment is Mon, Nov 23, 11:00 a.m. "
                "To change it, call 403-555-0100. Reply STOP to end texts.",
            },
        )
        assert encoding.parts(form["Body"]) == 1

    def test_of_several_places_it_names_the_one(self, service, now):
        make_location(name="High River")
        remind(now, location=make_location(name="Okotoks", phone="+14035550177"))
        messages.send_due(now=now)
        assert "(Alberta time), Okotoks." in service.taken[0]["body"]
        assert "403-555-0177" in service.taken[0]["body"]

    @pytest.mark.parametrize(
        ("name", "parts"),
        [
            ("Physiothérapie dynamique des Contreforts et réadaptation", 1),
            ("Zdrowie – Łódź “Plus”", 2),
            ("物理治療", 2),
        ],
        ids=["long-and-accented", "one-letter-outside", "another-script"],
    )
    def test_it_is_as_few_messages_as_the_letters_allow(self, name, parts, service, now):
        make_clinic(name=name)
        remind(now)
        messages.send_due(now=now)
        body = service.taken[0]["body"]
        assert encoding.parts(body) == parts
        assert "STOP" in body
        assert "11:00 a.m." in body

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("l’Église – “ok”…", 'l\'Église - "ok"...'),
            ("Nguyễn Ánh", "Nguyen Anh"),
            ("ñ ü ß €", "ñ ü ß €"),
            ("ê â î", "e a i"),
            ("Łódź", "Łódź"),
        ],
    )
    def test_letters_are_folded_only_where_all_can_be(self, text, plain):
        assert encoding.to_gsm_7(text) == plain

    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            *[("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2)],
            *[("治" * 70, 1), ("治" * 71, 2), ("😀" * 35, 1), ("😀" * 36, 2)],
        ],
    )
    def test_parts_are_counted_as_phones_do(self, text, parts):
        assert encoding.parts(text) == parts

    def test_a_hostile_clinic_name_stays_one_line(self, service, now):
        make_clinic(name="Eve\r\nSTOP\x01\u202e\u2028now")
        remind(now)
        messages.send_due(now=now)
        assert service.taken[0]["body"].startswith("Eve STOP now: ")


class TestRecipients:
    @pytest.mark.parametrize(
        ("number", "reached"),
        [
            ("+14035550123", True),
            ("+12025550123", True),
            ("+18005550123", False),  # Toll-free.
            ("+18882345678", False),
            ("+19002345678", False),  # Premium rate.
            ("+18765550123", False),
            ("+442079460123", False),
            ("+1403555", False),
            ("14035550123", False),
            ("", False),
        ],
        ids=["canada", "us", "toll-free", "toll-free-888", "premium", "jamaica", "britain", "short", "no-plus", "none"],
    )
    def test_only_whole_numbers_of_canada_and_the_us(self, number, reached):
        assert encoding.can_receive_sms(number) == reached

    def test_a_number_we_do_not_text_is_reminded_by_mail(self, now):
        remind(now, patient=make_patient(phone="+442079460123"))
        assert reminder().channel == Channel.EMAIL

    def test_a_caller_without_mail_is_reminded_by_text(self, service, now):
        remind(now, patient=make_patient(email=""))
        messages.send_due(now=now)
        assert len(service.taken) == 1

    def test_only_reminders_go_by_text(self, now):
        messages.enqueue_booking(make_appointment(reminders_by="text", starts_at=now + 72 * HOUR), now=now)
        assert set(Message.objects.values_list("kind", "channel")) == {
            ("clinic_notice", "email"),
            ("confirmation", "email"),
            ("reminder", "text"),
        }

    def test_while_texts_are_off_reminders_go_by_mail(self, settings, service, now):
        remind(now)
        settings.SMS = {}
        messages.send_due(now=now)
        assert (len(service.requests), len(mail.outbox)) == (0, 1)
        assert outcome()[:2] == ("sent", "email")

    def test_while_texts_are_off_nothing_is_queued_as_one(self, settings, now):
        settings.SMS = {}
        remind(now)
        assert reminder().channel == Channel.EMAIL

    def test_a_number_changed_in_between_gets_it(self, service, now):
        appointment = remind(now)
        appointment.patient.phone = "+14035550199"
        appointment.patient.save()
        messages.send_due(now=now)
        assert service.taken[0]["to"] == "+14035550199"

    def test_a_text_puts_nothing_into_a_calendar_that_a_cancellation_would_take_out(self, now):
        appointment = remind(now)
        messages.send_due(now=now)
        assert not has_calendar_entry(appointment, now=now)


class TestFailures:
    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch):
        monkeypatch.setattr(twilio, "TIMEOUT", 0.5)
        monkeypatch.setattr(twilio, "TOTAL_TIMEOUT", 1.0)

    @pytest.mark.parametrize("code", [21211, 21610, 21614], ids=["no-number", "said-stop", "landline"])
    def test_a_number_that_is_refused_is_reminded_by_mail(self, code, service, now):
        remind(now)
        service.bad_day = lambda form: f"refuse 400 {code}"
        messages.send_due(now=now)
        assert outcome() == ("waiting", "email", 0, None)
        assert reminder().last_error == (
            f"No text message can be sent to this number ({code}). Call the patient. We're sending it by email instead."
        )
        messages.send_due(now=now + timedelta(seconds=5))
        assert outcome()[:2] == ("sent", "email")
        assert [sent.to for sent in mail.outbox] == [["alice@patients.example"]]

    def test_a_refused_number_without_mail_is_for_staff_to_call(self, service, now):
        remind(now, patient=make_patient(email=""))
        service.bad_day = lambda form: "refuse 400 21211"
        messages.send_due(now=now)
        assert outcome()[:2] == ("parked", "text")
        assert "Call the patient." in reminder().last_error

    @pytest.mark.parametrize(
        ("day", "says"),
        [
            ("refuse 429 20429", "asks us to be slower"),
            ("refuse 401 20003", "refuses us (20003). Check SMS_URL."),
            ("refuse 403 20005", "refuses us (20005). Check SMS_URL."),
            ("refuse 404 20404", "refuses us (20404). Check SMS_URL."),
            ("refuse 400 21606", "refuses us (21606). Check SMS_URL."),
            ("redirect", "refuses us (307). Check SMS_URL."),
        ],
    )
    def test_what_no_other_number_would_change_costs_no_try(self, day, says, service, now):
        remind(now)
        service.bad_day = lambda form: day
        with pytest.raises(messages.TransportUnavailable, match=says.replace("(", r"\(").replace(")", r"\)")):
            messages.send_due(now=now)
        assert outcome() == ("waiting", "text", 0, None)

    def test_a_service_that_is_down_costs_no_try(self, settings, now):
        url = f"twilio+http://AC1:x@127.0.0.1:{mail_server.free_port()}/{sms_server.NUMBER}"
        settings.SMS = environment.sms("http://127.0.0.1", {"SMS_URL": url})
        remind(now)
        with pytest.raises(messages.TransportUnavailable, match="can't be reached"):
            messages.send_due(now=now)
        assert outcome() == ("waiting", "text", 0, None)

    @pytest.mark.parametrize(
        "day", ["drop", "hang", "trickle", "gibberish", "html", "refuse 500 20500", "refuse 503 0"]
    )
    def test_what_broke_off_before_it_was_taken_is_sent_later_once(self, day, service, now):
        remind(now)
        service.bad_day = lambda form: day
        messages.send_due(now=now)
        assert outcome() == ("waiting", "text", 1, None)
        assert reminder().last_error == ("The text-message service broke off. Check that it runs. We try again.")
        service.bad_day = lambda form: ""
        messages.send_due(now=now + timedelta(minutes=1, seconds=10))
        assert outcome()[:2] == ("sent", "text")
        assert len(service.taken) == 1

    @pytest.mark.parametrize("day", ["lose", "fail"])
    def test_what_was_taken_although_the_answer_got_lost_is_not_sent_again(self, day, service, now):
        remind(now)
        service.bad_day = lambda form: day
        messages.send_due(now=now)
        assert outcome()[0] == "waiting"
        messages.send_due(now=now + timedelta(minutes=1, seconds=10))
        assert outcome()[:2] == ("sent", "text")
        assert len(service.taken) == 1

    def test_a_worker_that_died_after_acceptance_sends_no_duplicate(self, service, now, monkeypatch):
        remind(now)

        def die(*args):
            raise KeyboardInterrupt

        monkeypatch.setattr(send, "mark_sent", die)
        with pytest.raises(KeyboardInterrupt):
            messages.send_due(now=now)
        monkeypatch.undo()
        messages.send_due(now=now + send.LEASE + HOUR / 60)
        assert outcome()[:2] == ("sent", "text")
        assert len(service.taken) == 1

    def test_the_first_reminder_is_not_taken_for_the_second(self, service, now):
        """Both have the same text and number."""
        appointment = remind(now)
        text = sms.text_message(reminder(), now=timezone.now())
        service.taken.append({"to": text.to, "body": text.body, "status": "delivered", "sid": "SM1",
                              "date_created": "Sat, 21 Nov 2026 17:00:00 +0000"})  # fmt: skip
        service.bad_day = lambda form: "drop"
        messages.send_due(now=now)
        service.bad_day = lambda form: ""
        messages.send_due(now=now + timedelta(minutes=2))
        assert appointment.starts_at == now + 3 * HOUR
        assert len(service.taken) == 2

    def test_a_text_that_failed_on_its_way_may_be_sent_again(self, service, now):
        remind(now)
        service.bad_day = lambda form: "lose"
        messages.send_due(now=now)
        service.taken[0]["status"] = "undelivered"
        service.bad_day = lambda form: ""
        messages.send_due(now=now + timedelta(minutes=2))
        assert len(service.taken) == 2

    def test_an_hour_without_the_service_and_the_mail_goes(self, service, now):
        remind(now)
        service.bad_day = lambda form: "refuse 429 20429"
        for minutes in (0, 30, 59):
            with pytest.raises(messages.TransportUnavailable):
                messages.send_due(now=now + timedelta(minutes=minutes))
        assert mail.outbox == []
        messages.send_due(now=now + HOUR)
        assert len(mail.outbox) == 1
        assert outcome()[:2] == ("sent", "email")

    def test_texts_leave_while_the_mail_server_is_away_and_the_other_way_round(self, service, settings, now):
        remind(now)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_server.free_port()
        assert messages.send_batch(now=now, by=Channel.TEXT).sent == 1

    def test_numbers_and_passwords_stay_out_of_logs(self, service, now, caplog):
        caplog.set_level(logging.DEBUG)
        remind(now)
        for day in ("refuse 400 21211", "lose"):
            service.bad_day = lambda form, day=day: day
            Message.objects.update(channel="text", state="waiting", due_at=now, attempts=0)
            messages.send_due(now=now)
        assert "555" not in caplog.text
        assert sms_server.TOKEN not in caplog.text


class TestSettings:
    def test_without_the_variable_there_are_no_texts(self, settings):
        settings.SMS = environment.sms("https://clinic.example", {})
        assert settings.SMS == {}
        assert not gateway.is_enabled()
        assert messages.channels() == [Channel.EMAIL]

    def test_a_whole_address_is_read(self):
        url = "twilio://SK1:p%40ss@api.twilio.com/+15875550123?account=AC1"
        options = environment.sms("https://clinic.example", {"SMS_URL": url})["OPTIONS"]
        assert options == {
            "host": "api.twilio.com", "port": 443, "secure": True, "account": "AC1", "user": "SK1",
            "password": "p@ss", "sender": "+15875550123",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "url",
        [
            "console:",
            "twilio://AC1:secret@api.twilio.com/",
            "twilio://AC1:secret@api.twilio.com/5875550123",
            "twilio://AC1@api.twilio.com/+15875550123",
            "twilio+http://AC1:secret@api.twilio.com/+15875550123",
            "twilio://AC1:secret@api.twilio.com:x/+15875550123",
            "twilio://AC1:secret@api.twilio.com/+15875550123?acount=AC2",
            "vonage://a:secret@b/+15875550123",
            "secret",
        ],
    )
    def test_what_is_no_address_of_a_service_is_refused_without_repeating_it(self, url):
        from django.core.exceptions import ImproperlyConfigured

        with pytest.raises(ImproperlyConfigured) as refused:
            environment.sms("https://clinic.example", {"SMS_URL": url})
        assert "secret" not in str(refused.value)

    def test_on_a_local_site_they_can_be_printed(self, settings, now, capsys):
        settings.SMS = environment.sms("http://127.0.0.1:8000", {"SMS_URL": "console:"})
        remind(now)
        messages.send_due(now=now)
        assert capsys.readouterr().out.startswith(f"Text message to {MOBILE}: Dynamic Physiotherapy: ")

    def test_a_messaging_service_is_named_as_one(self, settings, service, now):
        sid = "MG" + "0" * 32
        settings.SMS = environment.sms("http://127.0.0.1", {"SMS_URL": service.url.replace(sms_server.NUMBER, sid)})
        remind(now)
        messages.send_due(now=now)
        assert service.requests[0][2]["MessagingServiceSid"] == sid


def test_the_lists_dates_are_read_as_they_are_documented():
    text = gateway.SmsMessage(MOBILE, "hello")
    row = {"body": "Sent from a trial account - hello", "date_created": "Fri, 24 May 2019 17:18:27 +0000"}
    at = datetime(2019, 5, 24, 17, 18, 27, tzinfo=UTC)
    assert twilio.is_same_text(row, text, at)
    assert not twilio.is_same_text(row, text, at + timedelta(seconds=1))
    assert not twilio.is_same_text(row | {"date_created": None}, text, at)
    assert not twilio.is_same_text("?", text, at)
