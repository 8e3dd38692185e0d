"""/.well-known/security.txt (RFC 9116): a way to report a vulnerability, with an expiry that stays ahead."""

from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.django_db


def test_it_names_the_contact_page_and_expires_within_a_year(client, now):
    response = client.get("/.well-known/security.txt")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in response.content.decode().splitlines())
    assert fields["Contact"] == "http://127.0.0.1:8000/contact/"
    assert fields["Canonical"] == "http://127.0.0.1:8000/.well-known/security.txt"
    expires_at = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=150) < expires_at - now < timedelta(days=365)
    assert response.cookies == {}


def test_it_is_only_read(client):
    assert client.post("/.well-known/security.txt").status_code == 405
