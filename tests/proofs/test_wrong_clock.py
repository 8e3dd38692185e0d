"""Real worker processes on both databases: with a clock days or hours off, none loses a reminder or deletes a row."""

import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from booking import messages
from booking.models import ClockReading, Message
from tests.proofs import race_site
from tests.support import factories, mail_server

pytestmark = pytest.mark.prove
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REMINDERS = 42


@pytest.fixture
def url(tmp_path, django_db_blocker):
    """A new database. The test's clock shows the real time, as the database server's does."""
    real_now = time_machine.escape_hatch.datetime.datetime.now(timezone.get_fixed_timezone(0))
    with (
        time_machine.travel(real_now, tick=True),
        django_db_blocker.unblock(),
        race_site.migrated_database(tmp_path) as address,
        race_site.connected(address),
    ):
        factories.make_clinic()
        yield address


@pytest.fixture
def work(url, tmp_path):
    """A function that runs a worker once, in a process whose clock is ahead of the real one."""
    with mail_server.running() as server:

        def run(*, ahead: timedelta) -> subprocess.CompletedProcess:
            environment = race_site.site_environment(tmp_path) | {
                "DATABASE_URL": url,
                "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
                "TEST_CLOCK_AHEAD": str(ahead.total_seconds()),
                "CLOCK_TOLERANCE_MINUTES": "5",
            }
            return subprocess.run(
                [sys.executable, "manage.py", "work", "--once"],
                cwd=race_site.ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )

        yield run


def test_a_worker_with_a_wrong_clock_waits_and_loses_no_reminder(work):
    now = timezone.now()
    service, place = factories.make_service(), factories.make_location()
    practitioner = factories.make_practitioner([service])
    for number in range(REMINDERS):
        appointment = factories.make_appointment(
            service=service,
            location=place,
            practitioner=practitioner,
            patient=factories.make_patient(email=f"patient{number}@patients.example"),
            starts_at=(now + DAY + timedelta(hours=number)).replace(microsecond=0),
        )
        messages.enqueue_booking(appointment, now=now - 9 * DAY)
    Message.objects.exclude(key__endswith="-48h").delete()
    contact = {"kind": "contact", "state": "sent", "due_at": now - 29 * DAY, "sent_at": now - 29 * DAY}
    Message.objects.create(key="contact-1", content={"body": "?"}, **contact)
    before = dict(Message.objects.values_list("key", "state"))
    assert list(before.values()).count("waiting") == REMINDERS
    Message.objects.filter(state="waiting").update(due_at=now + DAY)  # None is due by the right clock.

    assert work(ahead=timedelta(0)).returncode == 0
    for step, words in [(3 * DAY, "3 days later"), (2 * HOUR, "2 hours later"), (-2 * HOUR, "2 hours earlier")]:
        wrong = work(ahead=step)
        assert wrong.returncode != 0
        assert f"The worker's clock reads {words} than expected." in wrong.stderr
        assert dict(Message.objects.values_list("key", "state")) == before
        assert ClockReading.objects.get().off_by is not None

    assert work(ahead=timedelta(0)).returncode == 0
    assert dict(Message.objects.values_list("key", "state")) == before
    assert ClockReading.objects.get().off_by is None
