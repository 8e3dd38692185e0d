"""Link checks against a local HTTP server; the injected resolver maps every site.example host to it."""

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from booking.outbound_http import (
    BROKEN,
    MOVED,
    UNSURE,
    WORKS,
    AddressNotPublic,
    fetch_status,
    is_public,
    link_status,
    public_address,
)

USER_AGENT = "ClinicLinkCheck/1.0 (+https://clinic.example/)"


class Site(BaseHTTPRequestHandler):
    """Responds as the path says: /404, /to/302/<rest>, /head/405 (only for HEAD), /slow, /drip, /huge."""

    def do_HEAD(self):
        self.server.requests.append((self.command, self.path, self.headers["Host"], self.headers["User-Agent"]))
        first, _, rest = self.path.strip("/").partition("/")
        if first == "to":
            status, _, target = rest.partition("/")
            self.reply(int(status), Location=target if "://" in target else f"/{target}")
        elif first == "head" and self.command == "HEAD":
            self.reply(int(rest))
        elif first == "slow":
            self.server.stopped.wait(20)
        elif first == "drip":
            while not self.server.stopped.wait(0.1):
                self.wfile.write(b"X")
        elif first == "huge":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-Many: words\r\n" * 500 + b"\r\n")
        else:
            self.reply(int(first) if first.isdigit() else 200)

    do_GET = do_HEAD

    def reply(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(10**12))  # The body must not be read.
        self.end_headers()

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
def check(site):
    def resolve(host, port):
        if not host.endswith("site.example"):
            raise AddressNotPublic
        return site.server_address

    return lambda address, **kwargs: fetch_status(address, user_agent=USER_AGENT, resolve=resolve, **kwargs)


@pytest.mark.parametrize(
    ("path", "outcome", "words"),
    [
        ("", WORKS, "It answers."),
        ("/a page?q=é x", WORKS, "It answers."),
        ("/404", BROKEN, "There is nothing at this address (404)."),
        ("/410", BROKEN, "There is nothing at this address (410)."),
        ("/403", UNSURE, "The site turns programs away (403). Open the link and look yourself."),
        ("/429", UNSURE, "The site turns programs away (429). Open the link and look yourself."),
        ("/500", UNSURE, "The site has a fault of its own (500). It may pass."),
        ("/head/405", WORKS, "It answers."),
        ("/head/404", WORKS, "It answers."),
        ("/to/302/here", WORKS, "It answers."),
        ("/to/301/here", MOVED, "It has moved for good: http://site.example/here"),
        ("/to/301/to/302/here", WORKS, "It answers."),
        ("/to/308/404", BROKEN, "There is nothing at this address (404)."),
        ("/to/302" * 6, BROKEN, "It leads on and on, and never to a page."),
        ("/to/302/http://other.site.example/404", BROKEN, "There is nothing at this address (404)."),
        ("/huge", UNSURE, "The site didn't answer like a website."),
    ],
)
def test_the_result_has_an_outcome_and_a_message(check, path, outcome, words):
    result = check(f"http://site.example{path}")
    assert (result.outcome, result.words) == (outcome, words)


def test_it_sends_a_head_request_with_its_user_agent(check, site):
    check("http://site.example/page?x=1#part")
    assert site.requests == [("HEAD", "/page?x=1", "site.example", USER_AGENT)]


def test_a_429_response_is_not_retried_with_get(check, site):
    check("http://site.example/429")
    assert len(site.requests) == 1


def test_a_site_that_never_answers_times_out(check):
    assert check("http://site.example/slow", timeout=0.2).words == "The site did not answer in time."


def test_a_response_that_trickles_in_times_out(check, monkeypatch):
    monkeypatch.setattr(link_status, "REQUEST_TIMEOUT", 0.5)
    assert check("http://site.example/drip").outcome == UNSURE


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "http://metadata.internal/", "https://[::1]/", "http://10.0.0.1:8000/"]
)
def test_the_address_of_every_redirect_is_checked(check, site, target):
    result = check(f"http://site.example/to/302/{target}")
    assert result.words == "It goes to a place that isn't on the public internet."
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://site.example/", "http://user:secret@site.example/", "http://[x/"]
)
def test_only_websites_are_followed(check, site, target):
    assert check(target).words == "It isn't a web address."
    assert check("http://").outcome == BROKEN
    assert check(f"http://site.example/to/302/{target}").outcome == BROKEN
    assert len(site.requests) == 1


# Public addresses only


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::1", "nonsense", "",
        "fec0::1", "feff:ffff::1", "4000::1", "5f00::1", "100::1", "3fff::1", "2001:10::1", "192.0.0.8", "192.88.99.1",
        "2002:a9fe:a9fe::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:85e5", "64:ff9b::5db8:d70e", "::ffff:8.8.8.8"])
def test_addresses_that_are_public(address):
    assert is_public(address)


def lookup(*addresses):
    return lambda host, port, **how: [(2, 1, 6, "", (address, port)) for address in addresses]


def test_a_public_host_resolves_to_its_address():
    assert public_address("site.example", 443, lookup("93.184.215.14")) == ("93.184.215.14", 443)


@pytest.mark.parametrize(
    ("port", "addresses"),
    [(80, ["127.0.0.1"]), (80, ["93.184.215.14", "10.0.0.1"]), (80, []), (6379, ["93.184.215.14"])],
    ids=["private", "one of them private", "none", "no port of a website"],
)
def test_a_host_with_a_private_address_is_rejected(port, addresses):
    with pytest.raises(AddressNotPublic):
        public_address("site.example", port, lookup(*addresses))


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::ffff:7f00:1]/"],
)
def test_the_real_resolver_never_connects_to_the_local_machine(address, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("It connected.")

    monkeypatch.setattr(socket, "create_connection", never)
    assert fetch_status(address, user_agent=USER_AGENT).outcome == BROKEN


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no"), BROKEN),
        (socket.gaierror(socket.EAI_AGAIN, "later"), UNSURE),
        (ConnectionRefusedError(), UNSURE),
    ],
)
def test_an_unknown_host_is_broken_but_a_temporary_error_is_unsure(error, outcome):
    def resolve(host, port):
        raise error

    assert fetch_status("https://site.example/", user_agent=USER_AGENT, resolve=resolve).outcome == outcome
