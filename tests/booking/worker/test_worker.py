"""The worker runs due tasks, backs off while a service is unavailable, and stops between two messages."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError

from booking import messages, scheduling
from booking.models import Appointment, Channel, Message, TaskRun
from booking.worker import loop
from booking.worker.periodic_tasks import PeriodicTask
from tests.support import clock
from tests.support.factories import make_appointment, make_clinic, make_patient


@pytest.fixture(autouse=True)
def _frozen_clock(stopped_clock):
    """Freeze the clock at NOW."""


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, logger="booking")
    return caplog


@pytest.fixture
def worker(monkeypatch):
    """A worker that records its pauses instead of waiting, and stops after ``rounds`` of them."""
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)  # It would close the test's transaction.
    monkeypatch.setattr(loop, "periodic_tasks", {})  # Their thread would not see the test's transaction.
    worker = loop.Worker()
    worker.pauses = []

    class RecordingEvent:
        def __init__(self):
            self.rounds, self.is_stopped = 1, False

        def set(self):
            self.is_stopped = True

        def is_set(self):
            return self.is_stopped

        def wait(self, seconds):
            worker.pauses.append(seconds)
            self.is_stopped = self.is_stopped or len(worker.pauses) >= self.rounds

    worker._stop = RecordingEvent()
    return worker


@pytest.mark.django_db
class TestOnce:
    def test_all_due_messages_are_sent(self, now):
        make_clinic()
        messages.enqueue_booking(make_appointment(starts_at=now + timedelta(days=4)), now=now - timedelta(minutes=5))
        call_command("work", "--once")
        assert len(mail.outbox) == 2
        assert set(Message.objects.values_list("kind", "state")) == {
            ("clinic_notice", "sent"),
            ("confirmation", "sent"),
            ("reminder", "waiting"),
        }

    def test_more_than_one_batch_is_sent(self, now, monkeypatch):
        monkeypatch.setattr(loop, "BATCH", 1)
        make_clinic()
        messages.enqueue_booking(make_appointment(), now=now - timedelta(minutes=5))
        call_command("work", "--once")
        assert len(mail.outbox) == 2

    def test_expired_holds_are_released(self, now):
        lapsed = make_appointment(status="held", hold_expires_at=now)
        live = make_appointment(status="held", hold_expires_at=now + timedelta(seconds=1))
        call_command("work", "--once")
        assert dict(Appointment.objects.values_list("pk", "status")) == {lapsed.pk: "expired", live.pk: "held"}

    def test_one_log_line_reports_the_run_without_personal_data(self, now, log, monkeypatch):
        monkeypatch.setattr(loop, "periodic_tasks", {})  # Other apps register tasks.
        make_clinic()
        messages.enqueue_booking(
            make_appointment(patient=make_patient(name="Alice Martin")), now=now - timedelta(minutes=5)
        )
        call_command("work", "--once")
        assert [record.getMessage() for record in log.records] == [
            "Messages: 2 sent, 0 no longer needed, 0 to try again, 0 parked."
        ]

    def test_with_nothing_to_do_nothing_is_logged(self, log):
        call_command("work", "--once")
        assert log.records == []

    def test_an_unavailable_mail_server_fails_the_run(self, now, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # Nothing listens on port 9 (discard).
        make_clinic()
        messages.enqueue_booking(make_appointment(), now=now)
        lapsed = make_appointment(status="held", hold_expires_at=now)
        with pytest.raises(CommandError, match=r"^The email server can't be reached\."):
            call_command("work", "--once")
        lapsed.refresh_from_db()
        assert lapsed.status == "expired"  # The other tasks were run.

    def test_an_unavailable_database_fails_the_run(self, monkeypatch):
        monkeypatch.setattr(scheduling, "expire_holds", database_unavailable)
        with pytest.raises(CommandError, match=r"^The database does not answer \(OperationalError\)\."):
            call_command("work", "--once")


def database_unavailable(**kwargs):
    raise OperationalError("could not connect: password=secret")


@pytest.mark.django_db
class TestRounds:
    def test_between_rounds_it_pauses(self, worker):
        worker._stop.rounds = 3
        worker.work_until_stopped()
        assert worker.pauses == [loop.PAUSE] * 3

    def test_it_backs_off_while_the_database_is_unavailable(self, worker, monkeypatch, log):
        monkeypatch.setattr(scheduling, "expire_holds", database_unavailable)
        worker._stop.rounds = 7
        worker.work_until_stopped()
        assert worker.pauses == [4, 8, 16, 32, 60, 60, 60]
        assert "Next try in 60 seconds." in log.text
        assert "secret" not in log.text

    def test_the_backoff_is_reset_when_the_database_is_back(self, worker, monkeypatch):
        answers = iter([database_unavailable, database_unavailable, lambda **kwargs: 0, database_unavailable])
        monkeypatch.setattr(scheduling, "expire_holds", lambda **kwargs: next(answers)(**kwargs))
        worker._stop.rounds = 4
        worker.work_until_stopped()
        assert worker.pauses == [4, 8, loop.PAUSE, 4]

    def test_holds_expire_at_the_usual_interval_while_the_mail_server_is_unavailable(self, worker, monkeypatch):
        tries = []

        def no_server(**kwargs):
            tries.append(len(worker.pauses))
            raise messages.SmtpUnavailable("The email server can't be reached.")

        started = time.monotonic()  # Time passes only in the pauses.
        monkeypatch.setattr(time, "monotonic", lambda: started + sum(worker.pauses))
        monkeypatch.setattr(messages, "send_batch", no_server)
        worker._stop.rounds = 60
        worker.work_until_stopped()
        assert worker.pauses == [loop.PAUSE] * 60
        assert tries == [0, 2, 6, 14, 30]  # After 4, 8, 16, 32 seconds.

    def test_a_failing_task_backs_off_and_does_not_stop_the_others(self, worker, now, monkeypatch, log):
        started, tries = time.monotonic(), []

        def broken(**kwargs):
            tries.append(len(worker.pauses))
            raise ValueError("alice@patients.example")

        monkeypatch.setattr(time, "monotonic", lambda: started + sum(worker.pauses))
        monkeypatch.setattr(scheduling, "expire_holds", broken)
        make_clinic()
        messages.enqueue_booking(make_appointment(), now=now - timedelta(minutes=5))
        worker._stop.rounds = 8
        worker.work_until_stopped()
        assert len(mail.outbox) == 2
        assert worker.pauses == [loop.PAUSE] * 8
        assert tries == [0, 2, 6]
        assert "The step “holds” failed (ValueError, test_worker.py line " in log.text
        assert "alice" not in log.text

    def test_an_integrity_error_fails_only_its_task(self, worker, monkeypatch, now):
        def wrong(**kwargs):
            raise IntegrityError("Key (email)=(alice@patients.example)")

        monkeypatch.setattr(scheduling, "expire_holds", wrong)
        make_clinic()
        messages.enqueue_booking(make_appointment(), now=now - timedelta(minutes=5))
        worker.work_until_stopped()
        assert len(mail.outbox) == 2

    def test_a_long_queue_lets_the_other_tasks_run(self, worker, now, monkeypatch):
        started = time.monotonic()
        monkeypatch.setattr(loop, "BATCH", 1)
        monkeypatch.setattr(time, "monotonic", lambda: started + sum(worker.pauses) + 20 * len(mail.outbox))
        make_clinic()
        for hours in range(4):
            starts_at = now + timedelta(days=3, hours=hours)
            messages.enqueue_booking(make_appointment(starts_at=starts_at), now=now - timedelta(minutes=5))
        worker.work_until_stopped()
        assert len(mail.outbox) == 2  # Stops after 40 seconds, more than SEND_TIME_LIMIT.

    def test_it_records_a_task_run_for_each_success(self, worker, monkeypatch, now):
        monkeypatch.setattr(scheduling, "settle_waitlist", database_unavailable)
        TaskRun.objects.create(name="a step of long ago", went_well_at=now)
        worker.work_until_stopped()
        assert set(TaskRun.objects.values_list("name", "went_well_at")) == {("holds", now), ("old data", now)}

    def test_a_task_run_holds_the_tasks_interval(self, worker):
        worker.work_until_stopped()
        intervals = dict(TaskRun.objects.values_list("name", "interval"))
        assert intervals["holds"] == timedelta(0)
        assert intervals["old data"] == timedelta(seconds=loop.CLEANUP_INTERVAL)

    def test_it_stops_between_two_messages(self, worker, now, monkeypatch):
        make_clinic()
        messages.enqueue_booking(make_appointment(), now=now - timedelta(minutes=5))
        send = mail.EmailMultiAlternatives.send

        def send_and_stop(self):
            worker.stop()
            return send(self)

        monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send_and_stop)
        worker.work_until_stopped()
        assert sorted(Message.objects.values_list("state", "attempts")) == [
            ("sent", 1),
            ("waiting", 0),
            ("waiting", 0),
        ]


class TestPeriodicTasks:
    """Periodic tasks of other apps."""

    @pytest.mark.django_db(transaction=True)
    def test_a_message_is_sent_while_a_periodic_task_is_running(self, now, monkeypatch):
        has_left, in_time = threading.Event(), []

        def slow():
            messages.enqueue_booking(make_appointment(), now=now - timedelta(minutes=5))
            in_time.append(has_left.wait(timeout=30))
            worker.stop()
            return ""

        def send(self):
            has_left.set()
            return 1

        make_clinic()
        monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send)
        monkeypatch.setattr(loop, "PAUSE", 0.05)
        monkeypatch.setattr(loop, "periodic_tasks", {"slow": PeriodicTask("slow", slow, seconds=1.0)})
        worker = loop.Worker()
        worker.work_until_stopped()
        assert in_time == [True]

    @pytest.mark.django_db(transaction=True)
    def test_a_task_with_messages_never_waits_for_the_others(self, now, monkeypatch):
        has_run, in_time = threading.Event(), []

        def slow():
            in_time.append(has_run.wait(timeout=30))
            worker.stop()
            return ""

        def quick():
            has_run.set()
            return ""

        monkeypatch.setattr(loop, "PAUSE", 0.05)
        tasks = [PeriodicTask("slow", slow, seconds=1.0), PeriodicTask("quick", quick, seconds=0, with_messages=True)]
        monkeypatch.setattr(loop, "periodic_tasks", {task.name: task for task in tasks})
        worker = loop.Worker()
        worker.work_until_stopped()
        assert in_time == [True]

    @pytest.mark.django_db(transaction=True)
    def test_no_other_task_waits_for_one_with_a_thread_of_its_own(self, now, monkeypatch):
        has_run, in_time = threading.Event(), []

        def slow():
            in_time.append(has_run.wait(timeout=30))
            worker.stop()
            return ""

        def other():
            has_run.set()
            return ""

        monkeypatch.setattr(loop, "PAUSE", 0.05)
        tasks = [
            PeriodicTask("slow", slow, seconds=1.0, has_own_thread=True),
            PeriodicTask("other", other, seconds=1.0),
        ]
        monkeypatch.setattr(loop, "periodic_tasks", {task.name: task for task in tasks})
        worker = loop.Worker()
        worker.work_until_stopped()
        assert in_time == [True]

    @pytest.mark.django_db(transaction=True)
    def test_a_failing_periodic_task_does_not_stop_the_others_or_messages(self, now, monkeypatch, log):
        done = threading.Event()

        def broken():
            raise ValueError("alice@patients.example")

        def last():
            done.set()
            worker.stop()
            return ""

        monkeypatch.setattr(loop, "PAUSE", 0.05)
        monkeypatch.setattr(
            loop,
            "periodic_tasks",
            {"broken": PeriodicTask("broken", broken, 1.0), "last": PeriodicTask("last", last, 1.0)},
        )
        worker = loop.Worker()
        worker.work_until_stopped()
        assert done.is_set()
        assert "The step “broken” failed (ValueError, test_worker.py line " in log.text
        assert "alice" not in log.text

    @pytest.mark.django_db(transaction=True)
    def test_mail_does_not_wait_for_a_text_message_service_that_hangs(self, now, monkeypatch):
        has_left, in_time = threading.Event(), []
        send_batch = messages.send_batch

        def slow(*, by, **options):
            if by != Channel.TEXT:
                return send_batch(by=by, **options)
            in_time.append(has_left.wait(timeout=30))
            worker.stop()
            return messages.Tally()

        def send(self):
            has_left.set()
            return 1

        make_clinic()
        messages.enqueue_booking(make_appointment(), now=now - timedelta(minutes=5))
        monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send)
        monkeypatch.setattr(messages, "channels", lambda: list(Channel))
        monkeypatch.setattr(messages, "send_batch", slow)
        monkeypatch.setattr(loop.Worker, "_check_deliveries", lambda self: "")
        monkeypatch.setattr(loop, "PAUSE", 0.05)
        monkeypatch.setattr(loop, "periodic_tasks", {})
        worker = loop.Worker()
        worker._own_lane.tasks.sort(key=lambda task: task.name == "mail")  # It comes last.
        worker.work_until_stopped()
        assert in_time[0]

    @pytest.mark.django_db
    def test_with_once_they_run_after_messages_and_a_failure_is_reported(self, now, monkeypatch):
        def broken():
            assert len(mail.outbox) == 2
            raise ValueError

        make_clinic()
        messages.enqueue_booking(make_appointment(), now=now - timedelta(minutes=5))
        monkeypatch.setattr(loop, "periodic_tasks", {"broken": PeriodicTask("broken", broken, 1.0)})
        with pytest.raises(CommandError, match=r"The step “broken” failed \(ValueError, "):
            call_command("work", "--once")
        assert len(mail.outbox) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_soon_and_cleanly(number, tmp_path):
    """A real process on a database without tables: it backs off, and stops at once on a signal."""
    database = tmp_path / "empty.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # Else its lanes can be in each other's way when they set it.
    process = subprocess.Popen(
        [sys.executable, "manage.py", "work"],
        cwd=django_settings.BASE_DIR,
        env=os.environ
        | clock.child_environment()
        | {
            "DATABASE_URL": f"sqlite:///{database}",
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
    assert "The database lacks tables or columns of this release (OperationalError)" in lines[1]
    assert rest.strip().endswith("The worker has stopped.")
    assert process.returncode == 0
