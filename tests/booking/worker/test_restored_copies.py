"""A database that was restored from a real backup sends nothing until an operator takes it over."""

import io
from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections

from booking import messages
from booking.models import Appointment, Message, SiteIdentity
from booking.worker import loop, site_guard
from booking.worker.site_guard import SiteGuard
from tests.proofs import race_site
from tests.support import database_copies, factories

pytestmark = pytest.mark.django_db(transaction=True)
PATIENTS = 12
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def site(stopped_clock, settings, monkeypatch):
    """A site whose worker has run, with 12 patients whose confirmations are due and whose reminders come."""
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    monkeypatch.setattr(loop, "periodic_tasks", {})
    monkeypatch.setattr(site_guard, "CHECK_INTERVAL", 0.0)
    monkeypatch.setattr(site_guard, "HEARTBEAT_INTERVAL", 0.0)
    factories.make_clinic(notices="none")
    work()
    service = factories.make_service(first_reminder=48 * HOUR, second_reminder=None)
    place, practitioner = factories.make_location(), factories.make_practitioner([service])
    for number in range(PATIENTS):
        visit = factories.make_appointment(
            service=service,
            location=place,
            practitioner=practitioner,
            starts_at=stopped_clock + 4 * DAY + number * HOUR,
            patient=factories.make_patient(email=f"patient{number}@patients.example"),
        )
        messages.enqueue_booking(visit, now=stopped_clock)
    Message.objects.filter(kind="clinic_notice").delete()
    mail.outbox.clear()
    return stopped_clock


def work() -> str:
    """Run a worker once. Returns what it complains of."""
    try:
        call_command("work", "--once")
    except CommandError as error:
        return str(error)
    return ""


def take_over(**options) -> None:
    call_command("take_over", yes=True, verbosity=0, stdout=io.StringIO(), **options)


def states() -> Counter:
    return Counter(Message.objects.values_list("kind", "state"))


def test_a_copy_sends_nothing_and_once_it_is_taken_over_only_what_is_due_later(site, tmp_path):
    backup = database_copies.back_up(tmp_path)
    assert work() == ""
    assert len(mail.outbox) == PATIENTS  # The original has sent them after the backup.
    mail.outbox.clear()

    with database_copies.restored(backup, tmp_path) as url, race_site.connected(url):
        lapsed = factories.make_appointment(status="held", hold_expires_at=site, starts_at=site + 9 * DAY)
        waiting = states()
        assert waiting == {("confirmation", "waiting"): PATIENTS, ("reminder", "waiting"): PATIENTS}
        for hours in (1, 2, 24):
            with time_machine.travel(site + hours * HOUR, tick=False):
                assert "This database is a copy, or has moved" in work()
        assert (mail.outbox, states()) == ([], waiting)
        assert Appointment.objects.get(pk=lapsed.pk).status == "expired"

        with time_machine.travel(site + DAY, tick=False):
            take_over(sent_until=(site + HOUR).isoformat())
            assert work() == ""
            assert mail.outbox == []
            assert states() == {("confirmation", "withheld"): PATIENTS, ("reminder", "waiting"): PATIENTS}
            take_over(sent_until=(site + HOUR).isoformat())  # Again: nothing is left to do.
        for hours in range(48, 72, 3):
            with time_machine.travel(site + hours * HOUR, tick=False):
                assert work() == ""
        assert Counter(to for sent in mail.outbox for to in sent.to) == {
            f"patient{number}@patients.example": 1 for number in range(PATIENTS)
        }
        assert states() == {("confirmation", "withheld"): PATIENTS, ("reminder", "sent"): PATIENTS}


def test_a_database_that_was_restored_in_place_sends_nothing(site, tmp_path):
    """On a copy that was taken over, so that the tests' own database stays as it is."""
    with database_copies.restored(database_copies.back_up(tmp_path), tmp_path) as url, race_site.connected(url):
        take_over(sent_until=(site - HOUR).isoformat())
        backup = database_copies.back_up(tmp_path)
        for _ in range(10):
            assert work() == ""
        assert len(mail.outbox) == PATIENTS
        mail.outbox.clear()

        database_copies.restore_in_place(backup)
        assert states()["confirmation", "waiting"] == PATIENTS
        with time_machine.travel(site + HOUR, tick=False):
            assert "Until someone takes it over" in work()
            assert mail.outbox == []
            take_over(sent_until=site.isoformat())
            assert work() == ""
        assert mail.outbox == []


def test_a_running_worker_notices_that_its_database_was_restored_in_place(site, tmp_path, settings):
    settings.VAR_DIR = tmp_path / "missing"  # So it remembers nothing but what it has seen itself.
    with database_copies.restored(database_copies.back_up(tmp_path), tmp_path) as url, race_site.connected(url):
        take_over(sent_until=(site - HOUR).isoformat())
        worker = loop.Worker()
        worker.work_once()
        backup = database_copies.back_up(tmp_path)
        for _ in range(10):
            worker.work_once()
        database_copies.restore_in_place(backup)
        with pytest.raises(CommandError, match="Until someone takes it over"):
            worker.work_once()


def test_of_two_workers_that_start_at_once_both_go_on(stopped_clock):
    SiteIdentity.objects.update(database="", token="")
    barrier, problems = Barrier(2), []

    def start():
        try:
            guard = SiteGuard()
            barrier.wait(timeout=30)
            problems.append(guard.problem())
        finally:
            connections.close_all()

    threads = [Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert problems == ["", ""]
    assert SiteIdentity.objects.get().database
