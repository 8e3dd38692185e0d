"""Slow visitors do not keep others waiting: real worker processes, and a control that they do stop.

Fifty at once, with nothing before the site: some send their headers letter by letter, some their
form, some never read their answer, and some only open a line.
"""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
from django.core.management import call_command

from clinic.patient_worker import REQUEST_SECONDS
from tests import race_site
from tests.journey import make_small_clinic

pytestmark = pytest.mark.prove

HOST = b"Host: 127.0.0.1\r\n"
SLOW = 50
FOR_OTHERS = 10  # Others ask so often meanwhile.
PATIENCE = 15  # seconds: far more than a page takes, and less than a slow visitor is given


@pytest.fixture(scope="module")
def small_clinic(tmp_path_factory, django_db_setup, django_db_blocker):
    """The files and the database of a small clinic's site."""
    folder = tmp_path_factory.mktemp("slow")
    race_site.build_files(folder)
    with django_db_blocker.unblock(), race_site.own_database(folder) as url:
        with race_site.connected(url):
            call_command("migrate", verbosity=0)
            make_small_clinic()
        yield url, folder


def half_a_head(line, _number):
    line.sendall(b"GET /book/ HTTP/1.1\r\n" + HOST + b"X-Slow: ")
    return b"a"


def half_a_form(line, number):
    line.sendall(
        b"POST /contact/ HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\nname=" % (1000 if number % 2 else 900_000)
    )
    return b"a"


def half_a_chunk(line, _number):
    line.sendall(b"POST /contact/ HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nna")
    return b"a"


def nothing_yet(line, _number):
    return b""


def half_an_answer(line, _number):
    """Asks for the largest page and does not read it."""
    line.sendall(b"GET /book/assessment/?visit=new HTTP/1.1\r\n" + HOST + b"\r\n")
    return b""


KINDS = {
    "headers": [half_a_head],
    "forms": [half_a_form],
    "chunks": [half_a_chunk],
    "silence": [nothing_yet],
    "readers": [half_an_answer],
    "all kinds": [half_a_head, half_a_form, half_a_chunk, nothing_yet, half_an_answer],
}


@contextmanager
def slow_visitors(port, number, kinds):
    """So many of them at once; each sends another letter every half a second, as long as they are let."""
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
                    with suppress(OSError):  # The site may have hung up on them.
                        line.sendall(letter)

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            time.sleep(1)  # All of them have reached a worker.
            yield
        finally:
            stopped.set()
            thread.join()


def is_served(port):
    """Whether somebody else gets a page in time."""
    with socket.socket() as line:
        line.settimeout(PATIENCE)
        line.connect(("127.0.0.1", port))
        try:
            line.sendall(b"GET /book/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            return line.recv(4096).startswith(b"HTTP/1.1 200")
        except TimeoutError:
            return False


@pytest.fixture(scope="module")
def port(small_clinic):
    url, folder = small_clinic
    with race_site.served(url, folder, "clinic.wsgi") as found:
        yield found


def test_two_half_open_requests_do_not_stop_others(port):
    with slow_visitors(port, 2, [half_a_head]):
        assert [is_served(port) for _ in range(FOR_OTHERS)] == [True] * FOR_OTHERS


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_fifty_slow_visitors_do_not_stop_others(port, kinds):
    with slow_visitors(port, SLOW, kinds):
        assert [is_served(port) for _ in range(FOR_OTHERS)] == [True] * FOR_OTHERS


def test_with_a_thread_for_each_line_they_do(small_clinic, monkeypatch):
    """The control: gunicorn's usual threads wait for every letter, and with the last of them the site stands still."""
    url, folder = small_clinic
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--worker-class gthread")
    with race_site.served(url, folder, "clinic.wsgi") as port, slow_visitors(port, SLOW, [half_a_head]):
        assert not all(is_served(port) for _ in range(FOR_OTHERS))


def test_somebody_who_never_finishes_is_hung_up_on(port):
    with socket.create_connection(("127.0.0.1", port), timeout=REQUEST_SECONDS + 10) as line:
        half_a_head(line, 0)
        with suppress(ConnectionResetError):
            assert line.recv(100) == b""


def test_a_form_that_comes_in_pieces_is_read_whole(port):
    body = b"name=" + b"a" * 200_000
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"POST /contact/ HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n")
        time.sleep(0.3)
        line.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body[:100_000])
        time.sleep(0.3)
        line.sendall(body[100_000:])
        assert line.recv(4096).startswith(b"HTTP/1.1 403")  # No token: it was read as far as that.


def test_one_line_carries_one_request_after_another(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        file = line.makefile("rb")
        for _ in range(5):
            line.sendall(b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"\r\n")
            assert file.readline().startswith(b"HTTP/1.1 200")
            length = 0
            while (head := file.readline()) != b"\r\n":
                if head.lower().startswith(b"content-length:"):
                    length = int(head.split(b":")[1])
            file.read(length)
