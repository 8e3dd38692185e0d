"""Security headers of every response, and responses to malformed requests."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/book/", "/nowhere/", "/robots.txt", "/healthz/"])
def test_every_page_has_a_strict_content_security_policy(client, address):
    policy = client.get(address).headers["Content-Security-Policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert "script-src" not in directives
    assert "unsafe" not in policy
    assert directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"


def test_the_admin_s_policy_allows_its_own_scripts_and_nothing_inline(client):
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("address", ["/", "/treatments/", "/team/", "/fees/", "/contact/"])
def test_public_pages_start_no_session(client, address):
    assert "session" not in client.get(address).cookies


@pytest.mark.parametrize("path", ["/\x00/", "/team/\x00", "/treatments/a\x1fb/", "/appointment/%00/", "/a\x85b/"])
def test_a_control_character_in_a_path_is_404(client, path):
    assert client.get(path).status_code == 404


def test_a_forged_host_gets_an_error_page(client):
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert b"evil.example" not in response.content


def test_a_missing_page_gets_an_error_page(client):
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert b"<h1" in response.content


def test_a_form_without_its_csrf_token_gets_an_error_page(client):
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post("/contact/", {"name": "Alice"})
    assert response.status_code == 403
    assert b"<h1" in response.content


@pytest.mark.parametrize("address", ["/admin/login/?next=//evil.example", "/book/?visit=//evil.example"])
def test_there_are_no_open_redirects(client, address):
    response = client.get(address)
    assert "evil.example" not in response.headers.get("Location", "")
