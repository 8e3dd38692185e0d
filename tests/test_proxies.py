"""Whose word is believed about who the client is."""

import ipaddress

import pytest
from django.http import HttpResponse

from clinic.proxies import trust_only_named_proxies


def seen(rf, settings, trusted, **meta):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network(network) for network in trusted]
    request = rf.get("/", **meta)
    trust_only_named_proxies(lambda request: HttpResponse())(request)
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
    ],
    ids=["nobody trusted", "not from the proxy", "from it", "typed by the client", "two proxies", "nonsense", "empty"],
)
def test_the_client_is_the_last_address_that_is_no_proxy(rf, settings, trusted, peer, forwarded, client):
    request = seen(rf, settings, trusted, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert request.META["REMOTE_ADDR"] == client
    assert "HTTP_X_FORWARDED_FOR" not in request.META


@pytest.mark.parametrize(("peer", "secure"), [("127.0.0.1", True), ("203.0.113.9", False)])
def test_only_a_proxy_says_that_a_request_was_encrypted(rf, settings, peer, secure):
    request = seen(rf, settings, ["127.0.0.1"], REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https")
    assert request.is_secure() is secure


def test_a_forwarded_host_is_never_believed(rf, settings):
    request = seen(rf, settings, ["127.0.0.1"], REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_HOST="evil.example")
    assert "HTTP_X_FORWARDED_HOST" not in request.META
