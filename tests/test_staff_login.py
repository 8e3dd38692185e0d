"""Logging in: who may try how often, what else is asked for, and when a login ends."""

import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings as site
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client

from clinic.staff import tries

pytestmark = pytest.mark.django_db

PASSWORD = "a long word for the office"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def dana(db):
    cache.clear()  # allauth remembers used codes there, and each test's first user has the same number.
    return get_user_model().objects.create_user("dana", "dana@clinic.example", PASSWORD, is_staff=True)


@pytest.fixture
def limit(settings):
    def set_to(**amounts):
        settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {
            kind: (amount, timedelta(minutes=15)) for kind, amount in amounts.items()
        }

    return set_to


def log_in(client, name="dana", password=PASSWORD, goal="/admin/", **extra):
    return client.post("/staff/login/", {"login": name, "password": password, "next": goal}, **extra)


def code_now(steps=0):
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))


def from_address(number):
    return {"REMOTE_ADDR": f"198.51.100.{number}"}


@pytest.mark.parametrize("name", ["dana", "dana@clinic.example", "Dana@Clinic.example "])
def test_staff_log_in_with_name_or_e_mail_and_come_to_the_page_they_wanted(client, dana, name):
    assert client.get("/admin/auth/group/").url == "/admin/login/?next=/admin/auth/group/"
    assert client.get("/admin/login/?next=/admin/auth/group/").url == "/staff/login/?next=/admin/auth/group/"
    assert log_in(client, name, goal="/admin/auth/group/").url == "/admin/auth/group/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(("name", "called"), [("dana", "username"), ("dana@clinic.example", "e-mail address")])
def test_a_wrong_password_is_told_with_what_to_do(client, dana, name, called):
    page = log_in(client, name, password="not mine").content.decode()
    said = f"This {called} and this password do not belong together. Check both, or choose a new password."
    assert f"<li>{said}</li>" in page
    assert page.count(said) == 1  # The summary says it, and the form does not say it again.


def test_a_login_leads_to_no_other_site(client, dana):
    assert log_in(client, goal="//evil.example/").url == "/admin/"


def test_nobody_signs_up_and_nobody_verifies_an_address(client):
    for path in ("signup/", "email/", "confirm-email/", "login/code/", "second-factor/webauthn/signup/"):
        assert client.get(f"/staff/{path}").status_code == 404


def test_a_login_that_is_switched_off_opens_nothing_from_one_click_to_the_next(client, dana):
    log_in(client)
    assert client.get("/admin/").status_code == 200
    get_user_model().objects.update(is_active=False)
    assert client.get("/admin/").status_code == 302
    refused = log_in(Client())
    assert (refused.status_code, refused.url) == (302, "/staff/inactive/")


def test_a_person_who_is_not_staff_cannot_enter_the_office(client, db):
    get_user_model().objects.create_user("sam", password=PASSWORD)
    log_in(client, "sam")
    assert client.get("/admin/login/").status_code == 403


# Guessing


def test_guessing_one_name_from_many_addresses_ends_but_not_in_a_browser_that_knows_the_person(dana, limit):
    limit(**{"login of one account": 3})
    owner = Client()
    assert log_in(owner).status_code == 302
    owner.post("/staff/logout/")
    tried = [log_in(Client(), password="wrong", **from_address(n)).status_code for n in range(4)]
    assert tried == [200, 200, 200, 429]
    assert log_in(Client(), **from_address(9)).status_code == 429
    assert log_in(owner).status_code == 302


def test_a_browser_knows_only_those_who_logged_in_there(dana, limit):
    limit(**{"login of one account": 1})
    get_user_model().objects.create_user("eve", password=PASSWORD, is_staff=True)
    browser = Client()
    log_in(browser, "eve")
    browser.post("/staff/logout/")
    assert [log_in(browser, password="wrong").status_code for _ in range(2)] == [200, 429]
    browser.cookies[tries.COOKIE] = browser.cookies[tries.COOKIE].value + "x"
    assert log_in(browser, "eve", "wrong").status_code == 200
    assert log_in(browser, "eve", "wrong").status_code == 429


def test_the_mark_of_a_browser_goes_to_the_login_pages_alone_and_names_nobody(client, dana):
    cookie = log_in(client).cookies[tries.COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/staff/", True, "Lax")
    assert "dana" not in cookie.value


@pytest.mark.django_db(transaction=True)
def test_threads_together_get_no_more_tries_than_one(dana, limit):
    limit(**{"login by name": 5})

    def one_try(_):
        try:
            return log_in(Client(), password="wrong").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(one_try, range(16)))
    assert answers == [200] * 5 + [429] * 11


# The second factor


@pytest.fixture
def with_app(dana):
    TOTP.activate(dana, SECRET)
    RecoveryCodes.activate(dana)
    return dana


