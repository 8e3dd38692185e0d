"""The worker's log says what is wrong with the database, and nothing of what is in it."""

import sqlite3

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from booking.models import Clinic
from booking.worker.database_errors import concerns_whole_database, explain_database_error
from tests.support import factories

pytestmark = pytest.mark.django_db
sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's errors.")
postgresql_only = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's errors.")


def error_of(do) -> Exception:
    with pytest.raises(Exception) as raised, transaction.atomic():  # noqa: PT011
        do()
    return raised.value


def run(*statements) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def explained(do) -> str:
    error = error_of(do)
    assert concerns_whole_database(error)
    return explain_database_error(error)


def test_a_table_or_column_that_is_missing_was_not_migrated():
    assert "Run manage.py migrate." in explained(lambda: run("SELECT 1 FROM no_such_table_here"))
    assert "Run manage.py migrate." in explained(lambda: run("SELECT no_such_column_here FROM booking_clinic"))


@sqlite_only
def test_a_full_disk_on_sqlite():
    factories.make_clinic()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        said = explained(lambda: Clinic.objects.update(name="x" * 10_000_000))
    finally:
        run("PRAGMA max_page_count = 4294967294")
    assert said.startswith("The disk of the database is full (OperationalError).")


@sqlite_only
def test_a_read_only_database_on_sqlite():
    try:
        said = explained(lambda: run("PRAGMA query_only = ON", "DELETE FROM booking_clinic"))
    finally:
        run("PRAGMA query_only = OFF")
    assert said.startswith("The database cannot be written (OperationalError)")


@postgresql_only
@pytest.mark.parametrize(
    ("sqlstate", "beginning"),
    [
        ("53100", "The disk of the database is full"),
        ("53300", "The database has no connection or memory left"),
        ("25006", "The database cannot be written"),
        ("53200", "The database has no connection or memory left"),
        ("40P01", "The database is locked"),
        ("55P03", "The database is locked"),
        ("57P01", "The database does not answer"),
    ],
)
def test_what_postgresql_reports(sqlstate, beginning):
    raised = f"DO $$ BEGIN RAISE EXCEPTION 'alice@patients.example' USING ERRCODE = '{sqlstate}'; END $$"
    said = explained(lambda: run(raised))
    assert said.startswith(beginning)
    assert "alice" not in said


@postgresql_only
def test_a_read_only_transaction_on_postgresql():
    said = explained(lambda: run("SET TRANSACTION READ ONLY", "DELETE FROM booking_clinic"))
    assert said.startswith("The database cannot be written (InternalError)")


def test_an_error_of_a_row_is_not_the_databases_even_if_its_text_says_so():
    for kind in (IntegrityError, DataError):
        assert not concerns_whole_database(kind("Key (note)=(no such table: full disk) already exists"))


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("connection failed: FATAL: sorry, too many clients already", "The database has no connection"),
        ("connection refused: password=secret", "The database does not answer"),
    ],
)
def test_errors_while_connecting_have_no_code(text, beginning):
    said = explain_database_error(OperationalError(text))
    assert said.startswith(beginning)
    assert "secret" not in said


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED])
def test_a_lock_is_told_from_a_missing_database(code):
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = code
    error = OperationalError("database is locked")
    error.__cause__ = cause
    assert concerns_whole_database(error)
    assert explain_database_error(error).startswith("The database is locked by another process")
