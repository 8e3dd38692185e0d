"""What is asked of PostgreSQL in one call is answered as psycopg answers it, and planned once it comes again."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.db.utils import InternalError

from booking.models import Clinic, ShownVersion, shown_version

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is asked in another way."),
]
VALUES = [
    0, 32_768, 2**40, -1, True, False, None, "", "100 %", "it's $1 \\ %s", b"\x00\xff", 1.5, Decimal("12.340"),
    date(2026, 11, 1), datetime(2026, 11, 1, 8, 30, 0, 17, UTC), time(9, 5), timedelta(days=2, microseconds=3),
    UUID(int=7), [1, 2, 70_000], ["a", "b,c"],
]  # fmt: skip


@pytest.fixture
def cursor():
    with connection.cursor() as wrapped:
        yield wrapped


def psycopg_s_own(query, params):
    with connection.connection.cursor() as real:
        real.execute(query, params)
        return real.fetchall(), real.rowcount, [column.name for column in real.description]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("times", [1, 4])
def test_a_value_goes_and_comes_as_with_psycopg(cursor, value, times):
    cast = "" if value is not None else "::text"
    query = f"SELECT %s{cast} AS value, '%%' AS percent, %s AS again"
    for _ in range(times):
        cursor.execute(query, [value, 3])
    here = cursor.fetchall(), cursor.rowcount, [column.name for column in cursor.description]
    assert here == psycopg_s_own(query, [value, 3])


def test_named_values_may_stand_twice(cursor):
    cursor.execute("SELECT %(one)s::int + %(two)s::int + %(one)s::int", {"one": 1, "two": 10, "three": 100})
    assert cursor.fetchone() == (12,)


def test_without_values_a_percent_sign_is_one(cursor):
    cursor.execute("SELECT 'ten %', 7 % 4")
    assert cursor.fetchall() == [("ten %", 3)]


def test_rows_come_one_by_one_in_tens_and_all_together(cursor):
    cursor.execute("SELECT * FROM generate_series(1, 25) AS row")
    assert cursor.fetchone() == (1,)
    assert cursor.fetchmany(10) == [(number,) for number in range(2, 12)]
    assert [*cursor] == [(number,) for number in range(12, 26)]
    assert (cursor.fetchone(), cursor.fetchmany(3), cursor.fetchall()) == (None, [], [])


def test_what_was_changed_is_counted_and_gives_no_rows(cursor):
    ShownVersion.objects.bulk_create([ShownVersion(pk=pk) for pk in (5, 6, 7)])
    cursor.execute("UPDATE booking_shownversion SET number = %s WHERE id > %s", [9, 5])
    assert (cursor.rowcount, cursor.description) == (2, None)
    with pytest.raises(ProgrammingError):
        cursor.fetchone()
    cursor.execute("DELETE FROM booking_shownversion WHERE id = %s", [99])
    assert cursor.rowcount == 0


@pytest.mark.parametrize(
    ("query", "params", "error"),
    [
        ("SELECT nothing_of_the_kind", None, ProgrammingError),
        ("SELECT %s / 0", [1], DataError),
        ("SELECT %s, %s", [1], ProgrammingError),
        ("SELECT %(here)s", {"there": 1}, ProgrammingError),
        ("SELECT %d", [1], ProgrammingError),
        ("INSERT INTO booking_shownversion (id, number) VALUES (%s, NULL)", [5], IntegrityError),
    ],
)
def test_a_refusal_is_the_same_error_and_leaves_the_connection_whole(cursor, query, params, error):
    for _ in range(4):
        with pytest.raises(error), transaction.atomic():
            cursor.execute(query, params)
    cursor.execute("SELECT 1")
    assert cursor.fetchall() == [(1,)]


def test_a_refusal_names_the_constraint(cursor):
    ShownVersion.objects.bulk_create([ShownVersion(pk=5)])
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        cursor.execute("INSERT INTO booking_shownversion (id, number) VALUES (%s, 1)", [5])
    assert refused.value.__cause__.diag.constraint_name == "booking_shownversion_pkey"


def test_after_an_error_the_transaction_answers_nothing_until_it_is_taken_back(cursor):
    with transaction.atomic():
        point = transaction.savepoint()
        with pytest.raises(ProgrammingError):
            cursor.execute("SELECT nothing_of_the_kind")
        with pytest.raises(InternalError):
            cursor.execute("SELECT 1")
        transaction.savepoint_rollback(point)
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_begins_with_its_first_question_and_is_taken_back_as_a_whole():
    Clinic.objects.all().delete()
    before = shown_version()
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        assert shown_version() == before
        Clinic.objects.create(name="Never")
        raise RuntimeError
    assert (Clinic.objects.count(), shown_version()) == (0, before)


# Plans


def planned(words):
    with connection.connection.cursor() as real:
        real.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", [words])
        return real.fetchone()[0]


def test_what_comes_for_the_third_time_is_kept_planned(cursor):
    kept = []
    for number in range(4):
        cursor.execute("SELECT %s + 4711", [number])
        kept.append((cursor.fetchone()[0], planned("SELECT $1 + 4711")))
    assert kept == [(4711, 0), (4712, 0), (4713, 1), (4714, 1)]


def test_a_value_of_another_type_has_a_plan_of_its_own(cursor):
    for value in (1, 1, 1, 2**40, 2**40, 2**40):
        cursor.execute("SELECT %s + 4712", [value])
        assert cursor.fetchone() == (value + 4712,)
    assert planned("SELECT $1 + 4712") == 2


def test_plans_outlive_a_transaction_that_is_taken_back(cursor):
    for _ in range(3):
        with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
            cursor.execute("SELECT %s + 4713", [1])
            raise RuntimeError
    cursor.execute("SELECT %s + 4713", [1])
    assert (cursor.fetchone(), planned("SELECT $1 + 4713")) == ((4714,), 1)


def test_a_changed_table_is_planned_anew(cursor):
    cursor.execute("CREATE TEMPORARY TABLE shelf (size int)")
    cursor.execute("INSERT INTO shelf VALUES (7)")
    for _ in range(4):
        cursor.execute("SELECT * FROM shelf WHERE size > %s", [0])
    cursor.execute("ALTER TABLE shelf ADD COLUMN colour text DEFAULT 'blue'")
    assert planned("SELECT * FROM shelf WHERE size > $1") == 0
    for _ in range(4):
        cursor.execute("SELECT * FROM shelf WHERE size > %s", [0])
        assert cursor.fetchall() == [(7, "blue")]


def test_the_oldest_plan_goes_when_there_are_too_many(cursor, monkeypatch):
    monkeypatch.setattr("clinic.watched_postgresql.planned.MOST_KEPT", 2)
    connection.planned.forget()
    for number in (1, 2, 3):
        for _ in range(3):
            cursor.execute(f"SELECT %s + 48{number}", [1])
    assert [planned(f"SELECT $1 + 48{number}") for number in (1, 2, 3)] == [0, 1, 1]
    cursor.execute("SELECT %s + 481", [1])
    assert cursor.fetchone() == (482,)
