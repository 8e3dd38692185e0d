"""A worker whose clock is wrong does nothing that cannot be undone, says so, and goes on when the clock is right.

The true time and the machine's uptime are the test's; the wall clock is set ahead of the true time or behind it.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from booking import messages, scheduling
from booking.models import Appointment, ClockReading, Message, RateLimitBucket, WaitlistEntry, WaitlistOffer
from booking.worker import clock_guard, loop
from booking.worker.periodic_tasks import PeriodicTask
from clinic.accounts.password_links import request_link, send_requested_links
from clinic.models import PasswordLinkRequest
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Machine:
    """``truth`` is the time; ``ahead`` is by how much the wall clock is wrong."""

    truth: object
    ahead: timedelta = timedelta(0)
    database: bool = False
    boot: str = "first boot"
    up: float = 9_000.0

    def passes(self, duration: timedelta) -> None:
        self.truth += duration
        self.up += duration.total_seconds()

    def boots(self, after: timedelta, up: float = 60.0) -> None:
        self.truth += after
        self.up, self.boot = up, f"boot at {self.truth}"

    def work(self, worker=None) -> str:
        """Run a new worker, or one more round of this one. Returns what it complains of."""
        with time_machine.travel(self.truth + self.ahead, tick=False):
            try:
                (worker or loop.Worker()).work_once()
            except CommandError as error:
                return str(error)
        return ""


@pytest.fixture
def machine(settings, monkeypatch, now):
    settings.CLOCK_TOLERANCE = 5 * MINUTE
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    machine = Machine(now)
    monkeypatch.setattr(clock_guard, "system_uptime", lambda: machine.up)
    monkeypatch.setattr(clock_guard, "machine_id", lambda: machine.boot)
    monkeypatch.setattr(clock_guard, "database_now", lambda: machine.truth if machine.database else None)
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)
    links = PeriodicTask("password links", send_requested_links, 0, with_messages=True, needs_clock=True)
    monkeypatch.setattr(loop, "periodic_tasks", {"password links": links})
    return machine


@pytest.fixture(params=["uptime", "database"])
def compared(request, machine):
    """A machine that knows the right time from an earlier reading, or from the database alone."""
    if request.param == "uptime":
        assert machine.work() == ""
        machine.passes(MINUTE)
    else:
        machine.database = True
    return machine


def reminders(count: int, start) -> None:
    factories.make_clinic()
    service, place = factories.make_service(first_reminder=3 * HOUR, second_reminder=None), factories.make_location()
    practitioner = factories.make_practitioner([service])
    for number in range(count):
        appointment = factories.make_appointment(
            service=service,
            location=place,
            practitioner=practitioner,
            starts_at=start + number * HOUR,
            patient=factories.make_patient(email=f"patient{number}@patients.example"),
        )
        messages.enqueue_booking(appointment, now=start - 9 * DAY)
    Message.objects.exclude(kind="reminder").delete()


def states(kind="reminder") -> set:
    return set(Message.objects.filter(kind=kind).values_list("state", flat=True))


def test_a_clock_three_days_ahead_loses_no_reminder(compared, now):
    reminders(42, now + DAY)
    queued = Message.objects.count()
    assert queued == 42
    compared.ahead = 3 * DAY
    for _ in range(5):
        assert "3 days later than expected" in compared.work()
        compared.passes(HOUR)
    assert states() == {"waiting"}
    assert mail.outbox == []
    compared.ahead = timedelta(0)
    for _ in range(72):
        assert compared.work() == ""
        compared.passes(HOUR)
    assert states() == {"sent"}
    assert len({sent.to[0] for sent in mail.outbox}) == len(mail.outbox) == 42


def test_reminders_that_an_unguarded_worker_dropped_come_back(machine, settings, now):
    reminders(3, now + DAY)
    settings.CLOCK_TOLERANCE = None
    machine.ahead = 3 * DAY
    machine.work()
    assert states() == {"dropped"}
    machine.ahead, settings.CLOCK_TOLERANCE = timedelta(0), 5 * MINUTE
    assert machine.work() == ""
    assert states() == {"waiting"}


@pytest.mark.parametrize("ahead", [3 * DAY, 400 * DAY], ids=["three-days", "a-year"])
def test_a_clock_that_is_ahead_deletes_and_ends_nothing(ahead, compared, now):
    factories.make_clinic()
    place, service = factories.make_location(), factories.make_service()
    factories.make_hours(factories.make_practitioner([service]), place)
    hold = factories.make_appointment(status="held", hold_expires_at=now + 10 * MINUTE)
    old = factories.make_appointment(status="expired", hold_expires_at=now - DAY)
    day = {"first_on": now.date(), "last_on": (now + DAY).date()}
    entry = scheduling.join(wish=factories.make_wish(service, place, **day), now=now)
    offered = factories.make_appointment(status="held", hold_expires_at=now + HOUR)
    offer = WaitlistOffer.objects.create(
        entry=entry, appointment=offered, starts_at=offered.starts_at, offered_at=now, expires_at=now + HOUR
    )
    Message.objects.all().delete()
    contact = Message.objects.create(
        key="contact-1", kind="contact", content={"body": "?"}, state="sent", due_at=now - 29 * DAY,
        sent_at=now - 29 * DAY,
    )  # fmt: skip
    RateLimitBucket.objects.create(key="1", kind="hold", used=1, ends_at=now + HOUR)
    request_link("dana@clinic.example", now=now)
    session = SessionStore()
    session.create()
    compared.ahead = ahead
    assert "later than expected" in compared.work()
    hold.refresh_from_db()
    offer.refresh_from_db()
    entry.refresh_from_db()
    assert (hold.status, offer.state, entry.ended_at) == ("held", "open", None)
    for rows in (
        Appointment.objects.filter(pk=old.pk),
        Message.objects.filter(pk=contact.pk),
        RateLimitBucket.objects.all(),
        PasswordLinkRequest.objects.all(),
        Session.objects.filter(pk=session.session_key),
        WaitlistEntry.objects.waiting(),
    ):
        assert rows.count() == 1, rows.model


def test_a_clock_that_is_behind_offers_and_sends_nothing(compared, now):
    reminders(1, now + 2 * HOUR)
    Message.objects.update(due_at=now - 5 * DAY)
    compared.ahead = -3 * DAY
    assert "3 days earlier than expected" in compared.work()
    assert states() == {"waiting"}
    compared.ahead = timedelta(0)
    assert compared.work() == ""
    assert states() == {"sent"}


@pytest.mark.parametrize("ahead", [4 * MINUTE, -4 * MINUTE], ids=["ahead", "behind"])
def test_some_minutes_are_no_reason_to_stop(ahead, compared):
    compared.ahead = ahead
    assert compared.work() == ""


def test_a_running_worker_notices_a_step_of_the_clock_at_once_and_goes_on_by_itself(machine, now, caplog):
    caplog.set_level(logging.INFO, logger="booking.work")
    reminders(1, now + 2 * HOUR)
    Message.objects.update(due_at=now + DAY)
    worker = loop.Worker()
    assert machine.work(worker) == ""
    machine.passes(timedelta(seconds=2))
    machine.ahead = 3 * DAY
    assert "3 days later" in machine.work(worker)
    assert states() == {"waiting"}
    machine.passes(timedelta(seconds=2))
    machine.ahead = timedelta(0)
    assert machine.work(worker) == ""
    wrong, right = [record.getMessage() for record in caplog.records if "clock" in record.getMessage()]
    assert wrong == (
        "The worker's clock reads 3 days later than expected. Nothing is sent, offered or deleted until it is right. "
        "Set it, or run manage.py trust_clock if the time is right."
    )
    assert right == "The clock is right again."


def test_a_clock_that_steps_while_a_queue_is_sent_stops_the_queue(machine, now, monkeypatch):
    monkeypatch.setattr(loop, "BATCH", 1)
    reminders(3, now + 5 * HOUR)
    Message.objects.update(due_at=now)
    assert machine.work() == ""  # A first reading; the night has ended in Alberta.
    Message.objects.update(state="waiting", due_at=now)
    mail.outbox.clear()
    send = messages.send_batch

    def send_and_step(**options):
        tally = send(**options)
        machine.ahead = 3 * DAY
        monkeypatch.setattr("django.utils.timezone.now", lambda: now + 3 * DAY)
        return tally

    monkeypatch.setattr(messages, "send_batch", send_and_step)
    monkeypatch.setattr(clock_guard.time, "time", lambda: (machine.truth + machine.ahead).timestamp())
    machine.work()
    assert len(mail.outbox) == 1
    assert states() == {"sent", "waiting"}


def test_tasks_that_do_not_depend_on_the_time_go_on(machine, monkeypatch):
    done = []
    pictures = PeriodicTask("pictures", lambda: done.append(1) or "", 30.0)
    monkeypatch.setattr(loop, "periodic_tasks", {"pictures": pictures})
    machine.work()
    machine.ahead = 3 * DAY
    assert machine.work() != ""
    assert len(done) == 2


def test_staff_the_machine_and_the_start_page_are_told(compared, client, admin_client):
    compared.ahead = 3 * DAY
    sentence = compared.work()
    assert sentence.startswith("The worker's clock reads 3 days later than expected.")
    health = client.get("/healthz/")
    assert (health.status_code, sentence in health.content.decode()) == (503, True)
    assert client.get("/healthz/", REMOTE_ADDR="203.0.113.9").content == b"not ok\n"
    assert sentence in admin_client.get("/healthz/", REMOTE_ADDR="203.0.113.9").content.decode()
    assert "A clock is wrong" in admin_client.get(reverse("admin:index")).content.decode()
    compared.ahead = timedelta(0)
    compared.work()
    assert client.get("/healthz/").status_code == 200
    assert "A clock is wrong" not in admin_client.get(reverse("admin:index")).content.decode()


class TestBoot:
    """After a boot, the time that has passed since the last reading is unknown."""

    def test_a_machine_that_was_off_over_the_weekend_goes_on_once_the_clock_could_be_set(self, machine):
        machine.work()
        machine.boots(after=3 * DAY)
        assert "3 days later" in machine.work()
        machine.passes(timedelta(seconds=clock_guard.BOOT_WAIT))
        assert machine.work() == ""

    def test_a_wrong_clock_that_is_set_minutes_after_the_boot_loses_nothing(self, machine, now):
        reminders(1, now + DAY)
        machine.work()
        machine.boots(after=MINUTE)
        machine.ahead = 3 * DAY
        machine.work()
        machine.passes(MINUTE)
        machine.ahead = timedelta(0)
        assert machine.work() == ""
        assert states() == {"waiting"}

    def test_a_quick_restart_needs_no_wait(self, machine):
        machine.work()
        machine.boots(after=2 * MINUTE)
        assert machine.work() == ""

    def test_a_clock_earlier_than_the_last_reading_is_wrong(self, machine):
        machine.work()
        machine.boots(after=2 * MINUTE)
        machine.ahead = -DAY
        assert "24 hours earlier" in machine.work()
        machine.passes(HOUR)
        assert "earlier" in machine.work()
        machine.ahead = timedelta(0)
        assert machine.work() == ""

    def test_the_readings_of_earlier_boots_are_deleted(self, machine):
        machine.work()
        machine.boots(after=2 * MINUTE)
        machine.work()
        machine.passes(2 * HOUR)
        machine.work()
        assert [reading.machine for reading in ClockReading.objects.all()] == [machine.boot]


class TestCorrections:
    """A step of the clock may have been a correction."""

    def test_a_clock_that_keeps_its_new_time_for_six_hours_is_trusted(self, machine):
        machine.work()
        machine.ahead = 3 * DAY
        for _ in range(6):
            assert machine.work() != ""
            machine.passes(HOUR)
        assert machine.work() == ""
        machine.passes(HOUR)
        assert machine.work() == ""

    def test_another_step_starts_the_six_hours_anew(self, machine):
        machine.work()
        machine.ahead = 3 * DAY
        machine.work()
        machine.passes(5 * HOUR)
        machine.ahead = 4 * DAY
        machine.work()
        machine.passes(5 * HOUR)
        assert machine.work() != ""
        machine.passes(HOUR)
        assert machine.work() == ""

    def test_it_is_never_trusted_against_the_databases_clock(self, machine):
        machine.database = True
        machine.work()
        machine.ahead = 3 * DAY
        for _ in range(10):
            assert machine.work() != ""
            machine.passes(DAY)

    def test_whoever_runs_the_site_may_trust_it_at_once(self, machine):
        machine.work()
        machine.ahead = 3 * DAY
        assert machine.work() != ""
        call_command("trust_clock")
        assert machine.work() == ""
        machine.passes(MINUTE)
        assert machine.work() == ""

    def test_two_machines_do_not_mix_up_their_readings(self, machine):
        """On PostgreSQL, workers may run on two machines."""
        machine.work()
        first, second = ("first boot", 9_000.0), ("another machine", 500_000.0)
        for boot, up in (second, first, second, first):
            machine.boot, machine.up = boot, up
            assert machine.work() == ""


def test_without_a_tolerance_nothing_is_compared(machine, settings):
    settings.CLOCK_TOLERANCE = None
    machine.work()
    machine.ahead = 3 * DAY
    assert machine.work() == ""
    assert not ClockReading.objects.exists()


@pytest.mark.usefixtures("running_clock")
def test_the_databases_clock_is_read_where_there_is_one():
    from django.db import connection

    read = clock_guard.database_now()
    if connection.vendor == "sqlite":
        assert read is None
    else:
        real_now = time_machine.escape_hatch.datetime.datetime.now(read.tzinfo)
        assert abs(read - real_now) < MINUTE


def test_the_uptime_grows_while_the_wall_clock_stands(stopped_clock):
    first = clock_guard.system_uptime()
    with time_machine.travel(timezone.now() + DAY, tick=False):
        assert 0 <= clock_guard.system_uptime() - first < HOUR.total_seconds()
