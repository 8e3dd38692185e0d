"""Passwords and sessions of staff: what may be chosen, and when a session begins and ends."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PASSWORD = "a long word for the office"


@pytest.fixture
def dana(db):
    return get_user_model().objects.create_superuser("dana", "dana@clinic.example", PASSWORD)


def log_in(client, password=PASSWORD):
    return client.post("/staff/login/", {"login": "dana", "password": password, "next": "/admin/"})


def change_password(client, new, *, old=PASSWORD):
    return client.post("/staff/password/", {"oldpassword": old, "password1": new, "password2": new})


def has_access(client) -> bool:
    return client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("password", "reason"),
    [("elevenchars", "12"), ("qwerty123456", "common"), ("dana@clinic.example", "similar")],
)
def test_a_short_a_common_and_a_similar_password_are_refused(client, dana, password, reason):
    log_in(client)
    assert reason in change_password(client, password).content.decode()
    dana.refresh_from_db()
    assert dana.check_password(PASSWORD)


@pytest.mark.parametrize("password", ["onlysmallletters", "123456 123457 9", "Ünïcode 日本語 words", "Ab" * 40])
def test_any_composition_and_length_is_accepted_and_kept_as_typed(client, dana, password):
    log_in(client)
    assert change_password(client, password).status_code == 302
    other = Client()
    log_in(other, password.swapcase() if password.swapcase() != password else password[:-1])
    assert not has_access(other)
    log_in(other, password)
    assert has_access(other)


def test_changing_a_password_needs_the_one_of_now(client, dana):
    log_in(client)
    assert change_password(client, "another long word", old="not this one").status_code == 200
    dana.refresh_from_db()
    assert dana.check_password(PASSWORD)


def test_a_password_does_not_expire(client, dana, now):
    with time_machine.travel(now + timedelta(days=5 * 365), tick=False):
        log_in(client)
        assert has_access(client)


@pytest.mark.parametrize("address", ["/staff/login/", "/staff/password/"])
def test_password_fields_are_masked_and_open_to_password_managers(client, dana, address):
    if address != "/staff/login/":
        log_in(client)
    page = client.get(address).content.decode()
    assert 'type="password"' in page
    assert "onpaste" not in page
    assert 'autocomplete="off"' not in page
    assert "-password" in page  # autocomplete="current-password" or "new-password"


def test_a_login_begins_a_session_of_its_own(client, dana):
    client.get("/staff/login/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key
    log_in(client)
    after = client.session.session_key
    assert after != before
    assert len(after) >= 32
    planted = Client()
    planted.cookies["session"] = before
    assert not has_access(planted)


def test_a_session_ends_on_the_server_when_its_login_logs_out(client, dana):
    log_in(client)
    copied = Client()
    copied.cookies["session"] = client.session.session_key
    assert has_access(copied)
    client.post("/staff/logout/")
    assert not has_access(copied)


def test_a_new_password_ends_all_other_sessions(client, dana):
    other = Client()
    log_in(other)
    log_in(client)
    change_password(client, "another long word")
    assert has_access(client)
    assert not has_access(other)


@pytest.mark.parametrize("address", ["/desk/", "/admin/", "/staff/second-factor/"])
def test_the_desk_the_office_and_the_own_login_have_a_button_to_log_out(client, dana, address):
    log_in(client)
    page = client.get(address)
    assert page.status_code == 200
    assert "logout/" in page.content.decode()