NO_ANSWERS_OF_A_KEY = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[1]",
    "a number": "1",
    "no id": '{"id": "AAAA"}',
    "numbers": '{"id": 1, "rawId": 2, "response": 3, "type": 4}',
    "no response": '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}',
    "no data": '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "AAAA",'
    ' "authenticatorData": "AAAA", "signature": "AAAA", "userHandle": "AAAA", "attestationObject": "AAAA"}}',
    "no text": '{"id": "AAAA", "rawId": "AAAA", "response": {"userHandle": "____"}}',
}


@pytest.mark.parametrize("sent", NO_ANSWERS_OF_A_KEY.values(), ids=NO_ANSWERS_OF_A_KEY)
def test_what_no_passkey_answers_is_told_above_the_heading(client, with_app, sent):
    log_in(client)
    answer = client.post("/staff/second-factor/authenticate/", {"credential": sent})
    assert answer.status_code == 200
    assert re.search(r'class="error-summary".*?<li>.+?</li>.*<h1', answer.content.decode(), re.DOTALL)


@pytest.mark.parametrize("sent", NO_ANSWERS_OF_A_KEY.values(), ids=NO_ANSWERS_OF_A_KEY)
def test_what_no_passkey_answers_logs_nobody_in_and_adds_no_key(client, dana, sent):
    client.get("/staff/second-factor/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert client.post("/staff/second-factor/webauthn/login/", {"credential": sent}).url == "/staff/login/"
    assert client.get("/admin/").status_code == 302
    log_in(client)
    client.post("/staff/again/", {"password": PASSWORD})
    assert client.get("/staff/second-factor/webauthn/add/").status_code == 200
    assert client.post("/staff/second-factor/webauthn/add/", {"credential": sent}).status_code == 200
    assert not Authenticator.objects.exists()


def test_who_has_an_app_is_asked_for_its_code_and_then_comes_to_the_page(client, with_app):
    assert log_in(client, goal="/admin/auth/group/").url == "/staff/second-factor/authenticate/"
    assert client.get("/admin/").status_code == 302
    assert client.post("/staff/second-factor/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/staff/second-factor/authenticate/", {"code": code_now()}).url == "/admin/auth/group/"
    assert client.get("/admin/").status_code == 200


def test_a_code_opens_once(with_app):
    code, first, second = code_now(), Client(), Client()
    for browser in (first, second):
        log_in(browser)
    assert first.post("/staff/second-factor/authenticate/", {"code": code}).status_code == 302
    assert second.post("/staff/second-factor/authenticate/", {"code": code}).status_code == 200
    assert second.post("/staff/second-factor/authenticate/", {"code": f" {code} "}).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_threads_with_the_same_code_one_gets_in(with_app, kind):
    stored = Authenticator.objects.get(type="recovery_codes")
    code = code_now() if kind == "app" else stored.wrap().get_unused_codes()[0]
    browsers = [Client() for _ in range(6)]
    for browser in browsers:
        log_in(browser)

    def enter(browser):
        try:
            return browser.post("/staff/second-factor/authenticate/", {"code": code}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(enter, browsers)) == [200] * 5 + [302]


def test_wrong_codes_are_limited_for_one_person_wherever_they_come_from(with_app, limit):
    limit(**{"second factor": 2})
    answers = []
    for number in range(3):
        browser = Client(**from_address(number))
        log_in(browser)
        answers.append(browser.post("/staff/second-factor/authenticate/", {"code": "000000"}).status_code)
    assert answers == [200, 200, 429]


def test_on_a_public_site_nobody_enters_the_office_without_one(client, dana, settings):
    settings.STAFF_SECOND_FACTOR = True
    dana.is_superuser = True
    dana.save()
    log_in(client)
    for path in ("/admin/", "/admin/booking/patient/", "/admin/autocomplete/", "/admin/jsi18n/"):
        assert client.get(path).url == "/staff/second-factor/"
    page = client.get("/staff/second-factor/")
    assert "Set up a second step first" in page.content.decode()
    TOTP.activate(dana, SECRET)
    assert client.get("/admin/").status_code == 200


def test_a_second_factor_is_demanded_wherever_the_site_speaks_https():
    assert (site.IS_HTTPS, site.STAFF_SECOND_FACTOR) == (False, False)
    assert "STAFF_SECOND_FACTOR = IS_HTTPS" in (site.BASE_DIR / "clinic" / "settings.py").read_text()


def test_adding_one_asks_for_the_password_again_and_makes_recovery_codes(
    client, dana, django_capture_on_commit_callbacks
):
    client.force_login(dana)
    again = client.get("/staff/second-factor/totp/activate/")
    assert again.url == "/staff/again/?next=%2Fstaff%2Fsecond-factor%2Ftotp%2Factivate%2F"
    assert client.post(again.url, {"password": PASSWORD}).status_code == 302
    page = client.get("/staff/second-factor/totp/activate/")
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    with django_capture_on_commit_callbacks(execute=True):
        added = client.post("/staff/second-factor/totp/activate/", {"code": code})
    assert added.url == "/staff/second-factor/recovery-codes/"
    assert len(client.get("/staff/second-factor/recovery-codes/").context["unused_codes"]) == 10
    assert [message.to for message in mail.outbox] == [["dana@clinic.example"]]
    assert "An authenticator app was added." in mail.outbox[0].body


# Idle


def test_a_login_that_nobody_uses_ends_and_leads_back(client, dana, settings, stopped_clock):
    import time_machine

    log_in(client)
    client.get("/admin/auth/group/")
    with time_machine.travel(stopped_clock + timedelta(minutes=29), tick=False):
        assert client.get("/admin/").status_code == 200
    with time_machine.travel(stopped_clock + timedelta(minutes=58), tick=False):
        assert client.get("/admin/").status_code == 200
    with time_machine.travel(stopped_clock + timedelta(minutes=89), tick=False):
        ended = client.get("/admin/auth/group/?q=1")
        assert ended.url == "/staff/login/?next=/admin/auth/group/%3Fq%3D1"
        assert "_auth_user_id" not in client.session
        assert log_in(client, goal="/admin/auth/group/?q=1").url == "/admin/auth/group/?q=1"


def test_an_idle_login_ends_without_taking_what_the_browser_holds_as_a_visitor(client, dana, stopped_clock):
    import time_machine

    log_in(client)
    client.get("/admin/")
    session = client.session
    session["booking"] = {"holder": "somebody"}
    session.save()
    with time_machine.travel(stopped_clock + timedelta(minutes=31), tick=False):
        client.get("/admin/")
    assert client.session["booking"] == {"holder": "somebody"}
    assert "_auth_user_id" not in client.session


def test_a_visitor_without_a_login_has_no_idle_session(client, db):
    session = client.session
    session["booking"] = {"holder": "somebody"}
    session.save()
    client.get("/staff/login/")
    assert "staff_seen_at" not in client.session


# Passwords


def link_in(message):
    return re.search(r"http://127\.0\.0\.1:8000(/staff/password/new/\S+)", message.body)[1]


def test_a_forgotten_password_is_chosen_anew_by_mail(client, dana):
    asked = client.post("/staff/password/forgotten/", {"email": "dana@clinic.example"})
    assert asked.url == "/staff/password/forgotten/sent/"
    page = client.get(link_in(mail.outbox[0]), follow=True)
    address = page.redirect_chain[-1][0]
    new = "another long word to type"
    assert client.post(address, {"password1": new, "password2": new}).url == "/staff/password/new/done/"
    assert client.get("/admin/").status_code == 302
    assert log_in(client, password=new).status_code == 302
    assert "no longer works" in Client().get(link_in(mail.outbox[0])).content.decode()


@pytest.mark.parametrize("email", ["nobody@clinic.example", "sam@example.com", "gone@clinic.example"])
def test_others_get_no_mail_and_the_same_answer(client, dana, email):
    get_user_model().objects.create_user("sam", "sam@example.com", PASSWORD)
    get_user_model().objects.create_user("gone", "gone@clinic.example", PASSWORD, is_staff=True, is_active=False)
    assert client.post("/staff/password/forgotten/", {"email": email}).url == "/staff/password/forgotten/sent/"
    assert mail.outbox == []


def test_links_for_passwords_are_limited_by_address_and_by_e_mail(dana, limit):
    limit(**{"password link": 2, "password link by e-mail": 1})
    ask = [("dana@clinic.example", 302), ("dana@clinic.example", 429), ("else@clinic.example", 429)]
    client = Client()
    assert [client.post("/staff/password/forgotten/", {"email": who}).status_code for who, _ in ask] == [
        answer for _, answer in ask
    ]


def test_a_mail_server_that_is_away_breaks_no_page(client, dana, settings, caplog):
    settings.EMAIL_BACKEND = "tests.test_staff_login.Away"
    assert client.post("/staff/password/forgotten/", {"email": "dana@clinic.example"}).status_code == 302
    assert "ConnectionRefusedError" in caplog.text
    assert "clinic.example" not in caplog.text


class Away:
    def __init__(self, **kwargs):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError


def test_the_command_line_stays_the_way_back_in(client, with_app, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", username="boss", email="boss@clinic.example")
    assert log_in(client, "boss").url == "/admin/"
    call_command("reset_second_factor", "dana")
    assert log_in(Client()).url == "/admin/"


def test_the_log_tells_of_logins_without_names_or_addresses(client, with_app, caplog):
    caplog.set_level(logging.INFO, "clinic.staff")
    log_in(client, password="wrong")
    log_in(client)
    client.post("/staff/second-factor/authenticate/", {"code": "000000"})
    client.post("/staff/second-factor/authenticate/", {"code": code_now()})
    client.post("/staff/logout/")
    number = with_app.pk
    assert [record.getMessage() for record in caplog.records if record.name == "clinic.staff"] == [
        "A try to log in failed.",
        f"Staff {number} gave a wrong code.",
        f"Staff {number} logged in (password + totp).",
        f"Staff {number} logged out.",
    ]
    assert "dana" not in caplog.text


def test_readers_get_no_cookie_and_login_pages_are_for_nobody_else(client, db):
    page = client.get("/staff/login/")
    assert '<meta name="robots" content="noindex">' in page.content.decode()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert dict(Client().get("/").cookies) == {}
