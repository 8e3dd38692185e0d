"""Migrations since the last release neither stop the site nor break the release that runs beside them.

What is checked, and how a migration is written: docs/decisions/migrations.md. Exceptions: tests/support/.
"""

import re
import subprocess

import pytest
from django.core.checks import run_checks
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from booking.constraints import AddIndexConcurrently
from tests.support import migration_lint
from tests.support.migration_exceptions import EXCEPTIONS

ROOT = migration_lint.ROOT
ON_POSTGRESQL = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such locks.")


@pytest.mark.once
def test_code_of_the_last_release_can_use_today_s_tables():
    assert migration_lint.unexplained(migration_lint.old_code_problems(*migration_lint.states())) == []


@ON_POSTGRESQL
@pytest.mark.django_db
def test_no_migration_since_the_last_release_holds_a_lock_for_long(tmp_path):
    scripts = migration_lint.sql_since_release()
    locks = migration_lint.lock_problems(scripts, migration_lint.tables_of_last_release(), tmp_path)
    assert migration_lint.unexplained(locks) == []
    found = {*locks, *migration_lint.old_code_problems(*migration_lint.states())}
    assert EXCEPTIONS.keys() - found == set(), "Nothing needs these exceptions any more: delete them."


@pytest.mark.once
@pytest.mark.parametrize(
    ("sql", "subject"),
    [
        ('CREATE INDEX "fast" ON "booking_message" ("kind");', "fast"),
        ('DROP INDEX "fast";', "fast"),
        ('ALTER TABLE "booking_message" ADD COLUMN "cost" integer NOT NULL;', "cost"),
        ('ALTER TABLE "booking_message" ADD COLUMN "at" timestamptz DEFAULT clock_timestamp() NOT NULL;', "at"),
        ('ALTER TABLE "booking_message" ALTER COLUMN "id" TYPE integer;', "id"),
        ('ALTER TABLE "booking_message" RENAME COLUMN "kind" TO "sort";', "kind"),
        ('ALTER TABLE "booking_message" RENAME TO "booking_mail";', "booking_mail"),
        ('ALTER TABLE "booking_message" DROP COLUMN "kind";', "kind"),
        ('DROP TABLE "booking_message";', "booking_message"),
        ('ALTER TABLE "booking_message" ADD CONSTRAINT "kinds" CHECK (("kind" <> \'\'));', "kinds"),
        ('ALTER TABLE "booking_message" ADD CONSTRAINT "one" UNIQUE ("kind");', "one"),
    ],
)
def test_a_statement_that_stops_the_site_is_found(sql, subject, tmp_path):
    found = migration_lint.lock_problems([("booking.0099_new", sql)], {"booking_message"}, tmp_path)
    assert list(found) == [f"booking.0099_new {subject}"]


@pytest.mark.once
@pytest.mark.parametrize(
    "sql",
    [
        'CREATE INDEX CONCURRENTLY "fast" ON "booking_message" ("kind");',
        'ALTER TABLE "booking_message" ADD COLUMN "cost" integer DEFAULT 0 NOT NULL;',
        'ALTER TABLE "booking_message" ADD COLUMN "by_id" integer NULL CONSTRAINT "fk" REFERENCES "auth_user"("id");',
        'CREATE INDEX "fast" ON "booking_new" ("kind");',  # A table that no release uses yet.
        'CREATE INDEX "fast" ON "booking_service" ("name");',  # A small table.
    ],
)
def test_a_statement_that_takes_a_moment_is_allowed(sql, tmp_path):
    existing = {"booking_message", "booking_service"}
    assert migration_lint.lock_problems([("booking.0099_new", sql)], existing, tmp_path) == {}


def state_of(*operations):
    state = ProjectState()
    for operation in operations:
        operation.state_forwards("booking", state)
    return state


CARD = migrations.CreateModel(
    "Card",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=20)),
        ("note", models.TextField(null=True)),
        ("count", models.IntegerField(db_default=0)),
    ],
)


@pytest.mark.once
@pytest.mark.parametrize(
    ("operation", "subject"),
    [
        (migrations.AddField("card", "colour", models.CharField(max_length=9, default="")), "booking_card.colour"),
        (migrations.RemoveField("card", "note"), "booking_card.note"),
        (migrations.RenameField("card", "note", "remark"), "booking_card.note"),
        (migrations.DeleteModel("card"), "booking_card"),
        (migrations.RenameModel("card", "ticket"), "booking_card"),
        (migrations.AlterField("card", "note", models.TextField(default="")), "booking_card.note"),
        (migrations.AlterField("card", "name", models.CharField(max_length=10)), "booking_card.name"),
        (migrations.AlterField("card", "name", models.CharField(max_length=20, unique=True)), "booking_card.name"),
        (migrations.AlterField("card", "count", models.BigIntegerField(db_default=0)), "booking_card.count"),
        (migrations.AlterField("card", "count", models.IntegerField(default=0)), "booking_card.count"),
        (
            migrations.AddConstraint("card", models.CheckConstraint(condition=~models.Q(name=""), name="named")),
            "booking_card.named",
        ),
    ],
)
def test_a_change_that_the_last_release_cannot_work_with_is_found(operation, subject):
    assert list(migration_lint.old_code_problems(state_of(CARD), state_of(CARD, operation))) == [subject]


@pytest.mark.once
@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("card", "colour", models.CharField(max_length=9, default="", db_default="")),
        migrations.AddField("card", "at", models.DateTimeField(null=True)),
        migrations.AlterField("card", "name", models.CharField(max_length=40)),
        migrations.AlterField("card", "name", models.CharField(max_length=20, null=True)),
        migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))]),
    ],
)
def test_a_change_that_the_last_release_does_not_notice_is_allowed(operation):
    assert migration_lint.old_code_problems(state_of(CARD), state_of(CARD, operation)) == {}


@pytest.mark.once
def test_each_app_s_newest_migration_is_in_its_file():
    """Two branches that both add a migration conflict in max_migration.txt."""
    assert run_checks(tags=["models"]) == []
    for app in migration_lint.APPS:
        newest = sorted((ROOT / app / "migrations").glob("0*.py"))[-1].stem
        assert (ROOT / app / "migrations" / "max_migration.txt").read_text() == f"{newest}\n"


@pytest.mark.once
def test_the_line_of_the_last_release_names_its_newest_migrations():
    commit, newest = migration_lint.last_release()
    assert newest.keys() == set(migration_lint.APPS)
    command = ["git", "ls-tree", "--name-only", commit, *(f"{app}/migrations/" for app in newest)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(f"Needs git and the history back to {commit}.")
    for app, number in newest.items():
        numbers = re.findall(rf"^{app}/migrations/(\d{{4}})_", listed.stdout, re.MULTILINE)
        assert max(map(int, numbers)) == number


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_an_index_can_be_added_concurrently_and_again_after_it_was_stopped():
    add_index_twice()


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL has its own test.")
@pytest.mark.django_db(transaction=True)
def test_the_same_operation_adds_an_index_on_sqlite():
    add_index_twice(times=1)


def add_index_twice(times: int = 2) -> None:
    card = state_of(CARD)
    operation = AddIndexConcurrently("card", models.Index(fields=["name"], name="card_by_name"))
    with_index = state_of(CARD, operation)
    with connection.schema_editor() as editor:
        editor.create_model(card.apps.get_model("booking", "card"))
    try:
        for _ in range(times):
            with connection.schema_editor(atomic=False) as editor:
                operation.database_forwards("booking", editor, card, with_index)
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, "booking_card")
        assert found["card_by_name"]["columns"] == ["name"]
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(card.apps.get_model("booking", "card"))
