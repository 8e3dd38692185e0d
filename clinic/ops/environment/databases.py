"""The database."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from clinic.ops.environment.secret_files import secret


def database(var_dir: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return DATABASES["default"] for DATABASE_URL; by default, a SQLite file under ``var``."""
    value = secret("DATABASE_URL", environ).strip() or f"sqlite:///{var_dir / 'clinic.sqlite3'}"
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(value))
    except (ValueError, KeyError) as problem:
        raise _invalid_database_url() from problem
    engine = config.get("ENGINE")
    # Persistent connections, one for each thread: 2 processes with 8 threads (clinic/ops/gunicorn.py) hold at most 16
    # of PostgreSQL's default 100. A connection pool would need fewer, but another package and a thread in each process.
    config["CONN_MAX_AGE"] = 60
    has_pooler = _has_pooler(environ)
    if engine == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            # Take the write lock at BEGIN. With Django's default (DEFERRED), two transactions may both read; the
            # second that writes then fails at once with "database is locked", whatever the timeout.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # Durability: with NORMAL, usual with WAL, a power cut can lose the last commits, such as a booking.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    elif engine == "django.db.backends.postgresql":
        config["CONN_HEALTH_CHECKS"] = True
        # While the server hangs, or packets to it are lost, a thread waits for a few seconds and not for minutes.
        # What DATABASE_URL says itself takes precedence.
        config["OPTIONS"] = {"connect_timeout": 3, "tcp_user_timeout": 10_000} | config.get("OPTIONS", {})
        if has_pooler:
            # Behind a pooler in transaction mode, a session lasts for one transaction, and a cursor WITH HOLD does not
            # survive it. Django's own pool would keep connections to the pooler for nothing.
            config["DISABLE_SERVER_SIDE_CURSORS"] = True
            config["OPTIONS"].pop("pool", None)
        try:
            import psycopg  # noqa: F401
        except ImportError as problem:
            raise ImproperlyConfigured(
                "DATABASE_URL names PostgreSQL, but its driver is not installed. "
                "Run: pip install --require-hashes -r requirements-postgres.txt"
            ) from problem
    else:
        raise _invalid_database_url()
    return config


def _has_pooler(environ: Mapping[str, str]) -> bool:
    """Read DATABASE_POOLER: "transaction" if PgBouncer or another pooler in transaction mode is before PostgreSQL."""
    value = environ.get("DATABASE_POOLER", "").strip().lower()
    if value not in {"", "transaction"}:
        raise ImproperlyConfigured(f"DATABASE_POOLER is {value!r}. Write transaction, or leave it out.")
    return bool(value)


def _invalid_database_url() -> ImproperlyConfigured:
    # Does not repeat the value, which may contain a password: this text reaches logs.
    return ImproperlyConfigured(
        "DATABASE_URL is not one this site understands. Use sqlite:////full/path/clinic.sqlite3 or "
        "postgres://user:password@host:5432/name, or leave it out for a SQLite file under var/."
    )
