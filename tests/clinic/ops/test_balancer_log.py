"""HAProxy's access log contains no tokens, names or search words, and each request has an id that HAProxy made."""

import re
import shutil
import threading
import time
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.urls import URLPattern, get_resolver

from bench.serving import ROOT, free_port, nginx
from tests.conftest import IN_CI
from tests.operations.balancer import Certificate, HAProxy

pytestmark = pytest.mark.once

TOKEN = "aB3-_" * 8 + "xyz"
ADDRESSES = [
    ("/", "/"),
    ("/search/?q=leaky+bladder", "/search"),
    ("/treatments/dry-needling/", "/treatments"),
    (f"/appointment/{TOKEN}/", "/appointment"),
    (f"/appointment%2F{TOKEN}/", "/appointment"),
    (f"/appointment%252F{TOKEN}/", "-"),
    (f"//%61ppointment/{TOKEN}/", "/appointment"),
    (f"/{TOKEN}", "-"),
    ("/alice-martin/", "-"),
    ("/search%3Fq=leaky", "-"),
    ("/Staff;alice/", "-"),
    ("/static/site.css", "/static"),
]
FORGED = "forged-by-the-client"


class Site(BaseHTTPRequestHandler):
    """Answers with the ids that it was sent."""

    def do_GET(self) -> None:
        body = ",".join(self.headers.get_all("X-Request-ID") or []).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(address="127.0.0.1", port=server.server_port)
    server.shutdown()
    server.server_close()


@pytest.fixture
def balancer(site, tmp_path):
    if not IN_CI and shutil.which("haproxy") is None:
        pytest.skip("HAProxy is not installed")
    certificate = Certificate(tmp_path, "127.0.0.1")
    balancer = HAProxy(tmp_path, [site, site], certificate, page="down")
    balancer.start()
    yield balancer, certificate.trusted()
    balancer.service.process.terminate()
    balancer.service.process.wait(timeout=30)


def ask(connection, address):
    connection.request("GET", address, headers={"X-Request-ID": FORGED, "Referer": "http://x.example/?q=leaky"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def logged_lines(path, count):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = re.findall(r"GET (\S+) (\d+) .* (\S+)$", path.read_text(), re.MULTILINE)
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(path.read_text())


def test_haproxys_log_has_the_area_and_the_id_of_a_request_and_nothing_else_of_its_address(balancer):
    haproxy, context = balancer
    ids = []
    connection = HTTPSConnection("127.0.0.1", haproxy.port, context=context, timeout=30)
    for address, _area in ADDRESSES:
        status, sent_id = ask(connection, address)
        assert (status, len(sent_id)) == (200, 36)
        ids.append(sent_id)
    connection.close()
    lines = logged_lines(haproxy.log, len(ADDRESSES))
    assert lines == [(area, "200", sent_id) for (_, area), sent_id in zip(ADDRESSES, ids, strict=True)]
    text = haproxy.log.read_text()
    assert [secret for secret in (TOKEN[:10], "alice", "leaky", FORGED) if secret in text] == []
    assert len(set(ids)) == len(ids)


def test_haproxys_list_has_the_first_segments_of_all_addresses():
    listed = re.findall(r"acl is_area .* -m str (.*)", (ROOT / "deploy" / "haproxy.cfg").read_text())
    assert {area for line in listed for area in line.split()} == first_segments(get_resolver()) | {"static", "livez"}


def first_segments(resolver):
    found = set()
    for pattern in resolver.url_patterns:
        segment = str(pattern.pattern).partition("/")[0]
        found |= {segment} if segment or isinstance(pattern, URLPattern) else first_segments(pattern)
    return {segment for segment in found if segment and not segment.startswith("<")}  # Not ordinary pages.


@pytest.mark.skipif(not IN_CI and shutil.which("nginx") is None, reason="nginx is not installed")
def test_a_probe_through_nginx_gets_an_id_of_nginx(site, tmp_path):
    probes = (ROOT / "deploy" / "nginx-probes.conf").read_text()
    upstream, port = f"upstream clinic {{ server 127.0.0.1:{site.port}; }}", free_port()
    with nginx(tmp_path / "front", port, probes, upstream):
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        status, sent_id = ask(connection, "/readyz")
        connection.close()
    assert status == 200
    assert re.fullmatch("[0-9a-f]{32}", sent_id)
