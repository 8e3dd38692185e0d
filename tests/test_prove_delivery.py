"""Proof: killed at any step or at any instant, by one worker or three, no mail is lost and none comes twice.

With one exception that no sender can avoid: between the mail server's yes and our mark, and then
under the same Message-ID. Real worker processes, a real mail server, SIGKILL.
"""

import signal
import subprocess
import sys
import time as clock
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from booking import messages
from booking.messages.rendering import message_id
from booking.models import Appointment, Message
from tests import dying_worker, mail_server, make, race_site

pytestmark = pytest.mark.prove

MANY = 300
SITE_URL = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def url(tmp_path_factory, django_db_blocker):
    """A database of the proof's own."""
    folder = tmp_path_factory.mktemp("delivery")
    with django_db_blocker.unblock(), race_site.own_database(folder) as address, race_site.connected(address):
        call_command("migrate", verbosity=0)
        make.make_clinic()
        yield address


@pytest.fixture
def server():
    with mail_server.running() as server:
        yield server


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE_URL  # The workers' own: Message-IDs hold the host.


@pytest.fixture
def start(url, server, tmp_path):
    """Starts a worker process; whatever still runs at the end is ended."""
    started = []

    def start_worker(*command):
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=race_site.ROOT,
            env=race_site._environment(tmp_path)
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
    """One message each to so many patients, due at once, and nothing else."""
    Message.objects.all().delete()
    Appointment.objects.all().delete()
    now = timezone.now()
    service, place = make.make_service(), make.make_location()
    practitioner = make.make_practitioner([service])
    for number in range(count):
        messages.booked(
            make.make_appointment(
                service=service,
                location=place,
                practitioner=practitioner,
                patient=make.make_patient(email=f"patient{number}@patients.example"),
                starts_at=(now + timedelta(days=5, hours=number)).replace(microsecond=0),
                reminders=False,
            ),
            now=now - timedelta(hours=1),
        )
    Message.objects.exclude(kind="confirmation").delete()


def lease_runs_out() -> None:
    """As five minutes do."""
    Message.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now())


def wanted() -> Counter:
    """Every message once, under its own Message-ID."""
    return Counter(message_id(key) for key in Message.objects.values_list("key", flat=True))


def states() -> set:
    return set(Message.objects.values_list("state", flat=True))


@pytest.mark.parametrize("step", dying_worker.STEPS)
def test_a_worker_killed_at_any_step_loses_nothing(step, start, server):
    queue_confirmations(5)
    process = start("-m", "tests.dying_worker", step, "3")
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert states() != {"sent"}  # It did die in the middle.
    lease_runs_out()
    assert start("manage.py", "work", "--once").wait(timeout=120) == 0
    assert states() == {"sent"}
    twice = server.ids() - wanted()
    assert set(server.ids()) == set(wanted())
    if step in dying_worker.MAY_REPEAT:
        assert sum(twice.values()) <= 1
        assert step == "sent, unanswered" or sum(twice.values()) == 1
    else:
        assert twice == Counter()
    assert len({(mail["To"], mail["Message-ID"]) for mail in server.received}) == 5


def test_workers_killed_at_random_lose_nothing(start, server):
    queue_confirmations(MANY)
    dice, kills = Random(5), 0
    while states() != {"sent"}:
        assert kills < 200
        before = len(server.received)
        process = start("manage.py", "work")
        if kills == 16:  # Often enough: let the last one finish.
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
        lease_runs_out()
    twice = server.ids() - wanted()
    print(f"\n{connection.vendor}: {MANY} mails, {kills} kills, {sum(twice.values())} came twice")
    assert kills >= 5
    assert set(server.ids()) == set(wanted())
    assert sum(twice.values()) <= kills
    assert set(server.ids().values()) <= {1, 2}
    assert len({(mail["To"], mail["Message-ID"]) for mail in server.received}) == MANY


def test_of_three_workers_at_once_each_mail_is_sent_by_one(start, server):
    queue_confirmations(MANY)
    workers = [start("manage.py", "work", "--once") for _ in range(3)]
    said = [worker.communicate(timeout=300)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0], said
    assert server.ids() == wanted()
    assert states() == {"sent"}
    shares = [line for text in said for line in text.splitlines() if "Messages:" in line]
    print(f"\n{connection.vendor}: {shares}")
    assert len(shares) >= 2  # Alone, one would prove nothing.


def test_workers_told_to_stop_finish_the_mail_in_hand_and_leave_the_rest(start, server):
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
