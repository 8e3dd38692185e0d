"""Serve the site with real gunicorn workers and a new database, for tests of races and slow clients."""

import atexit
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler

from clinic.ops import environment
from tests.support import clock

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 4


@contextmanager
def own_database(folder: Path, *, copy_of: str = "") -> Iterator[str]:
    """Yield the URL of a new database: a SQLite file, or one on the server in DATABASE_URL. It is empty, or a copy."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        file = folder / "race.sqlite3"
        if copy_of:
            shutil.copyfile(copy_of.removeprefix("sqlite:///"), file)
        yield f"sqlite:///{file}"
        return
    import psycopg

    name = f"race_{secrets.token_hex(6)}"
    template = urlsplit(copy_of).path.removeprefix("/") or "template1"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrated_database(folder: Path) -> AbstractContextManager[str]:
    """The URL of a new database with all tables."""
    return own_database(folder, copy_of=_template())


@cache
def _template() -> str:
    """The URL of a database that is migrated once, copied for many tests, and removed when this process ends."""
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    folder = Path(until_the_end.enter_context(TemporaryDirectory()))
    url = until_the_end.enter_context(own_database(folder))
    with connected(url):
        call_command("migrate", verbosity=0)
    return url


@contextmanager
def connected(url: str) -> Iterator[None]:
    """Let this thread's models use that database."""
    config = environment.database(settings.VAR_DIR, {"DATABASE_URL": url})
    new, previous = ConnectionHandler({"default": config})["default"], connections["default"]
    connections["default"] = new
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        new.close()
        connections["default"] = previous
        ContentType.objects.clear_cache()


def build_files(folder: Path) -> None:
    """Build the stylesheet and collect the static files, once for all sites that share this folder."""
    for command in (["build_static", "--verbosity=0"], ["collectstatic", "--no-input", "--verbosity=0"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=site_environment(folder), check=True)


@contextmanager
def served(url: str, folder: Path, application: str, *, workers: int = WORKERS) -> Iterator[int]:
    """Serve ``application`` with that database, and yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / f"gunicorn-{port}.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", application],
        cwd=ROOT,
        env=site_environment(folder)
        | {
            "DATABASE_URL": url,
            "SITE_URL": f"http://127.0.0.1:{port}",
            "BIND": f"127.0.0.1:{port}",
            "WEB_WORKERS": str(workers),
            "WRITE_QUEUE": "off",  # Serialized requests would not race.
        },
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_for_all_workers(process, port, log, workers)
        yield port
        assert process.poll() is None, log.read_text()
    except BaseException:
        print(log.read_text())  # The site's side of a client's failure.
        raise
    finally:
        process.terminate()
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert "Traceback" not in log.read_text(), log.read_text()


@contextmanager
def behind_nginx(site: int, folder: Path) -> Iterator[int]:
    """Run nginx in front of the site, with the configuration in ``deploy/`` but without TLS, and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = "user root; " if os.geteuid() == 0 else ""  # The default, nobody, cannot read the folder.
    http = (ROOT / "deploy" / "nginx-http.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{site}")
    server = (ROOT / "deploy" / "nginx-site.conf").read_text().split("server {")[2].split("\n}")[0]
    server = re.sub(r"(?m)^ *(listen|server_name|ssl_\w+|access_log|error_log) .*\n", "", server)
    server = server.replace("PATH/TO/deploy", str(ROOT / "deploy"))
    temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(
        f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{ worker_connections 512; }}\n"
        f"http {{ access_log off; {temporary} client_body_temp_path {folder}/body;\n"
        + http.replace("/var/cache/nginx-clinic", f"{folder}/kept")
        + f"server {{ listen 127.0.0.1:{port};\n{server}\n}} }}\n"
    )
    process = subprocess.Popen(
        [shutil.which("nginx") or "nginx", "-p", folder, "-c", config, "-e", folder / "error.log"]
    )
    try:
        for _ in range(100):
            assert process.poll() is None, (folder / "error.log").read_text()
            if _answers(port):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def site_environment(folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "EMAIL_URL", "CI"}}
    # The tests' own key, so that the site accepts sessions that a test creates.
    return inherited | clock.child_environment() | {"VAR_DIR": str(folder), "SECRET_KEY": settings.SECRET_KEY}


def _wait_for_all_workers(process: subprocess.Popen, port: int, log: Path, workers: int) -> None:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for _ in range(600):
        assert process.poll() is None, f"gunicorn stopped at once:\n{log.read_text()}"
        if len(children.read_text().split()) >= workers and _answers(port):
            return
        time.sleep(0.1)
    raise AssertionError(f"gunicorn did not come up within a minute:\n{log.read_text()}")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/", timeout=10) as page:
            return bool(page.status == 200)
    except OSError:
        return False
