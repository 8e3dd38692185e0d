"""The serve command runs the site and its worker, and stops both."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.support import clock

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("running_clock")]
ROOT = Path(__file__).resolve().parents[3]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serves_home_page(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            return page.status == 200 and b"Dynamic Physiotherapy" in page.read()
    except OSError:
        return False


def until(condition, seconds=600):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.3)
    return False


def children_of(pid):
    return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()


class Served:
    """One run of the command, which writes into ``folder``."""

    def __init__(self, folder, port):
        self.log = folder / f"log-{time.monotonic_ns()}"
        environ = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "EMAIL_URL", "SECRET_KEY"}
        }
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environ | clock.child_environment() | {"VAR_DIR": str(folder), "SITE_URL": f"http://127.0.0.1:{port}"},
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )

    @property
    def output(self):
        return self.log.read_text()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


def test_serve_prepares_everything_once_and_stops_all_processes(tmp_path):
    port = free_port()
    first = Served(tmp_path, port)
    try:
        assert until(lambda: serves_home_page(port) or first.process.poll() is not None)
        login = re.search(r"owner  /  (\S+)", first.output)
        assert login, first.output
        assert until(lambda: len(children_of(first.process.pid)) == 2)  # The worker starts after the first response.
        children = children_of(first.process.pid)
        steps = ["database", "styles", "sample clinic", "Starting the site", f"http://127.0.0.1:{port}/"]
        assert sorted(steps, key=first.output.index) == steps
        assert f"Emails:    {os.path.relpath(tmp_path / 'mail', ROOT)}/" in first.output
        assert not [*tmp_path.glob("static/**/*.br"), *tmp_path.glob("static/**/*.gz")], "compressing takes seconds"
        taken = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT, env=os.environ | clock.child_environment() | {"VAR_DIR": str(tmp_path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert taken.returncode == 1
        assert f"make run PORT={port + 1}" in taken.stderr
        assert first.stop() == 0
    finally:
        first.process.kill()
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []
    assert not serves_home_page(port)

    second = Served(tmp_path, port)
    try:
        assert until(lambda: serves_home_page(port) or second.process.poll() is not None)
        assert "owner" not in second.output
        assert "sample clinic is loaded" not in second.output
        assert second.stop() == 0
    finally:
        second.process.kill()
