"""The site from a checkout that its user may not write to, as in a container with a read-only root file system."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import IN_CI
from tests.operations.database import database_server
from tests.support.postgresql import find_programs, free_port

pytestmark = [pytest.mark.prove, pytest.mark.operations, pytest.mark.once]
ROOT = Path(__file__).resolve().parents[2]
# Root may write anywhere. Another user runs the site as itself: nobody may write to the copy.
PREFIX = ["setpriv", "--reuid=nobody", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


@dataclass
class Checkout:
    folder: Path
    static: Path

    def command(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PREFIX, sys.executable, *words],
            cwd=self.folder, env=self.environ(**environ), capture_output=True, text=True, check=False,
        )  # fmt: skip

    def environ(self, **variables: str) -> dict[str, str]:
        fixed = {
            "PATH": os.environ["PATH"],
            "STATIC_ROOT": str(self.static),
            "SECRET_KEY": "k" * 48,
            "WEB_WORKERS": "1",
        }
        return fixed | {"DJANGO_SETTINGS_MODULE": "clinic.settings"} | variables


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """A copy of the project with collected static files, which nobody may write to."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-read-only-"))  # Not below pytest's folders, which are root's alone.
    try:
        for name in ("booking", "clinic", "content", "templates", "static", "manage.py"):
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, folder / name)
        copy = Checkout(folder, folder / "collected")
        for command in (["build_static"], ["collectstatic", "--no-input"]):
            subprocess.run(
                [sys.executable, "manage.py", *command, "-v0"],
                cwd=folder, env=copy.environ(VAR_DIR=str(folder / "built")), check=True,
            )  # fmt: skip
        shutil.rmtree(folder / "built")
        subprocess.run(["chmod", "-R", "a+rX,a-w", folder], check=True)
        if copy.command("-c", "").returncode != 0:
            pytest.skip("The user nobody may not run this Python.")
        yield copy
    finally:
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)
        shutil.rmtree(folder)


@pytest.fixture
def writable() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="clinic-var-"))
    if PREFIX:
        shutil.chown(folder, "nobody")
    yield folder
    shutil.rmtree(folder)


@contextmanager
def served(checkout: Checkout, **environ: str) -> Iterator[int]:
    port = free_port()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*PREFIX, sys.executable, "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", "clinic.wsgi"],
            cwd=checkout.folder, stdout=log, stderr=log,
            env=checkout.environ(**environ, BIND=f"127.0.0.1:{port}", SITE_URL=f"http://127.0.0.1:{port}"),
        )  # fmt: skip
        try:
            for _ in range(300):
                if process.poll() is not None or status(port, "/book/"):
                    break
                time.sleep(0.2)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=40)
            log.seek(0)
            print(log.read())


def status(port: int, path: str, data: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=30) as page:
            return int(page.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_the_checkout_cannot_be_written_to(checkout):
    ran = checkout.command("-c", "open('written', 'w')")
    assert "PermissionError" in ran.stderr or "Read-only file system" in ran.stderr


@pytest.mark.parametrize("database", ["PostgreSQL", pytest.param("SQLite", marks=pytest.mark.long)])
def test_a_read_only_checkout_serves_pages_and_takes_forms(checkout, writable, database):
    """With PostgreSQL the site needs no folder at all: VAR_DIR does not exist, and cannot be made."""
    if database == "PostgreSQL" and find_programs() is None and not IN_CI:
        pytest.skip("PostgreSQL is not installed. Get it with: apt-get install postgresql")
    with database_server() if database == "PostgreSQL" else nullcontext() as server:
        variables = {"VAR_DIR": str(writable)}
        if server:
            variables = {"DATABASE_URL": server.plain_url(), "VAR_DIR": "/nonexistent/var"}
        migrated = checkout.command("manage.py", "migrate", "-v0", **variables)
        assert migrated.returncode == 0, migrated.stderr
        with served(checkout, **variables) as port:
            assert status(port, "/book/") == 200
            assert status(port, "/") == 503  # Being set up: there is no home page.
            assert status(port, "/static/css/site.css") == 200
            assert status(port, "/book/nothing/", b"start=x") == 403  # No CSRF token: it came past the write queue.
    assert not (checkout.folder / "var").exists()
