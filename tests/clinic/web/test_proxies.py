"""Forwarded headers are trusted only from trusted proxies."""

import ipaddress
import re
import socket
import subprocess
import sys
import time

import pytest
from django.http import HttpResponse

from bench.serving import ROOT
from clinic.web.proxies import trusted_proxy_middleware


def after_middleware(rf, settings, trusted, **meta):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network(network) for network in trusted]
    request = rf.get("/", **meta)
    trusted_proxy_middleware(lambda request: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ([], "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (["127.0.0.1"], "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (["127.0.0.1"], "127.0.0.1", "198.51.100.1", "198.51.100.1"),
        (["127.0.0.1"], "127.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", "198.51.100.1, 10.2.3.4", "198.51.100.1"),
        (["127.0.0.1"], "127.0.0.1", "not an address", "127.0.0.1"),
        (["127.0.0.1"], "127.0.0.1", "", "127.0.0.1"),
        (["127.0.0.1"], "127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        (["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", "198.51.100.1:4711, 10.2.3.4:80", "198.51.100.1"),
        (["127.0.0.1"], "127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        (["127.0.0.1"], "127.0.0.1", '"[2001:db8::1]"', "2001:db8::1"),
        (["127.0.0.1"], "::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
    ],
    ids=[
        "nobody trusted",
        "not from the proxy",
        "from it",
        "typed by the client",
        "two proxies",
        "nonsense",
        "empty",
        "with a port",
        "two proxies with ports",
        "IPv6 with a port",
        "IPv6 in quotes",
        "a dual-stack socket",
    ],
)
def test_the_client_is_the_rightmost_address_that_is_not_a_proxy(rf, settings, trusted, peer, forwarded, client):
    request = after_middleware(rf, settings, trusted, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert request.META["REMOTE_ADDR"] == client
    assert "HTTP_X_FORWARDED_FOR" not in request.META


@pytest.mark.parametrize(("peer", "secure"), [("127.0.0.1", True), ("203.0.113.9", False)])
def test_only_a_trusted_proxy_sets_the_scheme(rf, settings, peer, secure):
    request = after_middleware(rf, settings, ["127.0.0.1"], REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https")
    assert request.is_secure() is secure


def test_a_forwarded_host_is_never_trusted(rf, settings):
    request = after_middleware(
        rf, settings, ["127.0.0.1"], REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_HOST="evil.example"
    )
    assert "HTTP_X_FORWARDED_HOST" not in request.META


@pytest.mark.parametrize(
    ("proto", "secure"),
    [("https,http", True), ("https, https", True), ("http, https", False), ("HTTPS", True), ("wss", False)],
)
def test_with_several_proxies_the_first_scheme_is_the_client_s(rf, settings, proto, secure):
    request = after_middleware(rf, settings, ["127.0.0.1"], REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_PROTO=proto)
    assert request.is_secure() is secure


@pytest.mark.parametrize(("is_trusted", "client", "secure"), [(True, "198.51.100.1", True), (False, "", False)])
def test_who_connects_to_the_unix_socket_is_the_front_server_only_if_the_operator_says_so(
    rf, settings, is_trusted, client, secure
):
    settings.TRUST_UNIX_SOCKET = is_trusted
    request = after_middleware(
        rf, settings, [], REMOTE_ADDR="", HTTP_X_FORWARDED_FOR="198.51.100.1, unix:", HTTP_X_FORWARDED_PROTO="https"
    )
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == (client, secure)


@pytest.mark.parametrize(
    ("trusted", "headers", "cure"),
    [
        ([], {"HTTP_X_FORWARDED_PROTO": "https"}, "add 10.0.0.3 there"),
        (["10.0.0.3"], {"HTTP_X_FORWARDED_FOR": "198.51.100.1"}, "sends no X-Forwarded-Proto"),
    ],
    ids=["a front server that is not named", "a front server that hides the scheme"],
)
def test_instead_of_redirecting_for_ever_the_log_says_what_to_set(client, settings, caplog, trusted, headers, cure):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network(network) for network in trusted]
    settings.SECURE_SSL_REDIRECT = True
    statuses = [client.get("/book/", REMOTE_ADDR="10.0.0.3", **headers).status_code for _ in range(3)]
    assert statuses == [503] * 3
    [said] = [record.getMessage() for record in caplog.records if record.name == "clinic.web.proxies"]
    assert cure in said


def test_plain_http_is_still_redirected_to_https(client, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.3")]
    settings.SECURE_SSL_REDIRECT = True
    answers = [
        client.get("/book/", REMOTE_ADDR="10.0.0.3", HTTP_X_FORWARDED_PROTO="http"),
        client.get("/book/", REMOTE_ADDR="203.0.113.9"),
    ]
    assert [answer.status_code for answer in answers] == [301, 301]


@pytest.mark.once
@pytest.mark.parametrize("name", ["nginx-server.conf", "nginx-probes.conf"])
def test_the_shipped_front_server_names_each_visitor(name):
    """Over a unix socket, no name means this machine. A location with a header of its own inherits no other."""
    text = re.sub(r"#.*", "", (ROOT / "deploy" / name).read_text())
    blocks = re.findall(r"location [^{]*\{([^}]*)\}", text)
    outside = re.sub(r"location [^{]*\{[^}]*\}", "", text)
    headers = [block if "proxy_set_header" in block else outside for block in blocks]
    assert headers
    assert all(re.search(r"proxy_set_header\s+X-Forwarded-For\s+\$remote_addr;", text) for text in headers)


@pytest.mark.once
def test_behind_a_real_unix_socket_each_patient_has_an_address(tmp_path):
    path = tmp_path / "s"
    command = [sys.executable, "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", "tests.support.echo_client"]
    environ = {"BIND": f"unix:{path}", "TRUSTED_PROXIES": "unix", "WEB_WORKERS": "1", "VAR_DIR": str(tmp_path)}
    server = subprocess.Popen(command, cwd=ROOT, env=environ)
    try:
        deadline = time.monotonic() + 60
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        with socket.socket(socket.AF_UNIX) as front:
            front.settimeout(60)
            front.connect(str(path))
            front.sendall(
                b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                b"X-Forwarded-For: 198.51.100.1:4711\r\nX-Forwarded-Proto: https,http\r\n\r\n"
            )
            answer = b"".join(iter(lambda: front.recv(4096), b""))
    finally:
        server.terminate()
        server.wait(timeout=60)
    assert b"\r\n198.51.100.1 https\r\n" in answer
