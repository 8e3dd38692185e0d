"""Raw HTTP requests to real worker processes: none gets a 5xx, and the processes share their rate limits."""

import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from tests.proofs import race_site
from tests.support.journey import make_small_clinic

pytestmark = [pytest.mark.prove, pytest.mark.usefixtures("running_clock")]

HOST = b"Host: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory, django_db_setup, django_db_blocker):
    """The port of a small clinic's site, served by four gunicorn workers."""
    folder = tmp_path_factory.mktemp("front")
    race_site.build_files(folder)
    with django_db_blocker.unblock(), race_site.migrated_database(folder) as url:
        with race_site.connected(url):
            make_small_clinic()
        with race_site.served(url, folder, "clinic.wsgi") as found:
            yield found


def send_raw(port, raw, address="127.0.0.1"):
    """Send raw bytes and return the response's status, or 0 if the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(address, 0)) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(4096)
        except ConnectionError:
            return 0
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.") else 0


def get(path, *headers):
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


def post(body, *headers):
    return b"POST /contact/ HTTP/1.1\r\n" + HOST + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


REFUSED = {
    "an endless address": get(b"/book/?from=" + b"9" * 5000),
    "an endless header": get(b"/book/", b"X: " + b"9" * 9000),
    "a hundred headers": get(b"/book/", *(b"X-%d: 1" % number for number in range(100))),
    "a NUL in a header": get(b"/book/", b"X: a\x00b"),
    "a space in a header's name": get(b"/book/", b"X Y: 1"),
    "a header over two lines": get(b"/book/", b"X: 1", b" 2"),
    "two hosts": get(b"/book/", b"Host: evil.example"),
    "another host": b"GET /book/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "another version": b"GET /book/ HTTP/9.9\r\n" + HOST + b"\r\n",
    "no version": b"GET /book/\r\n\r\n",
    "a method in small letters": b"get /book/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    "noise": bytes(range(256)),
    "two lengths": post(b"a=1", FORM[:-2], b"Content-Length: 3", b"Content-Length: 4"),
    "a length and chunks": post(b"0\r\n\r\n", FORM[:-2], b"Content-Length: 3", b"Transfer-Encoding: chunked"),
    "a length below nothing": post(b"a=1", FORM[:-2], b"Content-Length: -1"),
    "a codec that decodes no text": get(b"/book/?a=%FF", b"Content-Type: text/html; charset=base64"),
    "a parameter in no codec": get(b"/book/", b"Content-Type: text/html; charset*=nonsense''%41"),
    "a huge body": post(b"", FORM[:-2], b"Content-Length: 99999999999"),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_a_malformed_request_is_refused(port, raw):
    status = send_raw(port, raw)
    assert status == 0 or 400 <= status < 500
    assert send_raw(port, get(b"/book/")) == 200


@pytest.mark.parametrize(
    "headers",
    [
        [b"X-Forwarded-Host: evil.example"],
        [b"X-Forwarded-Proto: https"],
        [b"X-Forwarded-For: " + b"10.0.0.1, " * 500],
        [b"Forwarded: for=10.0.0.1;host=evil.example"],
        [b"X_Forwarded_For: 10.0.0.1"],
        [b"Content-Type: \xff\xfe"],
        [b"Cookie: session=\xff\xfe; csrf=\x80"],
    ],
    ids=["host", "scheme", "addresses", "standard", "underscores", "type", "cookies"],
)
def test_forged_headers_are_not_trusted(port, headers):
    assert send_raw(port, get(b"/book/", *headers)) in {200, 400}


def test_workers_share_rate_limits_and_ignore_forged_addresses(port):
    """Forty concurrent requests with different forged addresses: exactly the limit is answered."""
    amount, _window = settings.BOOKING_LIMITS["link"]
    forged = [
        get(b"/appointment/" + b"A" * 43 + b"/", b"X-Forwarded-For: 10.0.0.%d" % number)
        for number in range(amount + 10)
    ]
    with ThreadPoolExecutor(8) as visitors:
        statuses = Counter(visitors.map(lambda raw: send_raw(port, raw, "127.0.0.77"), forged))
    assert statuses == {410: amount, 429: 10}
    assert send_raw(port, forged[0], "127.0.0.78") == 410
