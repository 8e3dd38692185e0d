"""Dump and load the database: the online backup of SQLite, pg_dump and pg_restore of PostgreSQL."""

import gzip
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from clinic.ops.backup.archive import program
from clinic.ops.backup.manifest import NotABackup, table_names
from clinic.ops.folders import make_for_database

SQLITE_FILE = "database.sqlite3.gz"
POSTGRESQL_FILE = "database.dump"


def check_exists() -> None:
    """Raise NotABackup if there is nothing to back up, before a connection makes an empty SQLite file."""
    name = connection.settings_dict["NAME"]
    is_there = connection.vendor != "sqlite" or Path(name).exists()
    if not (is_there and "django_migrations" in connection.introspection.table_names()):
        raise NotABackup(f"The database {name} is not there, or empty. Are VAR_DIR and DATABASE_URL set?")


def check_empty() -> None:
    """Raise NotABackup if the configured database has tables."""
    make_for_database()
    if connection.introspection.table_names():
        raise NotABackup("The database is not empty. Restore into a new one, so that nothing is overwritten.")


def dump(folder: Path) -> tuple[Path, dict[str, int]]:
    """Write the database as it is at one instant. Return the file, and the rows of each table at that instant."""
    return _dump_postgresql(folder) if connection.vendor == "postgresql" else _dump_sqlite(folder)


def load(folder: Path) -> None:
    """Load a dump into the configured database, which must be empty (``check_empty``). Raises NotABackup."""
    vendor, file = connection.vendor, POSTGRESQL_FILE if connection.vendor == "postgresql" else SQLITE_FILE
    if not (folder / file).exists():
        raise NotABackup(f"This is not the backup of a {vendor} database: set DATABASE_URL to one of the same kind.")
    connection.close()
    if vendor == "postgresql":
        _load_postgresql(folder / file)
    else:
        _load_sqlite(folder / file)


def count_rows() -> dict[str, int]:
    """Count the rows of each table of the configured database."""

    def value_of(sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return int(cursor.fetchone()[0])

    return _counts(value_of, set(connection.introspection.table_names()))


def _counts(value_of: Callable[[str], int], existing: set[str]) -> dict[str, int]:
    quote = connection.ops.quote_name
    return {table: value_of(f"SELECT COUNT(*) FROM {quote(table)}") for table in table_names() if table in existing}  # noqa: S608


def _dump_sqlite(folder: Path) -> tuple[Path, dict[str, int]]:
    copy, file = folder / "database.sqlite3", folder / SQLITE_FILE
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        damage = target.execute("PRAGMA integrity_check").fetchone()[0]
        if damage != "ok":
            raise NotABackup("The database itself is damaged: PRAGMA integrity_check tells how.")
        names = {row[0] for row in target.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = _counts(lambda sql: int(target.execute(sql).fetchone()[0]), names)
    with copy.open("rb") as plain, gzip.open(file, "wb", compresslevel=6) as packed:
        shutil.copyfileobj(plain, packed)
    copy.unlink()
    return file, rows


def _load_sqlite(file: Path) -> None:
    target = Path(connection.settings_dict["NAME"])
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)  # Of a restore that was killed.
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with gzip.open(file, "rb") as packed, os.fdopen(handle, "wb") as plain:
        shutil.copyfileobj(packed, plain)
    for suffix in ("-wal", "-shm"):  # Of the empty database that the check has opened.
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    part.replace(target)


def _dump_postgresql(folder: Path) -> tuple[Path, dict[str, int]]:
    file = folder / POSTGRESQL_FILE
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}"]
        _run([program("pg_dump"), *options], "pg_dump could not read the database. Its own words are above.")
        return file, count_rows()


def _load_postgresql(file: Path) -> None:
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    database = _environment(connection.settings_dict)["PGDATABASE"]
    _run(
        [program("pg_restore"), *options, f"--dbname={database}", str(file)],
        "pg_restore could not load the database, which is still empty. Its own words are above.",
    )


def _run(command: list[str], problem: str) -> None:
    environ = os.environ | _environment(connection.settings_dict)
    if subprocess.run(command, env=environ, check=False).returncode:
        raise NotABackup(problem)


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    """The variables with which PostgreSQL's programs connect as Django does. A password is in no process list."""
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
    environ = {variable: str(config[key]) for key, variable in names.items() if config.get(key)}
    options = config.get("OPTIONS", {})
    for option in ("sslmode", "sslrootcert", "sslcert", "sslkey"):
        if option in options:
            environ[f"PG{option.upper()}"] = str(options[option])
    return environ
