"""One command serves the site and its worker, and stopping it stops both."""

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

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            return page.status == 200 and b"Dynamic Physiotherapy" in page.read()
    except OSError:
        return False


def until(condition, seconds=180):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.3)
    return False


def children_of(pid):
    return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()


class Served:
    """One run of the command, with a folder of its own for everything it writes."""

    def __init__(self, folder, port):
        self.log = folder / f"log-{time.monotonic_ns()}"
        keep = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "EMAIL_URL"}}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=keep | {"VAR_DIR": str(folder), "SITE_URL": f"http://127.0.0.1:{port}"},
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )

    @property
    def said(self):
        return self.log.read_text()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


def test_serving_prepares_everything_once_and_stops_whole(tmp_path):
    port = free_port()
    first = Served(tmp_path, port)
    try:
        assert until(lambda: answers(port) or first.process.poll() is not None)
        login = re.search(r"owner  /  (\S+)", first.said)
        assert login, first.said
        assert f"http://127.0.0.1:{port}/" in first.said
        children = children_of(first.process.pid)
        assert len(children) == 2
        taken = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT, env=os.environ | {"VAR_DIR": str(tmp_path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert taken.returncode == 1
        assert f"make run PORT={port + 1}" in taken.stderr
        assert first.stop() == 0
    finally:
        first.process.kill()
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []
    assert not answers(port)

    second = Served(tmp_path, port)
    try:
        assert until(lambda: answers(port) or second.process.poll() is not None)
        assert "owner" not in second.said
        assert "sample clinic is loaded" not in second.said
        assert second.stop() == 0
    finally:
        second.process.kill()
