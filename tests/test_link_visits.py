"""Asking other sites, played by a server on this machine: the resolver that is passed in leads there, and only it."""

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from content import link_visits
from content.link_visits import BROKEN, MOVED, UNSURE, WORKS, NotPublic, is_public, public_address, visit

WHO = "ClinicLinkCheck/1.0 (+https://clinic.example/)"


class Site(BaseHTTPRequestHandler):
    """Answers as its address says: /404, /to/302/<rest>, /head/405 (only a GET finds it), /slow, /drip, /huge."""

    def do_HEAD(self):
        self.server.asked.append((self.command, self.path, self.headers["Host"], self.headers["User-Agent"]))
        first, _, rest = self.path.strip("/").partition("/")
        if first == "to":
            status, _, goal = rest.partition("/")
            self.reply(int(status), Location=goal if "://" in goal else f"/{goal}")
        elif first == "head" and self.command == "HEAD":
            self.reply(int(rest))
        elif first == "slow":
            self.server.ended.wait(20)
        elif first == "drip":
            while not self.server.ended.wait(0.1):
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
        self.send_header("Content-Length", str(10**12))  # Nobody would wait for it.
        self.end_headers()

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.asked, server.ended, server.daemon_threads = [], threading.Event(), True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def look(site):
    def resolve(host, port):
        if not host.endswith("site.example"):
            raise NotPublic
        return site.server_address

    return lambda address, **more: visit(address, user_agent=WHO, resolve=resolve, **more)


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
        ("/huge", UNSURE, "The site did not answer as websites do."),
    ],
)
def test_what_is_found_is_said_in_words(look, path, outcome, words):
    answer = look(f"http://site.example{path}")
    assert (answer.outcome, answer.words) == (outcome, words)


def test_it_says_who_asks_and_asks_for_the_head_alone(look, site):
    look("http://site.example/page?x=1#part")
    assert site.asked == [("HEAD", "/page?x=1", "site.example", WHO)]


def test_who_is_told_to_wait_asks_no_second_time(look, site):
    look("http://site.example/429")
    assert len(site.asked) == 1


def test_a_site_that_never_answers_is_given_up(look):
    assert look("http://site.example/slow", timeout=0.2).words == "The site did not answer in time."


def test_a_site_that_trickles_is_given_up_too(look, monkeypatch):
    monkeypatch.setattr(link_visits, "PATIENCE", 0.5)
    assert look("http://site.example/drip").outcome == UNSURE


@pytest.mark.parametrize(
    "goal", ["http://127.0.0.1/", "http://metadata.internal/", "https://[::1]/", "http://10.0.0.1:8000/"]
)
def test_every_hop_is_checked(look, site, goal):
    answer = look(f"http://site.example/to/302/{goal}")
    assert answer.words == "It leads to a place that is not in the public internet."
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "goal", ["file:///etc/passwd", "ftp://site.example/", "http://user:secret@site.example/", "http://[x/"]
)
def test_only_websites_are_followed(look, site, goal):
    assert look(goal).words == "It is no address of a website."
    assert look("http://").outcome == BROKEN
    assert look(f"http://site.example/to/302/{goal}").outcome == BROKEN
    assert len(site.asked) == 1


# Where it may go


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::1", "nonsense", "",
    ],
)  # fmt: skip
def test_what_is_not_the_public_internet(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:85e5", "64:ff9b::5db8:d70e", "::ffff:8.8.8.8"])
def test_what_is_the_public_internet(address):
    assert is_public(address)


def lookup(*addresses):
    return lambda host, port, **how: [(2, 1, 6, "", (address, port)) for address in addresses]


def test_a_name_is_resolved_once_and_that_very_address_is_used():
    assert public_address("site.example", 443, lookup("93.184.215.14")) == ("93.184.215.14", 443)


@pytest.mark.parametrize(
    ("port", "addresses"),
    [(80, ["127.0.0.1"]), (80, ["93.184.215.14", "10.0.0.1"]), (80, []), (6379, ["93.184.215.14"])],
    ids=["private", "one of them private", "none", "no port of a website"],
)
def test_a_name_that_leads_inside_is_refused(port, addresses):
    with pytest.raises(NotPublic):
        public_address("site.example", port, lookup(*addresses))


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::ffff:7f00:1]/"],
)
def test_the_real_resolver_goes_nowhere_near_this_machine(address, monkeypatch):
    def never(*args, **more):
        raise AssertionError("It connected.")

    monkeypatch.setattr(socket, "create_connection", never)
    assert visit(address, user_agent=WHO).outcome == BROKEN


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no"), BROKEN),
        (socket.gaierror(socket.EAI_AGAIN, "later"), UNSURE),
        (ConnectionRefusedError(), UNSURE),
    ],
)
def test_a_name_that_is_not_known_is_not_a_name_that_cannot_be_asked_for(error, outcome):
    def resolve(host, port):
        raise error

    assert visit("https://site.example/", user_agent=WHO, resolve=resolve).outcome == outcome
