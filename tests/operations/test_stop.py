"""The site is stopped under load: requests in progress finish, and behind nginx with a socket of systemd none fails."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.proofs import race_site

pytestmark = [pytest.mark.prove, pytest.mark.operations, pytest.mark.once]

CONFIG = race_site.ROOT / "clinic" / "ops" / "gunicorn.py"
# Hands the socket on as systemd does (sd_listen_fds(3)), to the process that it becomes.
PASS_SOCKET = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); "
    "os.environ |= {'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())}; os.execv(sys.argv[2], sys.argv[2:])"
)


@contextmanager
def passed_socket():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        yield listening


def start(listening: socket.socket, folder: Path) -> subprocess.Popen:
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(CONFIG), "tests.support.slow_application"]
    environ = race_site.site_environment(folder) | {"TRUSTED_PROXIES": "127.0.0.1", "WEB_WORKERS": "2"}
    return subprocess.Popen(
        [sys.executable, "-c", PASS_SOCKET, str(listening.fileno()), *gunicorn],
        cwd=race_site.ROOT,
        env=environ,
        pass_fds=[listening.fileno()],
    )


def fetch(port: int, method: str, path: str, client: str = "127.0.0.1") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60, source_address=(client, 0))
    try:
        connection.request(method, path, body=b"a=1" if method == "POST" else None)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def test_a_slow_request_finishes_after_sigterm(tmp_path):
    with passed_socket() as listening:
        server, statuses = start(listening, tmp_path), []
        port = listening.getsockname()[1]
        try:
            assert fetch(port, "GET", "/") == 200  # It is up.
            thread = threading.Thread(target=lambda: statuses.append(fetch(port, "POST", "/slow")))
            thread.start()
            time.sleep(1)  # The request is in progress.
            server.send_signal(signal.SIGTERM)
            thread.join(30)
            assert statuses == [200]
            assert server.wait(timeout=30) == 0
        finally:
            server.kill()
            server.wait()


@pytest.mark.long
@pytest.mark.skipif(os.system("command -v nginx >/dev/null") != 0, reason="nginx is not installed")
def test_a_restart_behind_nginx_with_a_passed_socket_loses_no_request(tmp_path):
    with passed_socket() as listening:
        server = start(listening, tmp_path)
        try:
            assert fetch(listening.getsockname()[1], "GET", "/") == 200
            with race_site.behind_nginx(listening.getsockname()[1], tmp_path) as port:
                statuses, is_over = Counter(), threading.Event()
                threads = [
                    threading.Thread(target=load, args=[port, method, statuses, is_over])
                    for method in ("GET", "GET", "POST", "POST")
                ]
                for thread in threads:
                    thread.start()
                for _ in range(3):
                    time.sleep(2)
                    server.send_signal(signal.SIGTERM)
                    server.wait(timeout=40)
                    server = start(listening, tmp_path)
                time.sleep(2)
                is_over.set()
                for thread in threads:
                    thread.join(60)
        finally:
            server.kill()
            server.wait()
    assert set(statuses) == {("GET", 200), ("POST", 200)}, statuses


def load(port: int, method: str, statuses: Counter, is_over: threading.Event) -> None:
    for number in range(3000):
        if is_over.is_set():
            break
        # From many addresses, because nginx limits what one may send.
        statuses[method, fetch(port, method, f"/{method}/{number}", f"127.0.0.{2 + number % 250}")] += 1
