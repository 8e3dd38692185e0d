"""Two concurrent inserts of overlapping rows without the lock: one succeeds, the other raises LostRace."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from booking.models import Appointment
from booking.scheduling.exceptions import LostRace
from booking.scheduling.locks import overlap_as_lost_race
from tests.support.factories import make_appointment, make_location, make_patient, make_practitioner, make_service

TEN = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_on_the_exclusion_constraint_is_a_lost_race():
    """PostgreSQL reports a deadlock instead of an overlap; on SQLite the second transaction waits for the first."""
    common = {"location": make_location(), "service": make_service(), "patient": make_patient()}
    people = [make_practitioner(), make_practitioner()]
    both_wrote_once = threading.Barrier(2)
    outcomes = []

    def write(first, second):
        try:
            with overlap_as_lost_race(), transaction.atomic():
                make_appointment(practitioner=first, starts_at=TEN, **common)
                if connection.vendor == "postgresql":
                    both_wrote_once.wait(timeout=30)
                make_appointment(practitioner=second, starts_at=TEN + timedelta(minutes=15), **common)
            outcomes.append("written")
        except LostRace:
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
