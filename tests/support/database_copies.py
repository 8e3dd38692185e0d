"""Back up the test's database and restore it as an operator does: as a file of SQLite, or with pg_dump and psql."""

import os
import secrets
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from tests.support import postgresql


def back_up(folder: Path) -> Path:
    """Write a backup of the database that this thread's models use."""
    backup = folder / f"backup-{secrets.token_hex(4)}"
    if connection.vendor == "sqlite":
        _copy_sqlite(connection.settings_dict["NAME"], str(backup))
    else:
        _run("pg_dump", "--clean", "--if-exists", "--file", str(backup), "--dbname", _url(_name()))
    return backup


@contextmanager
def restored(backup: Path, folder: Path) -> Iterator[str]:
    """Yield the URL of a new database with the backup's content."""
    name = f"copy_{secrets.token_hex(4)}"
    if connection.vendor == "sqlite":
        _copy_sqlite(str(backup), str(folder / name))
        yield f"sqlite:///{folder / name}"
        return
    import psycopg

    with psycopg.connect(_url(_name()), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            _run("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(backup), "--dbname", _url(name))
            yield _url(name)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def restore_in_place(backup: Path) -> None:
    """Replace the content of the database that this thread's models use."""
    name = _name()
    connection.close()
    if connection.vendor == "sqlite":
        _copy_sqlite(str(backup), name)
    else:
        _run("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(backup), "--dbname", _url(name))


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _copy_sqlite(source: str, target: str) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _url(database: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))


def _run(program: str, *arguments: str) -> None:
    programs = postgresql.find_programs()
    assert programs is not None
    subprocess.run([programs / program, *arguments], check=True, stdout=subprocess.DEVNULL)
