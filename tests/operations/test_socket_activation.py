"""The site on a socket that systemd holds (deploy/systemd/clinic.socket): a restart refuses nobody.

This test is in systemd's place: it opens the socket and passes it to gunicorn, as sd_listen_fds(3) describes.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager

import pytest

from tests.proofs import race_site
from tests.support.journey import make_small_clinic

pytestmark = [pytest.mark.prove, pytest.mark.operations, pytest.mark.usefixtures("running_clock")]

CLIENTS = 4
MOST_REQUESTS = 500  # of each client
MOST_SECONDS = 120
# The socket becomes number 3, and the process that LISTEN_PID names becomes gunicorn.
PASS_SOCKET = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, django_db_setup, django_db_blocker):
    """The environment of a small clinic's site."""
    folder = tmp_path_factory.mktemp("site")
    race_site.build_files(folder)
    with django_db_blocker.unblock(), race_site.migrated_database(folder) as url:
        with race_site.connected(url):
            make_small_clinic()
        yield race_site.site_environment(folder) | {"DATABASE_URL": url, "TRUSTED_PROXIES": "unix"}


@contextmanager
def listening(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1024)
        yield listener


def start(listener, environment, log):
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", "clinic.wsgi"]
    return subprocess.Popen(
        [sys.executable, "-c", PASS_SOCKET, str(listener.fileno()), *gunicorn],
        cwd=race_site.ROOT, env=environment, pass_fds=[listener.fileno()], stdout=log, stderr=log,
    )  # fmt: skip


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("127.0.0.1", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self.path))


def ask(path):
    """Return the status of a page, or the name of what went wrong."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", "/book/", headers={"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        return type(problem).__name__
    finally:
        connection.close()


def test_restarts_refuse_and_cut_no_request(site, tmp_path):
    path, answers, stop = tmp_path / "web.sock", Counter(), threading.Event()
    give_up = time.monotonic() + MOST_SECONDS

    def visit():
        for _ in range(MOST_REQUESTS):
            if stop.is_set() or time.monotonic() > give_up:
                return
            answers[ask(path)] += 1

    log = (tmp_path / "gunicorn.log").open("w")
    with log, listening(path) as listener:
        process = start(listener, site, log)
        visitors = [threading.Thread(target=visit) for _ in range(CLIENTS)]
        try:
            assert ask(path) == 200  # It waited in the socket until the site was there.
            for visitor in visitors:
                visitor.start()
            for _ in range(2):
                time.sleep(1)
                process.send_signal(signal.SIGTERM)  # As "systemctl restart clinic-web" does.
                assert process.wait(timeout=40) == 0
                before = answers.total()
                process = start(listener, site, log)
                wait_for_more(answers, before + CLIENTS + 20, give_up)
            process.send_signal(signal.SIGHUP)  # As "systemctl reload clinic-web" does.
            wait_for_more(answers, answers.total() + 50, give_up)
        finally:
            stop.set()
            for visitor in visitors:
                if visitor.is_alive():
                    visitor.join(timeout=70)
            process.terminate()
            process.wait(timeout=40)
    assert set(answers) == {200}, answers
    assert answers.total() > 90
    assert "Traceback" not in (tmp_path / "gunicorn.log").read_text()


def test_without_trust_in_the_socket_the_site_does_not_start(site, tmp_path):
    with (tmp_path / "gunicorn.log").open("w") as log, listening(tmp_path / "web.sock") as listener:
        process = start(listener, site | {"TRUSTED_PROXIES": ""}, log)
        assert process.wait(timeout=60) != 0
    assert "TRUSTED_PROXIES=unix" in (tmp_path / "gunicorn.log").read_text()


def wait_for_more(answers, wanted, give_up):
    while answers.total() < wanted:
        assert time.monotonic() < give_up, answers
        time.sleep(0.1)


def test_systemds_own_program_starts_the_site_at_the_first_connection(site, tmp_path):
    """systemd-socket-activate opens the socket and starts gunicorn when somebody connects."""
    program = "/usr/bin/systemd-socket-activate"
    if not os.path.exists(program):
        if os.environ.get("CI") == "true":
            pytest.fail("systemd-socket-activate is not installed")
        pytest.skip("systemd-socket-activate is not installed. Get it with: apt-get install systemd")
    path = tmp_path / "web.sock"
    names = ["PATH", "VAR_DIR", "DATABASE_URL", "SECRET_KEY", "TRUSTED_PROXIES", "PYTHONPATH", "TEST_NOW"]
    words = [f"--setenv={name}" for name in names if name in site]
    with (tmp_path / "gunicorn.log").open("w") as log:
        process = subprocess.Popen(
            [program, f"--listen={path}", *words, sys.executable, "-m", "gunicorn", "--config",
             "clinic/ops/gunicorn.py", "clinic.wsgi"],
            cwd=race_site.ROOT, env=site, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            for _ in range(50):
                if path.exists():
                    break
                time.sleep(0.1)
            assert ask(path) == 200, (tmp_path / "gunicorn.log").read_text()
        finally:
            process.terminate()
            process.wait(timeout=40)
