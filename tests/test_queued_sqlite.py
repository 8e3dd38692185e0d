"""SQLite's writers queue up: each gets its turn as soon as it comes, and none is left waiting by a dead one."""

import sqlite3
import subprocess
import sys
from threading import Thread

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction

from booking.lasting import need_not_last
from booking.limits import key_of
from booking.models import Allowance
from tests import journey
from tests.conftest import NOW

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers."),
]


def write(name):
    Allowance.objects.create(key=key_of("test", name), kind="test", ends_at=NOW)


def in_thread(work):
    """A thread that writes over a connection of its own, under way."""

    def run():
        try:
            work()
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    return thread


def is_waiting(thread):
    thread.join(timeout=0.3)
    return thread.is_alive()


def test_a_writer_waits_for_the_one_before_it_and_then_goes_on():
    with transaction.atomic():
        write("first")
        second = in_thread(lambda: write("second"))
        assert is_waiting(second)
    second.join(timeout=20)
    assert Allowance.objects.count() == 2


def test_a_single_statement_waits_in_the_same_line():
    write("one")
    with transaction.atomic():
        Allowance.objects.update(used=1)
        second = in_thread(lambda: Allowance.objects.update(used=2))
        assert is_waiting(second)
    second.join(timeout=20)
    assert Allowance.objects.get().used == 2


def test_readers_do_not_queue():
    found = []
    with transaction.atomic():
        write("first")
        reader = in_thread(lambda: found.append(Allowance.objects.count()))
        reader.join(timeout=20)
    assert found == [0]


@pytest.mark.parametrize("ending", ["a rollback", "a closed connection"])
def test_whoever_fails_leaves_the_line(ending):
    try:
        with transaction.atomic():
            write("lost")
            if ending == "a closed connection":
                connection.close()
            raise LookupError
    except LookupError:
        pass
    other = in_thread(lambda: write("kept"))
    other.join(timeout=20)
    assert not other.is_alive()
    assert list(Allowance.objects.values_list("key", flat=True)) == [key_of("test", "kept")]


def test_a_killed_process_leaves_the_line():
    path = str(connection.settings_dict["NAME"])
    dead = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time\n"
            "file = open(sys.argv[1], 'a')\n"
            "fcntl.flock(file, fcntl.LOCK_EX)\n"
            "print('mine', flush=True)\n"
            "time.sleep(60)",
            f"{path}-queue",
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert dead.stdout.readline() == b"mine\n"
        writer = in_thread(lambda: write("kept"))
        assert is_waiting(writer)
    finally:
        dead.kill()
        dead.wait()
    writer.join(timeout=20)
    assert Allowance.objects.count() == 1


def test_sqlites_own_lock_still_decides(monkeypatch):
    """Somebody who does not queue is refused or waited for, as ever."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
    connection.close()
    stranger = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    try:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"), transaction.atomic():
            write("refused")
    finally:
        stranger.close()
    write("then")
    assert Allowance.objects.count() == 1
    connection.close()


def test_whoever_waits_for_ever_is_told(monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.2)
    told = []

    def write_at_last():
        try:
            write("late")
        except OperationalError as problem:
            told.append(str(problem))

    with transaction.atomic():
        write("first")
        in_thread(write_at_last).join(timeout=20)
    assert len(told) == 1
    assert "locked" in told[0]
    assert Allowance.objects.count() == 1


# What waits for the disk


def synchronous():
    return connection.connection.execute("PRAGMA synchronous").fetchone()[0]


@pytest.fixture
def synced():
    """As it is outside of tests: transactions wait for the disk."""
    connection.ensure_connection()
    before = synchronous()
    connection.connection.execute("PRAGMA synchronous = FULL")
    yield 2  # FULL, as SQLite counts
    connection.connection.execute(f"PRAGMA synchronous = {before}")


def test_what_need_not_last_does_not_wait_for_the_disk(synced):
    with need_not_last(), transaction.atomic():
        assert synchronous() == 1
    assert synchronous() == synced


def test_the_next_transaction_waits_again_after_one_that_failed(synced):
    with pytest.raises(IntegrityError), need_not_last():
        Allowance.objects.create(key=None)
    assert synchronous() == synced


def test_inside_a_transaction_that_waits_all_of_it_waits(synced):
    with transaction.atomic():
        with need_not_last():
            write("one")
        assert synchronous() == synced


def test_a_visit_that_was_confirmed_is_on_the_disk(synced, client, now):
    seen = {}

    def look(execute, sql, params, many, context):
        if sql.lstrip().startswith(("INSERT", "UPDATE")):
            seen[sql.split('"')[1] if '"' in sql else sql.split()[2]] = synchronous()
        return execute(sql, params, many, context)

    journey.make_small_clinic()
    with connection.execute_wrapper(look):
        journey.choose(client)
        held = dict(seen)
        journey.type_details(client)
        journey.confirm(client)
    assert held["booking_appointment"] == 1
    assert seen["booking_appointment"] == synced
    assert seen["booking_message"] == synced
