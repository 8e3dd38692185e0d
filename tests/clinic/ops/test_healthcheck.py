"""deploy/healthcheck.py, the Dockerfile's HEALTHCHECK: 0 if the site answers at /livez, else 1."""

import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support.dockerfile import ROOT

pytestmark = pytest.mark.once


class UnixServer(HTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self):
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", 0

    def get_request(self):
        request, _address = self.socket.accept()
        return request, ("local", 0)


def start(server_class, address, status):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/livez" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = server_class(address, Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


def check(bind):
    command = [sys.executable, "-X", "importtime", ROOT / "deploy" / "healthcheck.py"]
    return subprocess.run(command, env={"BIND": bind}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
def test_it_tells_whether_the_site_lives(status, code):
    server = start(HTTPServer, ("127.0.0.1", 0), status)
    try:
        assert check(f"0.0.0.0:{server.server_port}").returncode == code
    finally:
        server.shutdown()
        server.server_close()


def test_it_asks_at_a_unix_socket(tmp_path):
    server = start(UnixServer, str(tmp_path / "web.sock"), 200)
    try:
        assert check(f"unix:{tmp_path / 'web.sock'}").returncode == 0
    finally:
        server.shutdown()
        server.server_close()


def test_a_site_that_does_not_listen_is_not_healthy(tmp_path):
    assert check(f"unix:{tmp_path / 'web.sock'}").returncode == 1


def test_it_imports_no_django(tmp_path):
    """It runs every ten seconds: Django would take a second of a core each time."""
    imported = check(f"unix:{tmp_path / 'web.sock'}").stderr
    assert "http.client" in imported
    assert "django" not in imported
