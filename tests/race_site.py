"""The real site under real gunicorn workers, on a database of its own, for proofs that race it."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.utils import ConnectionHandler

from clinic import environment

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 4


@contextmanager
def own_database(folder: Path) -> Iterator[str]:
    """The address of an empty database: a file, or one on the server that DATABASE_URL names."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder / 'race.sqlite3'}"
        return
    import psycopg

    name = f"race_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def connected(url: str) -> Iterator[None]:
    """This thread's models speak to that database."""
    config = environment.database(settings.VAR_DIR, {"DATABASE_URL": url})
    own, usual = ConnectionHandler({"default": config})["default"], connections["default"]
    connections["default"] = own
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        own.close()
        connections["default"] = usual
        ContentType.objects.clear_cache()


def build_files(folder: Path) -> None:
    """Make the stylesheet and collect the static files, once for all sites that share this folder."""
    for command in (["build_static", "--verbosity=0"], ["collectstatic", "--no-input", "--verbosity=0"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=_environment(folder), check=True)


@contextmanager
def served(url: str, folder: Path, application: str) -> Iterator[int]:
    """The port on this machine where four worker processes serve ``application`` on that database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / f"gunicorn-{port}.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "clinic/gunicorn.py", application],
        cwd=ROOT,
        env=_environment(folder)
        | {
            "DATABASE_URL": url,
            "SITE_URL": f"http://127.0.0.1:{port}",
            "BIND": f"127.0.0.1:{port}",
            "WEB_WORKERS": str(WORKERS),
        },
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_for_all_workers(process, port, log)
        yield port
        assert process.poll() is None, log.read_text()
    except BaseException:
        print(log.read_text())  # Beside what went wrong for a client: what the site says about it.
        raise
    finally:
        process.terminate()
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert "Traceback" not in log.read_text(), log.read_text()


def _environment(folder: Path) -> dict[str, str]:
    keep = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "EMAIL_URL", "CI"}}
    # The tests' own key: a session that a test writes is one that the site reads.
    return keep | {"VAR_DIR": str(folder), "SECRET_KEY": settings.SECRET_KEY}


def _wait_for_all_workers(process: subprocess.Popen, port: int, log: Path) -> None:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for _ in range(600):
        assert process.poll() is None, f"gunicorn stopped at once:\n{log.read_text()}"
        if len(children.read_text().split()) >= WORKERS and _answers(port):
            return
        time.sleep(0.1)
    raise AssertionError(f"gunicorn did not come up within a minute:\n{log.read_text()}")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/", timeout=10) as page:
            return bool(page.status == 200)
    except OSError:
        return False
