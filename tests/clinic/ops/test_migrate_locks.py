"""On PostgreSQL, ``manage.py migrate`` gives up instead of making every request wait behind its lock."""

import threading
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from booking.models import Location
from clinic.management.commands import migrate

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database, for milliseconds."),
]

TABLE = "booking_location"


@pytest.fixture
def waiting_migration(tmp_path, settings, monkeypatch):
    """A migration, of an app whose tables no test needs, that alters a table which requests read."""
    package = tmp_path / "lock_migrations"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "0001_alter.py").write_text(
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        f"    operations = [migrations.RunSQL('ALTER TABLE {TABLE} ADD lock_test integer')]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings.MIGRATION_MODULES = {"mfa": "lock_migrations"}
    yield
    MigrationRecorder.Migration.objects.filter(app="mfa", name="0001_alter").delete()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TABLE} DROP COLUMN IF EXISTS lock_test")


@contextmanager
def another_transaction():
    """Read the table in a transaction that stays open, as a backup does."""
    other = connections.create_connection("default")
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {TABLE}")
        yield other
    finally:
        other.rollback()
        other.close()


def run_migrate(errors, **options):
    call_command("migrate", "mfa", "0001_alter", verbosity=0, stdout=StringIO(), stderr=errors, **options)


def columns():
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, TABLE)}


@pytest.mark.usefixtures("waiting_migration")
def test_migrate_gives_up_and_says_who_holds_the_lock():
    errors = StringIO()
    with another_transaction() as other:
        pid = other.connection.info.backend_pid
        with pytest.raises(CommandError, match=f"Nothing of that migration was kept.*(?s:.*)process {pid} "):
            run_migrate(errors, lock_timeout=0.05, lock_tries=1)
    assert "try 1 of 1" in errors.getvalue()
    assert "lock_test" not in columns()


@pytest.mark.usefixtures("waiting_migration")
def test_migrate_tries_again_when_the_other_transaction_has_ended(monkeypatch):
    with another_transaction() as other:
        monkeypatch.setattr(migrate.time, "sleep", lambda seconds: other.rollback())
        errors = StringIO()
        run_migrate(errors, lock_timeout=0.05, lock_tries=2)
    assert errors.getvalue().count("A table is in use") == 1
    assert "lock_test" in columns()


@pytest.mark.usefixtures("waiting_migration", "location")
def test_requests_are_answered_after_migrate_gave_up_though_the_other_transaction_lasts():
    answers: list[int] = []

    def read():
        try:
            answers.append(Location.objects.count())
        finally:
            connections.close_all()

    def pause(seconds):
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(timeout=10)

    with another_transaction(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate.time, "sleep", pause)
        with pytest.raises(CommandError):
            run_migrate(StringIO(), lock_timeout=0.05, lock_tries=3)
        assert answers == [1, 1]


@pytest.mark.usefixtures("waiting_migration")
def test_the_timeout_does_not_stay_in_the_session():
    run_migrate(StringIO())
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
    assert "lock_test" in columns()
