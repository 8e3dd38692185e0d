"""Slow clients do not block others: real worker processes behind nginx with the shipped configuration.

Fifty concurrent clients send their headers or form byte by byte, never read the response, or only open a connection.
In the control run without nginx, they block the site.
"""

import shutil
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.conftest import IN_CI
from tests.proofs import race_site
from tests.support.journey import make_small_clinic

pytestmark = [
    pytest.mark.prove,
    pytest.mark.once,
    pytest.mark.usefixtures("running_clock"),
    pytest.mark.skipif(not IN_CI and shutil.which("nginx") is None, reason="nginx is not installed"),
]

HOST = b"Host: 127.0.0.1\r\n"
SLOW = 50
FOR_OTHERS = 10  # requests of other clients meanwhile
PATIENCE = 8  # seconds: far more than a page takes, and less than nginx's timeout of slow clients (10)


@pytest.fixture(scope="module")
def small_clinic(tmp_path_factory, django_db_setup, django_db_blocker):
    """The database URL and the folder of a small clinic's site."""
    folder = tmp_path_factory.mktemp("slow")
    race_site.build_files(folder)
    with django_db_blocker.unblock(), race_site.migrated_database(folder) as url:
        with race_site.connected(url):
            make_small_clinic()
        yield url, folder


def incomplete_headers(line, _number):
    line.sendall(b"GET /book/ HTTP/1.1\r\n" + HOST + b"X-Slow: ")
    return b"a"


def incomplete_form(line, number):
    line.sendall(
        b"POST /contact/ HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\nname=" % (1000 if number % 2 else 900_000)
    )
    return b"a"


def incomplete_chunk(line, _number):
    line.sendall(b"POST /contact/ HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nna")
    return b"a"


def open_connection(line, _number):
    return b""


def unread_response(line, _number):
    """Request the largest page and do not read the response."""
    line.sendall(b"GET /book/assessment/?visit=new HTTP/1.1\r\n" + HOST + b"\r\n")
    return b""


KINDS = {
    "headers": [incomplete_headers],
    "forms": [incomplete_form],
    "chunks": [incomplete_chunk],
    "silence": [open_connection],
    "readers": [unread_response],
    "all kinds": [incomplete_headers, incomplete_form, incomplete_chunk, open_connection, unread_response],
}


@contextmanager
def slow_visitors(port, number, kinds):
    """Open ``number`` slow connections; each sends another byte every half a second until the block ends."""
    with ExitStack() as stack:
        trickling = []
        for index in range(number):
            line = stack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.bind((f"127.0.3.{index + 1}", 0))
            line.connect(("127.0.0.1", port))
            if letter := kinds[index % len(kinds)](line, index):
                trickling.append((line, letter))
        stopped = threading.Event()

        def trickle():
            while not stopped.wait(0.5):
                for line, letter in trickling:
                    with suppress(OSError):  # The site may have closed the connection.
                        line.sendall(letter)

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            time.sleep(1)  # Until all of them have reached a worker.
            yield
        finally:
            stopped.set()
            thread.join()


def is_served(port):
    """Return whether another client gets a page within PATIENCE."""
    with socket.socket() as line:
        line.settimeout(PATIENCE)
        line.connect(("127.0.0.1", port))
        try:
            line.sendall(b"GET /book/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            return line.recv(4096).startswith(b"HTTP/1.1 200")
        except TimeoutError:
            return False


@pytest.fixture(scope="module")
def site(small_clinic):
    """The port of the site itself."""
    url, folder = small_clinic
    with race_site.served(url, folder, "clinic.wsgi") as port_number:
        yield port_number


@pytest.fixture(scope="module")
def port(site, tmp_path_factory):
    """The port of nginx."""
    with race_site.behind_nginx(site, tmp_path_factory.mktemp("nginx")) as port_number:
        yield port_number


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_fifty_slow_clients_do_not_block_others(port, kinds):
    with slow_visitors(port, SLOW, kinds):
        assert [is_served(port) for _ in range(FOR_OTHERS)] == [True] * FOR_OTHERS


def test_without_nginx_slow_clients_block_others(small_clinic):
    """The control: each of gunicorn's threads waits for its client.

    With one worker, because one of several may get fewer slow clients than it has threads.
    """
    url, folder = small_clinic
    with (
        race_site.served(url, folder, "clinic.wsgi", workers=1) as site,
        slow_visitors(site, SLOW, [incomplete_headers]),
    ):
        assert not is_served(site)


def test_a_client_that_never_finishes_is_disconnected(port):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        incomplete_headers(line, 0)
        with suppress(ConnectionResetError):
            assert line.recv(100) in {b"", b"HTTP/1.1 408"}


def test_a_form_that_is_sent_in_pieces_is_read_completely(port):
    body = b"name=" + b"a" * 200_000
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"POST /contact/ HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n")
        time.sleep(0.3)
        line.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body[:100_000])
        time.sleep(0.3)
        line.sendall(body[100_000:])
        assert line.recv(4096).startswith(b"HTTP/1.1 403")  # Without a CSRF token: the whole form was read.
