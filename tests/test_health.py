"""Rule: a monitor hears when messages do not leave or the worker has stopped, and nothing about anybody."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from booking import messages
from booking.models import Message, WorkerStep
from clinic import health

pytestmark = pytest.mark.django_db
LATE = health.LATE


@pytest.fixture(autouse=True)
def _clock_stands_still(stopped_clock):
    """Every test here runs at NOW."""


def health_of(client) -> tuple[int, list[str]]:
    answer = client.get("/healthz/")
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, answer.content.decode().splitlines()


def a_message(**fields) -> Message:
    return Message.objects.create(**{"key": f"contact-{Message.objects.count()}", "kind": "contact"} | fields)


def test_a_site_whose_worker_never_ran_is_well_while_nothing_waits(client):
    assert health_of(client) == (200, ["ok"])


@pytest.mark.parametrize(("late", "status"), [(timedelta(0), 200), (timedelta(seconds=1), 503)])
def test_messages_that_nobody_sends(late, status, client, now):
    a_message(due_at=now - LATE - late)
    assert health_of(client)[0] == status


def test_messages_that_wait_for_their_time_are_well(client, now):
    a_message(due_at=now + LATE)
    a_message(due_at=now - LATE * 2, state="parked")
    assert health_of(client) == (200, ["ok"])


def test_messages_that_fail_again_and_again_while_none_leaves(client, now):
    a_message(due_at=now + LATE, attempts=4)
    assert health_of(client) == (503, ["messages fail again and again, and none has left for an hour"])
    a_message(due_at=now, state="sent", sent_at=now - timedelta(minutes=59))
    assert health_of(client) == (200, ["ok"])  # So it is that one address.


@pytest.mark.parametrize("direction", [1, -1], ids=["past", "future"])
def test_a_step_that_has_not_gone_well_for_a_while(direction, client, now):
    WorkerStep.objects.create(name="holds", went_well_at=now - direction * LATE)
    WorkerStep.objects.create(name="mail", went_well_at=now - direction * (LATE + timedelta(seconds=1)))
    assert health_of(client) == (503, ["the worker has not got through this for a while: mail"])


def test_all_that_is_wrong_is_told_at_once(client, now):
    WorkerStep.objects.create(name="mail", went_well_at=now - timedelta(days=1))
    a_message(due_at=now - timedelta(days=1), attempts=5)
    status, lines = health_of(client)
    assert (status, len(lines)) == (503, 3)


def test_a_database_that_is_away(client, monkeypatch):
    def away():
        raise OperationalError("password=secret")

    monkeypatch.setattr(messages, "oldest_due", away)
    assert health_of(client) == (503, ["the database does not answer"])
