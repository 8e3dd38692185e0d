"""The database or its disk goes away under a running site: 503 with the phone number, nothing lost, back by itself."""

import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import call_command

from booking.models import Message
from clinic.ops.error_page import render_error_page
from tests.conftest import IN_CI
from tests.operations.database import database_server
from tests.proofs import race_site
from tests.support import factories
from tests.support.content_factories import make_page
from tests.support.postgresql import find_programs

pytestmark = [pytest.mark.prove, pytest.mark.operations, pytest.mark.once, pytest.mark.usefixtures("running_clock")]

WORKERS = 2
REQUESTS = 30
FILL_TIME = 2.5  # seconds: forms that come sooner are looked at again.
PHONE = "tel:+1-403-555-0100"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


def ask(port: int, path: str, form: dict[str, str] | None = None) -> Answer:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=urllib.parse.urlencode(form).encode() if form else None
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as page:
            return Answer(page.status, dict(page.headers), page.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read().decode())


def send_message(port: int, text: str) -> Answer:
    """Write to the clinic, as a patient does, with the token of the form."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/contact/", timeout=30) as page:
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.read().decode()))
    time.sleep(FILL_TIME)
    return post(port, cookie, fields | {"name": "Alice Martin", "email": "alice@patients.example", "message": text})


def post(port: int, cookie: str, form: dict[str, str]) -> Answer:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/contact/",
        data=urllib.parse.urlencode(form).encode(),
        headers={"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as page:
            return Answer(page.status, dict(page.headers), page.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read().decode())


def set_up(url: str, folder: Path) -> None:
    with race_site.connected(url):
        call_command("migrate", verbosity=0)
        clinic = factories.make_clinic()
        factories.make_location()
        make_page(title="Needling explained", slug="needling")
        make_page(kind="contact", title="Contact")
        (folder / "error_page.html").write_text(render_error_page(clinic))


@contextmanager
def site(url: str, folder: Path) -> Iterator[int]:
    with race_site.served(url, folder, "clinic.wsgi", workers=WORKERS) as port:
        for _ in range(20):  # Until each process has the page and the clinic's name.
            assert ask(port, "/treatments/needling/").status == 200
        yield port


def lines_of(folder: Path, port: int) -> list[str]:
    return (folder / f"gunicorn-{port}.log").read_text().splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("outage")
    race_site.build_files(folder)
    return folder


def wait_for(port: int, path: str, status: int) -> float:
    """Return after how many seconds the page has the status."""
    start = time.monotonic()
    while ask(port, path).status != status:
        assert time.monotonic() < start + 30
        time.sleep(0.1)
    return time.monotonic() - start


@pytest.mark.long
@pytest.mark.skipif(not IN_CI and find_programs() is None, reason="PostgreSQL is not installed")
def test_postgresql_is_stopped_hard_and_frozen_under_a_running_site(folder, django_db_blocker):
    with django_db_blocker.unblock(), database_server() as server:
        set_up(server.plain_url(), folder)
        with site(server.plain_url(), folder) as port:
            before = len(lines_of(folder, port))
            assert ask(port, "/readyz").text == "ready\n"

            server.stop_hard()
            look_at_an_outage(port)
            said = lines_of(folder, port)[before:]
            assert len(said) <= WORKERS, said  # A line for each process.
            assert ask(port, "/readyz").text == "database\n"

            server.start()
            assert wait_for(port, "/book/", 200) < 10
            assert wait_for(port, "/readyz", 200) < 10

            server.freeze()
            look_at_an_outage(port, requests=3)  # Each takes as long as the connection's timeout.
            assert ask(port, "/readyz").text == "database\n"
            server.thaw()
            assert wait_for(port, "/book/", 200) < 10


def look_at_an_outage(port: int, requests: int = REQUESTS) -> None:
    for _ in range(requests):
        page = ask(port, "/book/")
        assert (page.status, PHONE in page.text, "Retry-After" in page.headers) == (503, True, True)
    assert ask(port, "/contact/", {"name": "Alice"}).status in {403, 503}
    kept = ask(port, "/treatments/needling/")
    assert kept.status == 200
    assert "Online booking is down just now." in kept.text
    assert PHONE in kept.text
    assert ask(port, "/livez").status == 200
    health = ask(port, "/healthz/")
    assert (health.status, health.text) == (503, "the database does not answer\n")


# SQLite


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A small disk, which is not nearly full yet, for a test's database."""
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=140m", "clinic-test", folder], capture_output=True)
    if made.returncode:
        pytest.skip("No disk of its own may be mounted here.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.long
def test_the_disk_of_a_sqlite_database_fills_up(folder, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), small_disk(tmp_path / "disk") as disk:
        url = f"sqlite:///{disk / 'clinic.sqlite3'}"
        set_up(url, folder)
        with site(url, folder) as port:
            assert send_message(port, "before").status == 200
            before = len(lines_of(folder, port))

            with (disk / "fill").open("wb") as fill:
                fill_up(fill.fileno())
            answers = [send_message(port, f"while full {number}") for number in range(5)]
            refused = [answer for answer in answers if answer.status == 503]
            assert {answer.status for answer in answers} <= {200, 503}
            assert refused, "The disk did not fill up."
            assert all(PHONE in answer.text for answer in refused)
            assert 'name="message" value="while full' in refused[-1].text  # To be sent again.
            assert ask(port, "/book/").status == 200
            assert "the disk of the database is full" in ask(port, "/healthz/").text
            assert len(lines_of(folder, port)[before:]) <= WORKERS

            (disk / "fill").unlink()
            assert send_message(port, "after").status == 200
        with race_site.connected(url):
            accepted = 2 + len(answers) - len(refused)
            assert Message.objects.count() == accepted


def fill_up(descriptor: int) -> None:
    for size in (65536, 4096, 512):
        try:
            while True:
                os.write(descriptor, b"x" * size)
        except OSError:
            pass


@pytest.mark.long
def test_a_sqlite_database_that_cannot_be_opened(folder, tmp_path, django_db_blocker):
    path = tmp_path / "clinic.sqlite3"
    with django_db_blocker.unblock():
        set_up(f"sqlite:///{path}", folder)
        with site(f"sqlite:///{path}", folder) as port:
            before = len(lines_of(folder, port))
            for file in tmp_path.glob("clinic.sqlite3*"):
                file.rename(tmp_path / f"away-{file.name}")
            path.mkdir()
            answers = [ask(port, "/book/") for _ in range(REQUESTS)]
            # A thread may keep the file open for a minute.
            assert {answer.status for answer in answers} <= {200, 503}
            assert len(lines_of(folder, port)[before:]) <= WORKERS
