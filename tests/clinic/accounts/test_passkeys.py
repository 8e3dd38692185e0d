"""Passkeys: a key logs in alone only if its owner wants that, whatever the device and the browser do."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from tests.support.passkey import SoftPasskey

pytestmark = pytest.mark.django_db
PASSWORD = "a long word for the office"
ADD, ALONE = "/staff/second-factor/webauthn/add/", "/staff/second-factor/webauthn/login/"


@pytest.fixture
def dana(db):
    cache.clear()
    return get_user_model().objects.create_user("dana", "dana@clinic.example", PASSWORD, is_staff=True)


def challenge_of(data):
    return data["publicKey"]["challenge"]


def add_passkey(user, *, is_kept, passwordless):
    client, key = Client(), SoftPasskey(user, is_kept=is_kept)
    client.post("/staff/login/", {"login": user.username, "password": PASSWORD})
    client.post("/staff/again/", {"password": PASSWORD})
    challenge = challenge_of(client.get(ADD).context["js_data"]["creation_options"])
    form = {"name": "My phone", "credential": key.registration(challenge)}
    assert client.post(ADD, form | ({"passwordless": "on"} if passwordless else {})).status_code == 302
    return client, key


def log_in_alone(key):
    client = Client()
    options = client.get(ALONE, headers={"X-Requested-With": "XMLHttpRequest"}).json()["request_options"]
    response = client.post(ALONE, {"credential": key.assertion(challenge_of(options))}, follow=True)
    return client, response


@pytest.mark.parametrize("is_kept", [True, False, None])
def test_a_key_with_log_in_with_it_alone_unticked_does_not_log_in_alone(dana, is_kept):
    client, key = add_passkey(dana, is_kept=is_kept, passwordless=False)
    browser, response = log_in_alone(key)
    assert "This passkey is for after your password." in response.content.decode()
    assert browser.get("/admin/").status_code == 302
    assert "Asked for after your password" in client.get("/staff/second-factor/webauthn/").content.decode()


def test_such_a_key_is_the_second_step_after_the_password(dana):
    _, key = add_passkey(dana, is_kept=True, passwordless=False)
    browser = Client()
    page = browser.post("/staff/login/", {"login": "dana", "password": PASSWORD}, follow=True)
    assert browser.get("/admin/").status_code == 302
    challenge = challenge_of(page.context["js_data"]["request_options"])
    browser.post("/staff/second-factor/authenticate/", {"credential": key.assertion(challenge)})
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("is_kept", [True, None])
def test_a_key_with_log_in_with_it_alone_ticked_logs_in_alone(dana, is_kept):
    client, key = add_passkey(dana, is_kept=is_kept, passwordless=True)
    assert log_in_alone(key)[0].get("/admin/").status_code == 200
    assert "Logs you in on its own" in client.get("/staff/second-factor/webauthn/").content.decode()


def test_a_key_of_an_earlier_release_that_the_browser_called_kept_still_logs_in_alone(dana):
    _, key = add_passkey(dana, is_kept=True, passwordless=True)
    stored = Authenticator.objects.get(type="webauthn")
    del stored.data["credential"]["clientExtensionResults"]
    stored.save()
    assert log_in_alone(key)[0].get("/admin/").status_code == 200
