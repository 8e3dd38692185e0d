"""Workers that are killed at any step or at random neither lose nor repeat a mail.

The one exception, which no sender can avoid, is a kill between the mail server's acceptance and the commit that marks
the message as sent: the mail is then repeated with the same Message-ID. Real worker processes and mail server, SIGKILL.
"""

import signal
import subprocess
import sys
import time as clock
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.utils import timezone

from booking import messages
from booking.messages.rendering.email import message_id
from booking.models import Appointment, Message
from tests.proofs import killed_worker, race_site
from tests.support import factories, mail_server

pytestmark = [pytest.mark.prove, pytest.mark.usefixtures("running_clock")]

MANY = 300
SITE_URL = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def url(tmp_path_factory, django_db_blocker):
    """A new database."""
    folder = tmp_path_factory.mktemp("delivery")
    with django_db_blocker.unblock(), race_site.migrated_database(folder) as address, race_site.connected(address):
        factories.make_clinic()
        yield address


@pytest.fixture
def server():
    with mail_server.running() as server:
        yield server


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE_URL  # As in the workers, because Message-IDs contain the host.


@pytest.fixture
def start(url, server, tmp_path):
    """A function that starts a worker process, which is killed after the test."""
    started = []

    def start_worker(*command):
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=race_site.ROOT,
            env=race_site.site_environment(tmp_path)
            | {"DATABASE_URL": url, "EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "SITE_URL": SITE_URL},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start_worker
    for process in started:
        process.kill()
        process.communicate()


def queue_confirmations(count: int) -> None:
    """Enqueue one confirmation, due at once, for each of ``count`` patients, and delete all other messages."""
    Message.objects.all().delete()
    Appointment.objects.all().delete()
    now = timezone.now()
    service, place = factories.make_service(), factories.make_location()
    practitioner = factories.make_practitioner([service])
    for number in range(count):
        messages.enqueue_booking(
            factories.make_appointment(
                service=service,
                location=place,
                practitioner=practitioner,
                patient=factories.make_patient(email=f"patient{number}@patients.example"),
                starts_at=(now + timedelta(days=5, hours=number)).replace(microsecond=0),
                reminders=False,
            ),
            now=now - timedelta(hours=1),
        )
    Message.objects.exclude(kind="confirmation").delete()


def expire_leases() -> None:
    """Expire the leases, as after five minutes."""
    Message.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now())


def expected_ids() -> Counter:
    """Return the expected count of each Message-ID: one."""
    return Counter(message_id(key) for key in Message.objects.values_list("key", flat=True))


def states() -> set:
    return set(Message.objects.values_list("state", flat=True))


@pytest.mark.parametrize("step", killed_worker.STEPS)
def test_a_worker_killed_at_any_step_loses_nothing(step, start, server):
    queue_confirmations(5)
    process = start("-m", "tests.proofs.killed_worker", step, "3")
    process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL
    assert states() != {"sent"}  # It was killed before it had finished.
    expire_leases()
    assert start("manage.py", "work", "--once").wait(timeout=600) == 0
    assert states() == {"sent"}
    repeated = server.ids() - expected_ids()
    assert set(server.ids()) == set(expected_ids())
    if step in killed_worker.MAY_REPEAT:
        assert sum(repeated.values()) <= 1
        assert step == "sent, unanswered" or sum(repeated.values()) == 1
    else:
        assert repeated == Counter()
    assert len({(mail["To"], mail["Message-ID"]) for mail in server.received}) == 5


def test_workers_killed_at_random_lose_nothing(start, server):
    queue_confirmations(MANY)
    dice, kills = Random(5), 0
    while states() != {"sent"}:
        assert kills < 200
        before = len(server.received)
        process = start("manage.py", "work")
        if kills == 16:  # Let the last one finish.
            while states() != {"sent"}:
                assert process.poll() is None
                clock.sleep(0.2)
            process.terminate()
            assert process.wait(timeout=60) == 0
            break
        server.wait_for_more_than(before)
        clock.sleep(dice.uniform(0, 0.3))
        process.kill()
        process.wait()
        kills += 1
        expire_leases()
    repeated = server.ids() - expected_ids()
    print(f"\n{connection.vendor}: {MANY} mails, {kills} kills, {sum(repeated.values())} repeated")
    assert kills >= 5
    assert set(server.ids()) == set(expected_ids())
    assert sum(repeated.values()) <= kills
    assert set(server.ids().values()) <= {1, 2}
    assert len({(mail["To"], mail["Message-ID"]) for mail in server.received}) == MANY


def test_of_three_concurrent_workers_only_one_sends_each_mail(start, server):
    queue_confirmations(MANY)
    workers = [start("manage.py", "work", "--once") for _ in range(3)]
    logs = [worker.communicate(timeout=300)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0], logs
    assert server.ids() == expected_ids()
    assert states() == {"sent"}
    shares = [line for text in logs for line in text.splitlines() if "Messages:" in line]
    print(f"\n{connection.vendor}: {shares}")
    assert len(shares) >= 2  # At least two workers must have sent some.


def test_workers_finish_the_current_mail_on_sigterm_and_sigint(start, server):
    queue_confirmations(MANY)
    before = 0
    for number in [signal.SIGTERM, signal.SIGINT, signal.SIGTERM]:
        process = start("manage.py", "work")
        server.wait_for_more_than(before)
        process.send_signal(number)
        assert "The worker has stopped." in process.communicate(timeout=60)[1]
        assert process.returncode == 0
        before = len(server.received)
        assert Message.objects.filter(state="sent").count() == before < MANY
        assert not Message.objects.filter(leased_until__isnull=False).exists()
    assert max(server.ids().values()) == 1
