"""Rule: the worker does what is due, waits out what is away, and stops when told to, between two mails."""

import logging
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError

from booking import messages, scheduling
from booking.management.commands import work
from booking.models import Appointment, Message, WorkerStep
from tests.make import make_appointment, make_clinic, make_patient


@pytest.fixture(autouse=True)
def _clock_stands_still(stopped_clock):
    """Every test here runs at NOW."""


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, logger="booking")
    return caplog


@pytest.fixture
def worker(monkeypatch):
    """A worker that never waits: its pauses are written down instead, and it stops after some."""
    monkeypatch.setattr(work, "close_old_connections", lambda: None)  # The test's own transaction needs it.
    worker = work.Worker()
    worker.pauses = []

    class Impatient:
        def __init__(self):
            self.rounds, self.is_stopped = 1, False

        def set(self):
            self.is_stopped = True

        def is_set(self):
            return self.is_stopped

        def wait(self, seconds):
            worker.pauses.append(seconds)
            self.is_stopped = self.is_stopped or len(worker.pauses) >= self.rounds

    worker._stop = Impatient()
    return worker


@pytest.mark.django_db
class TestOnce:
    def test_all_that_is_due_is_sent(self, now):
        make_clinic()
        messages.booked(make_appointment(starts_at=now + timedelta(days=4)), now=now - timedelta(minutes=5))
        call_command("work", "--once")
        assert len(mail.outbox) == 2
        assert set(Message.objects.values_list("kind", "state")) == {
            ("clinic_notice", "sent"),
            ("confirmation", "sent"),
            ("reminder", "waiting"),
        }

    def test_more_than_one_batch_is_sent(self, now, monkeypatch):
        monkeypatch.setattr(work, "BATCH", 1)
        make_clinic()
        messages.booked(make_appointment(), now=now - timedelta(minutes=5))
        call_command("work", "--once")
        assert len(mail.outbox) == 2

    def test_holds_that_ran_out_are_freed(self, now):
        lapsed = make_appointment(status="held", hold_expires_at=now)
        live = make_appointment(status="held", hold_expires_at=now + timedelta(seconds=1))
        call_command("work", "--once")
        assert dict(Appointment.objects.values_list("pk", "status")) == {lapsed.pk: "expired", live.pk: "held"}

    def test_one_line_says_what_was_done_without_personal_data(self, now, log, monkeypatch):
        monkeypatch.setattr(work, "chores", {})  # Other apps have it do things of their own.
        make_clinic()
        messages.booked(make_appointment(patient=make_patient(name="Alice Martin")), now=now - timedelta(minutes=5))
        call_command("work", "--once")
        assert [record.getMessage() for record in log.records] == [
            "Messages: 2 sent, 0 no longer needed, 0 to try again, 0 parked."
        ]

    def test_with_nothing_to_do_nothing_is_said(self, log):
        call_command("work", "--once")
        assert log.records == []

    def test_a_mail_server_that_is_away_fails_the_run(self, now, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # Nobody listens on "discard".
        make_clinic()
        messages.booked(make_appointment(), now=now)
        lapsed = make_appointment(status="held", hold_expires_at=now)
        with pytest.raises(CommandError, match=r"^The mail server cannot be reached\."):
            call_command("work", "--once")
        lapsed.refresh_from_db()
        assert lapsed.status == "expired"  # All else was done.

    def test_a_database_that_is_away_fails_the_run(self, monkeypatch):
        monkeypatch.setattr(scheduling, "expire_holds", away)
        with pytest.raises(CommandError, match=r"^The database does not answer \(OperationalError\)\."):
            call_command("work", "--once")


def away(**kwargs):
    raise OperationalError("could not connect: password=secret")


@pytest.mark.django_db
class TestRounds:
    def test_between_rounds_it_pauses(self, worker):
        worker._stop.rounds = 3
        worker.work_until_stopped()
        assert worker.pauses == [work.PAUSE] * 3

    def test_while_the_database_is_away_it_waits_longer_and_longer(self, worker, monkeypatch, log):
        monkeypatch.setattr(scheduling, "expire_holds", away)
        worker._stop.rounds = 7
        worker.work_until_stopped()
        assert worker.pauses == [4, 8, 16, 32, 60, 60, 60]
        assert "Next try in 60 seconds." in log.text
        assert "secret" not in log.text

    def test_once_the_database_is_back_it_is_as_quick_as_before(self, worker, monkeypatch):
        answers = iter([away, away, lambda **kwargs: 0, away])
        monkeypatch.setattr(scheduling, "expire_holds", lambda **kwargs: next(answers)(**kwargs))
        worker._stop.rounds = 4
        worker.work_until_stopped()
        assert worker.pauses == [4, 8, work.PAUSE, 4]

    def test_while_the_mail_server_is_away_holds_lapse_at_their_usual_pace(self, worker, monkeypatch):
        tries = []

        def no_server(**kwargs):
            tries.append(len(worker.pauses))
            raise messages.MailServerAway("The mail server cannot be reached.")

        began = time.monotonic()  # Time passes in the pauses only.
        monkeypatch.setattr(time, "monotonic", lambda: began + sum(worker.pauses))
        monkeypatch.setattr(messages, "send_batch", no_server)
        worker._stop.rounds = 60
        worker.work_until_stopped()
        assert worker.pauses == [work.PAUSE] * 60
        assert tries == [0, 2, 6, 14, 30]  # After 4, 8, 16, 32 seconds.

    def test_a_step_that_fails_stops_no_other_and_waits_longer_itself(self, worker, now, monkeypatch, log):
        began, tries = time.monotonic(), []

        def broken(**kwargs):
            tries.append(len(worker.pauses))
            raise ValueError("alice@patients.example")

        monkeypatch.setattr(time, "monotonic", lambda: began + sum(worker.pauses))
        monkeypatch.setattr(scheduling, "expire_holds", broken)
        make_clinic()
        messages.booked(make_appointment(), now=now - timedelta(minutes=5))
        worker._stop.rounds = 8
        worker.work_until_stopped()
        assert len(mail.outbox) == 2
        assert worker.pauses == [work.PAUSE] * 8
        assert tries == [0, 2, 6]
        assert "The step “holds” failed (ValueError, test_work.py line " in log.text
        assert "alice" not in log.text

    def test_a_mistake_in_the_database_is_one_steps_own(self, worker, monkeypatch, now):
        def wrong(**kwargs):
            raise IntegrityError("Key (email)=(alice@patients.example)")

        monkeypatch.setattr(scheduling, "expire_holds", wrong)
        make_clinic()
        messages.booked(make_appointment(), now=now - timedelta(minutes=5))
        worker.work_until_stopped()
        assert len(mail.outbox) == 2

    def test_a_long_queue_lets_the_other_steps_have_a_turn(self, worker, now, monkeypatch):
        began = time.monotonic()
        monkeypatch.setattr(work, "BATCH", 1)
        monkeypatch.setattr(time, "monotonic", lambda: began + sum(worker.pauses) + 20 * len(mail.outbox))
        make_clinic()
        for hours in range(4):
            starts_at = now + timedelta(days=3, hours=hours)
            messages.booked(make_appointment(starts_at=starts_at), now=now - timedelta(minutes=5))
        worker.work_until_stopped()
        assert len(mail.outbox) == 2  # After 40 of the 30 seconds that one turn lasts.

    def test_it_leaves_a_trace_of_each_step_that_went_well(self, worker, monkeypatch, now):
        monkeypatch.setattr(scheduling, "settle_waitlist", away)
        WorkerStep.objects.create(name="a step of long ago", went_well_at=now)
        worker.work_until_stopped()
        assert set(WorkerStep.objects.values_list("name", "went_well_at")) == {("holds", now), ("old data", now)}

    def test_it_stops_between_two_messages(self, worker, now, monkeypatch):
        make_clinic()
        messages.booked(make_appointment(), now=now - timedelta(minutes=5))
        send = mail.EmailMultiAlternatives.send

        def send_and_be_told_to_stop(self):
            worker.stop()
            return send(self)

        monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send_and_be_told_to_stop)
        worker.work_until_stopped()
        assert sorted(Message.objects.values_list("state", "attempts")) == [
            ("sent", 1),
            ("waiting", 0),
            ("waiting", 0),
        ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_soon_and_cleanly(number, tmp_path):
    """A real process on a database without tables: it waits for them, and stops at once when told."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "work"],
        cwd=django_settings.BASE_DIR,
        env=os.environ
        | {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
            "VAR_DIR": str(tmp_path),
            "SECRET_KEY": "only-for-this-test-and-long-enough-to-pass",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        lines = [process.stderr.readline(), process.stderr.readline()]
        process.send_signal(number)
        _, rest = process.communicate(timeout=20)
    finally:
        process.kill()
    assert "The worker is running." in lines[0]
    assert "The database does not answer (OperationalError)" in lines[1]
    assert rest.strip().endswith("The worker has stopped.")
    assert process.returncode == 0
