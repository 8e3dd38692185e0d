"""Downloads from a local HTTP server; the injected resolver maps every site.example host to it."""

import contextlib
import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from booking.outbound_http import (
    AddressNotPublic,
    DownloadFailed,
    DownloadFailure,
    OutboundRequest,
    address_in,
    download,
)

BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


class Site(BaseHTTPRequestHandler):
    """Responds as the path says: /to/302/<rest>, /404, /drip, /silent, /huge, /chunks, /gzip, /bomb, /cut."""

    def do_GET(self):
        length = int(self.headers["Content-Length"] or 0)
        self.server.requests.append(
            (self.command, self.path, self.headers["Host"], self.headers["Authorization"], self.rfile.read(length))
        )
        first, _, rest = self.path.partition("?")[0].strip("/").partition("/")
        if first == "to":
            status, _, target = rest.partition("/")
            self.reply(
                int(status), b"", Location=f"/{target}" if target.startswith("to/") or "://" not in target else target
            )
        elif first in {"silent", "drip"}:
            self.reply(200, b"", {"Content-Length": "100"})
            while not self.server.stopped.wait(0.05) and first == "drip":
                self.wfile.write(b"X")
        elif first == "huge":
            self.reply(200, b"X" * 3000)
        elif first == "chunks":  # A server that never says how much is to come.
            self.send_response(200)
            self.end_headers()
            while not self.server.stopped.is_set():
                self.wfile.write(b"X" * 1000)
        elif first in {"gzip", "bomb", "cut-gzip"}:
            content = gzip.compress(b"X" * 100_000 if first == "bomb" else BODY)
            self.reply(200, content[:-9] if first == "cut-gzip" else content, {"Content-Encoding": "gzip"})
        elif first == "cut":
            self.reply(200, BODY, {"Content-Length": "1000"})
        else:
            self.reply(int(first) if first.isdigit() else 200, BODY, {"ETag": '"1"'})

    do_REPORT = do_GET

    def reply(self, status, body, headers=(), **more):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | dict(headers) | more).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.requests, server.stopped, server.daemon_threads = [], threading.Event(), True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.stopped.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def get(site):
    def resolve(host, port):
        if not host.endswith("site.example"):
            raise AddressNotPublic
        return site.server_address

    def get(path, method="GET", body=None, **options):
        request = OutboundRequest(
            f"http://site.example{path}", method, body, secret_headers={"Authorization": "Basic c2VjcmV0"}
        )
        limits = {"user_agent": "Clinic/1.0", "resolve": resolve, "allows_http": True, "time_limit": 2.0}
        return download(request, **limits | {"max_bytes": 2000} | options)

    return get


def failure_of(get, path, **options):
    with pytest.raises(DownloadFailed) as failed:
        get(path, **options)
    return failed.value.failure


def test_a_body_comes_with_its_status_and_etag(get):
    answer = get("/")
    assert (answer.status, answer.body, answer.etag) == (200, BODY, '"1"')
    assert get("/404").status == 404


def test_method_and_body_stay_the_same_across_redirects(get, site):
    get("/to/308/to/302/here", "REPORT", b"<query/>")
    assert [(method, body) for method, _path, _host, _secret, body in site.requests] == [("REPORT", b"<query/>")] * 3


def test_see_other_is_followed_with_get(get, site):
    get("/to/303/here", "REPORT", b"<query/>")
    assert [(method, body) for method, _path, _host, _secret, body in site.requests][1] == ("GET", b"")


def test_the_secret_goes_to_the_same_site_only(get, site):
    get("/to/302/here")
    get("/to/302/http://other.site.example/")
    get("/to/302/http://site.example:8080/")
    assert [bool(secret) for _method, _path, _host, secret, _body in site.requests] == [1, 1, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("/to/302" * 5, DownloadFailure.REDIRECTS),
        ("/to/302/http://127.0.0.1/", DownloadFailure.NOT_PUBLIC),
        ("/to/302/to/301/http://[::1]/", DownloadFailure.NOT_PUBLIC),
        ("/to/302/file:///etc/passwd", DownloadFailure.NOT_AN_ADDRESS),
        ("/to/302/http://user:secret@site.example/", DownloadFailure.NOT_AN_ADDRESS),
        ("/to/302/http://[x/", DownloadFailure.NOT_AN_ADDRESS),
        ("/huge", DownloadFailure.TOO_BIG),
        ("/chunks", DownloadFailure.TOO_BIG),
        ("/bomb", DownloadFailure.TOO_BIG),
        ("/cut", DownloadFailure.NO_ANSWER),
        ("/cut-gzip", DownloadFailure.NO_ANSWER),
    ],
)
def test_what_is_refused(get, path, failure):
    assert failure_of(get, path) == failure


@pytest.mark.parametrize("path", ["/silent", "/drip", "/to/302/drip"])
def test_a_slow_site_is_left_in_time(get, path):
    assert failure_of(get, path, time_limit=0.4) == DownloadFailure.NO_ANSWER


def test_a_body_that_was_compressed_unasked_is_read(get):
    assert get("/gzip").body == BODY


def test_http_is_refused_at_every_hop(get, site):
    assert failure_of(get, "/", allows_http=False) == DownloadFailure.NOT_ENCRYPTED
    assert site.requests == []


def test_a_failure_names_neither_the_address_nor_the_secret(get):
    with pytest.raises(DownloadFailed) as failed:
        get("/bomb?token=hush")
    assert "site.example" not in repr(failed.value)
    assert "hush" not in repr(failed.value)
    assert "c2VjcmV0" not in repr(
        OutboundRequest("https://site.example/", secret_headers={"Authorization": "c2VjcmV0"})
    )


class TestNetworks:
    def test_without_networks_only_public_addresses_are_allowed(self):
        with pytest.raises(AddressNotPublic):
            address_in([], "127.0.0.1", 443)

    def test_an_address_in_a_named_network_is_allowed_at_any_port(self):
        assert address_in(["127.0.0.0/8"], "127.0.0.1", 5232) == ("127.0.0.1", 5232)

    def test_addresses_outside_the_named_networks_are_refused_as_before(self):
        with pytest.raises(AddressNotPublic):
            address_in(["10.0.0.0/8"], "127.0.0.1", 443)
