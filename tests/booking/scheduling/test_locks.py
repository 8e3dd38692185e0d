"""Lock order: practitioners, then rooms, then the advisory lock. Any other order could deadlock."""

import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from booking.models import Patient, Practitioner, Room
from booking.scheduling.appointments.patient_matching import surviving_patient
from booking.scheduling.locks import locked
from tests.support import factories

RATE_LIMIT_KEY = ("visits ahead", "alice@patients.example")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks everything at BEGIN."),
]


@pytest.fixture
def place():
    made = factories.make_location()
    factories.make_room(made)
    return made


def is_free(rows):
    """Whether no other transaction has locked the rows."""
    try:
        with transaction.atomic():
            return list(rows.select_for_update(nowait=True)) is not None
    except OperationalError:
        return False


def while_waiting_for(blocked, people, place, look):
    """Return the result of ``look`` while a command waits for the rows that ``blocked`` has locked."""
    finished, waits = [], threading.Event()

    def command():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(cursor.fetchone()[0])
            waits.set()
            with locked(people, place, [RATE_LIMIT_KEY]):
                finished.append(True)
        finally:
            connections.close_all()

    pids = []
    thread = threading.Thread(target=command)
    with transaction.atomic():
        blocked()
        thread.start()
        waits.wait()
        wait_until_blocked(pids[0])
        found = in_another_connection(look)
    thread.join()
    assert finished == [True]
    return found


def wait_until_blocked(pid):
    for _ in range(10_000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [pid])
            if cursor.fetchone()[0]:
                return
    raise AssertionError("It does not wait for a lock.")


def in_another_connection(look):
    found = []

    def run():
        try:
            found.append(look())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def advisory_lock_is_free():
    """Whether no advisory lock is taken in this database; pg_locks lists those of other databases, too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database())"
        )
        return cursor.fetchone()[0]


def test_while_it_waits_for_a_practitioner_it_locks_no_room(place):
    person = factories.make_practitioner()
    found = while_waiting_for(
        lambda: list(Practitioner.objects.select_for_update()),
        [person.pk],
        place,
        lambda: (is_free(Room.objects.all()), advisory_lock_is_free()),
    )
    assert found == (True, True)


def test_while_it_waits_for_a_room_it_has_locked_the_practitioners_only(place):
    person = factories.make_practitioner()
    found = while_waiting_for(
        lambda: list(Room.objects.select_for_update()),
        [person.pk],
        place,
        lambda: (is_free(Practitioner.objects.all()), advisory_lock_is_free()),
    )
    assert found == (False, True)


def test_a_location_without_rooms_locks_practitioners_and_the_advisory_lock():
    place, person = factories.make_location(), factories.make_practitioner()
    with locked([person.pk], place, [RATE_LIMIT_KEY]):
        assert in_another_connection(lambda: (is_free(Practitioner.objects.all()), advisory_lock_is_free())) == (
            False,
            False,
        )
    assert in_another_connection(lambda: (is_free(Practitioner.objects.all()), advisory_lock_is_free())) == (True, True)


def test_a_concurrent_merge_releases_the_lock_before_locking_both_rows_in_order():
    """Another transaction has locked the surviving row and waits for the merged one, in order of primary key."""
    keep, merged = factories.make_patient(name="A B"), factories.make_patient(name="A. B")
    has_keep, is_merged, began = threading.Event(), threading.Event(), threading.Event()
    finished, pids, problems = [], [], []

    def run(command):
        try:
            with transaction.atomic():
                command()
        except OperationalError as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    def book():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        began.set()
        finished.append(surviving_patient(merged).pk)

    def ask_for_both():
        list(Patient.objects.filter(pk=keep.pk).select_for_update(no_key=True))
        has_keep.set()
        is_merged.wait()
        finished.append(surviving_patient(merged).pk)

    threads = [threading.Thread(target=run, args=[command]) for command in (ask_for_both, book)]
    threads[0].start()
    has_keep.wait()
    with transaction.atomic():
        Patient.objects.filter(pk=merged.pk).update(merged_into=keep)
        threads[1].start()
        began.wait()
        wait_until_blocked(pids[0])
    is_merged.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert finished == [keep.pk, keep.pk]
