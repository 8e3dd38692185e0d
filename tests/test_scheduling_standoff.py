"""Two writers past the lock, at one instant, over one time: one gets it, the other is told that it is taken."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from booking.models import Appointment
from booking.scheduling.locks import overlaps_lost
from booking.scheduling.refusals import Lost
from tests.make import make_appointment, make_location, make_patient, make_practitioner, make_service

TEN = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_two_who_wait_for_one_another_are_told_apart():
    """On PostgreSQL this ends as a deadlock, not as an overlap; on SQLite the second writer waits its turn."""
    common = {"location": make_location(), "service": make_service(), "patient": make_patient()}
    people = [make_practitioner(), make_practitioner()]
    both_wrote_once = threading.Barrier(2)
    outcomes = []

    def write(first, second):
        try:
            with overlaps_lost(), transaction.atomic():
                make_appointment(practitioner=first, starts_at=TEN, **common)
                if connection.vendor == "postgresql":
                    both_wrote_once.wait(timeout=30)
                make_appointment(practitioner=second, starts_at=TEN + timedelta(minutes=15), **common)
            outcomes.append("written")
        except Lost:
            outcomes.append("lost")
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=order) for order in (people, people[::-1])]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(outcomes) == ["lost", "written"]
    assert Appointment.objects.count() == 2
