"""What every answer of the site carries, and what impossible requests get."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/book/", "/nowhere/", "/robots.txt", "/healthz/"])
def test_every_page_has_the_strict_policy(client, address):
    policy = client.get(address).headers["Content-Security-Policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert "script-src" not in directives
    assert "unsafe" not in policy
    assert directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"


def test_the_admins_policy_lets_in_its_own_scripts_and_nothing_inline(client):
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("address", ["/", "/treatments/", "/team/", "/fees/", "/contact/"])
def test_readers_get_no_session(client, address):
    assert "session" not in client.get(address).cookies


@pytest.mark.parametrize("path", ["/\x00/", "/team/\x00", "/treatments/a\x1fb/", "/appointment/%00/", "/a\x85b/"])
def test_a_control_character_in_an_address_is_nowhere(client, path):
    assert client.get(path).status_code == 404


def test_a_forged_host_is_refused_with_a_page(client):
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert b"evil.example" not in response.content


def test_a_missing_page_says_where_to_go(client):
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert b"<h1" in response.content


def test_a_form_without_its_token_can_be_tried_again(client):
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post("/contact/", {"name": "Alice"})
    assert response.status_code == 403
    assert b"<h1" in response.content


@pytest.mark.parametrize("address", ["/admin/login/?next=//evil.example", "/book/?visit=//evil.example"])
def test_nobody_is_led_off_the_site(client, address):
    response = client.get(address)
    assert "evil.example" not in response.headers.get("Location", "")
