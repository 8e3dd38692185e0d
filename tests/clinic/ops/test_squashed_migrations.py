"""The squashed migrations create the same database as the original ones.

New databases use the squashed migrations; the original ones stay until a release note announces their removal. Delete
this file with them.
"""

import importlib
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

pytestmark = [pytest.mark.prove, pytest.mark.long]

ROOT = Path(__file__).resolve().parents[3]
SQUASHED = {
    "booking": "0001_squashed_0015_find_alike_addresses",
    "content": "0001_squashed_0012_find_what_is_live",
}


@pytest.fixture
def new_database(tmp_path):
    """A function that creates an empty database and returns its DATABASE_URL."""
    created = []

    def make() -> str:
        name = f"squash_{secrets.token_hex(4)}"
        if connection.vendor == "sqlite":
            return f"sqlite:///{tmp_path / name}.sqlite3"
        import psycopg

        server = os.environ["DATABASE_URL"]
        with psycopg.connect(server, autocommit=True) as session:
            session.execute(f"CREATE DATABASE {name}")
        created.append(name)
        return urlsplit(server)._replace(path=f"/{name}").geturl()

    yield make
    if created:
        import psycopg

        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
            for name in created:
                session.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def original_migrations(tmp_path):
    """Environment variables of a Django that has only the original migrations."""
    for app, squashed in SQUASHED.items():
        package = tmp_path / "single" / app
        shutil.copytree(
            ROOT / app / "migrations", package, ignore=shutil.ignore_patterns("__pycache__", squashed + "*")
        )
        for path in package.glob("*.py"):  # Later migrations depend on the squashed ones by name.
            text = path.read_text()
            for name in SQUASHED.values():
                text = text.replace(name, re.sub(r"^0001_squashed_", "", name))
            path.write_text(text)
    modules = {app: f"single.{app}" for app in SQUASHED}
    (tmp_path / "single" / "__init__.py").touch()
    (tmp_path / "single_settings.py").write_text(f"from clinic.settings import *\nMIGRATION_MODULES = {modules!r}\n")
    return {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "single_settings"}


def migrate(database: str, folder: Path, *arguments: str, **environ: str) -> str:
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--skip-checks", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database, "VAR_DIR": str(folder)} | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def contents(database: str) -> dict[str, list[str]]:
    """Return the schema, regardless of the order of columns, and the row count of each table."""
    return sqlite_contents(database) if database.startswith("sqlite") else postgresql_contents(database)


def sqlite_contents(database: str) -> dict[str, list[str]]:
    session = sqlite3.connect(database.removeprefix("sqlite:///"))
    found = {}
    for kind, name, sql in session.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    ).fetchall():
        plain = " ".join(sql.replace('"', "").split())
        # Rebuilding a table changes the order of its constraints.
        found[f"{kind} {name}"] = sorted(parts(plain)) if kind == "table" else [plain]
        if kind == "table" and name not in {"django_migrations", "sqlite_sequence"}:
            found[f"rows of {name}"] = [str(session.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])]
    session.close()
    return found


def parts(create_table: str) -> list[str]:
    """Split the column and constraint definitions at their commas."""
    found, depth = [""], 0
    for character in create_table[create_table.index("(") + 1 : create_table.rindex(")")]:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [part.strip() for part in found]


def postgresql_contents(database: str) -> dict[str, list[str]]:
    import psycopg

    queries = {
        "columns": "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, "
        "is_identity FROM information_schema.columns WHERE table_schema = 'public'",
        "constraints": "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace",
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "triggers": "SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal",
        "extensions": "SELECT extname FROM pg_extension",
    }
    with psycopg.connect(database) as session:
        found = {what: sorted(map(str, session.execute(query).fetchall())) for what, query in queries.items()}
        for (table,) in session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            if table != "django_migrations":
                found[f"rows of {table}"] = [str(session.execute(f'SELECT count(*) FROM "{table}"').fetchone())]
    return found


def test_the_squashed_migrations_create_the_same_database(new_database, original_migrations, tmp_path):
    squashed, single = new_database(), new_database()
    assert SQUASHED["booking"] in migrate(squashed, tmp_path)
    output = migrate(single, tmp_path, **original_migrations)
    assert "squashed" not in output
    assert "0015_find_alike_addresses" in output
    actual, expected = contents(squashed), contents(single)
    assert sorted(actual) == sorted(expected)
    assert {what: (actual[what], expected[what]) for what in actual if actual[what] != expected[what]} == {}

    assert "No migrations to apply" in migrate(single, tmp_path)


def test_a_partly_migrated_database_continues_with_the_original_migrations(new_database, original_migrations, tmp_path):
    half = new_database()
    migrate(half, tmp_path, **original_migrations)
    migrate(half, tmp_path, "content", "0009_menus", **original_migrations)
    output = migrate(half, tmp_path)
    assert "squashed" not in output
    assert "content.0010_place_map" in output


@pytest.mark.parametrize("app", SQUASHED)
def test_a_squashed_migration_replaces_all_original_ones_up_to_its_name(app):
    squashed = importlib.import_module(f"{app}.migrations.{SQUASHED[app]}").Migration
    last = re.sub(r"^0001_squashed_", "", SQUASHED[app])
    single = sorted(path.stem for path in (ROOT / app / "migrations").glob("0*.py") if "squashed" not in path.stem)
    assert squashed.replaces == [(app, name) for name in single if name <= last]
