"""Everybody locks in one order: people, then rooms, then a turn. Else two commands could wait for one another."""

import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from booking.models import Patient, Practitioner, Room
from booking.scheduling.locks import locked
from booking.scheduling.patients import standing
from tests import make

TURN = ("visits ahead", "alice@patients.example")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks everything at BEGIN."),
]


@pytest.fixture
def place():
    made = make.make_location()
    make.make_room(made)
    return made


def is_free(rows):
    """Whether nobody has locked them."""
    try:
        with transaction.atomic():
            return list(rows.select_for_update(nowait=True)) is not None
    except OperationalError:
        return False


def while_waiting_for(blocked, people, place, look):
    """What ``look`` finds while a command waits for what ``blocked`` has locked."""
    came, waits = [], threading.Event()

    def command():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(cursor.fetchone()[0])
            waits.set()
            with locked(people, place, TURN):
                came.append(True)
        finally:
            connections.close_all()

    pids = []
    thread = threading.Thread(target=command)
    with transaction.atomic():
        blocked()
        thread.start()
        waits.wait()
        until_it_waits(pids[0])
        found = in_another_connection(look)
    thread.join()
    assert came == [True]
    return found


def until_it_waits(pid):
    for _ in range(10_000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [pid])
            if cursor.fetchone()[0]:
                return
    raise AssertionError("It does not wait.")


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


def turn_is_free():
    """Whether nobody has a turn in this database: the server lists those of its other databases, too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database())"
        )
        return cursor.fetchone()[0]


def test_who_waits_for_a_person_keeps_no_room_from_others(place):
    person = make.make_practitioner()
    found = while_waiting_for(
        lambda: list(Practitioner.objects.select_for_update()),
        [person.pk],
        place,
        lambda: (is_free(Room.objects.all()), turn_is_free()),
    )
    assert found == (True, True)


def test_who_waits_for_a_room_has_the_people_and_no_turn(place):
    person = make.make_practitioner()
    found = while_waiting_for(
        lambda: list(Room.objects.select_for_update()),
        [person.pk],
        place,
        lambda: (is_free(Practitioner.objects.all()), turn_is_free()),
    )
    assert found == (False, True)


def test_a_place_without_rooms_locks_its_people_and_takes_its_turn():
    place, person = make.make_location(), make.make_practitioner()
    with locked([person.pk], place, TURN):
        assert in_another_connection(lambda: (is_free(Practitioner.objects.all()), turn_is_free())) == (False, False)
    assert in_another_connection(lambda: (is_free(Practitioner.objects.all()), turn_is_free())) == (True, True)


def test_who_finds_a_patient_merged_meanwhile_gives_their_row_back_before_asking_for_the_other():
    """Somebody else has that other row, and asks for the merged one: in the order of their ids, as everybody does."""
    keep, merged = make.make_patient(name="A B"), make.make_patient(name="A. B")
    has_keep, is_merged, began = threading.Event(), threading.Event(), threading.Event()
    came, pids, problems = [], [], []

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
        came.append(standing(merged).pk)

    def ask_for_both():
        list(Patient.objects.filter(pk=keep.pk).select_for_update(no_key=True))
        has_keep.set()
        is_merged.wait()
        came.append(standing(merged).pk)

    threads = [threading.Thread(target=run, args=[command]) for command in (ask_for_both, book)]
    threads[0].start()
    has_keep.wait()
    with transaction.atomic():
        Patient.objects.filter(pk=merged.pk).update(merged_into=keep)
        threads[1].start()
        began.wait()
        until_it_waits(pids[0])
    is_merged.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert came == [keep.pk, keep.pk]
