"""SQLite settings: writers wait for the write lock, readers do not, and commits are durable."""

import sqlite3
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.utils import ConnectionHandler

from booking.models import RateLimitBucket
from booking.rate_limits import bucket_key
from clinic.ops import environment
from tests.conftest import NOW

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers."),
]


def write(name):
    RateLimitBucket.objects.create(key=bucket_key("test", name), kind="test", ends_at=NOW)


def in_thread(work):
    """Start a thread that runs ``work`` with its own database connection."""

    def run():
        try:
            work()
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_a_writer_waits_for_the_write_lock():
    began, order = Event(), []

    def second():
        began.set()
        with transaction.atomic():
            order.append(("second", RateLimitBucket.objects.count()))
            write("second")

    with transaction.atomic():
        write("first")
        thread = in_thread(second)
        assert began.wait(timeout=20)
        thread.join(timeout=0.3)
        order.append(("first", 1))
    thread.join(timeout=20)
    assert order == [("first", 1), ("second", 1)]
    assert RateLimitBucket.objects.count() == 2


def test_two_transactions_that_read_before_they_write_both_succeed():
    """With Django's default (DEFERRED), the second transaction that writes would fail at once."""
    have_read, errors = [Event(), Event()], []

    def read_then_write(own, other, name):
        try:
            with transaction.atomic():
                RateLimitBucket.objects.count()
                own.set()
                other.wait(timeout=0.3)
                write(name)
        except OperationalError as problem:
            errors.append(str(problem))

    first, second = have_read
    threads = [
        in_thread(lambda: read_then_write(first, second, "one")),
        in_thread(lambda: read_then_write(second, first, "two")),
    ]
    for thread in threads:
        thread.join(timeout=20)
    assert (errors, RateLimitBucket.objects.count()) == ([], 2)


def test_readers_do_not_wait():
    counts = []
    with transaction.atomic():
        write("first")
        reader = in_thread(lambda: counts.append(RateLimitBucket.objects.count()))
        reader.join(timeout=20)
        assert counts == [0]


@pytest.mark.parametrize("ending", ["a rollback", "a closed connection"])
def test_a_failed_transaction_releases_the_write_lock(ending):
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
    assert list(RateLimitBucket.objects.values_list("key", flat=True)) == [bucket_key("test", "kept")]


def test_a_writer_that_times_out_gets_an_error_and_changes_nothing(monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
    connection.close()
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"), transaction.atomic():
            write("refused")
    finally:
        other.close()
    write("then")
    assert RateLimitBucket.objects.count() == 1
    connection.close()


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path):
    """The tests' own connection has synchronous=OFF: check one with the site's settings."""
    own = ConnectionHandler({"default": environment.database(tmp_path, {})})["default"]
    try:
        with own.cursor() as cursor:
            pragmas = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    finally:
        own.close()
    assert pragmas == ["wal", 2]  # FULL
