"""Login: rate limits, second factors, idle timeout and password links."""

import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings as site
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.messages import TransportUnavailable
from clinic.accounts import password_links, throttle
from clinic.models import PasswordLinkRequest
from tests.support import factories

pytestmark = pytest.mark.django_db

PASSWORD = "a long word for the office"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def dana(db):
    cache.clear()  # allauth stores used codes there by user id, and every test's first user has the same id.
    return get_user_model().objects.create_user("dana", "dana@clinic.example", PASSWORD, is_staff=True)


@pytest.fixture
def limit(settings):
    def set_to(**amounts):
        settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {
            kind: (amount, timedelta(minutes=15)) for kind, amount in amounts.items()
        }

    return set_to


def log_in(client, name="dana", password=PASSWORD, next_url="/admin/", **extra):
    return client.post("/staff/login/", {"login": name, "password": password, "next": next_url}, **extra)


def code_now(steps=0):
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))


def from_address(number):
    return {"REMOTE_ADDR": f"198.51.100.{number}"}


@pytest.mark.parametrize("name", ["dana", "dana@clinic.example", "Dana@Clinic.example "])
def test_staff_log_in_with_name_or_e_mail_and_return_to_the_requested_page(client, dana, name):
    assert client.get("/admin/auth/group/").url == "/admin/login/?next=/admin/auth/group/"
    assert client.get("/admin/login/?next=/admin/auth/group/").url == "/staff/login/?next=/admin/auth/group/"
    assert log_in(client, name, next_url="/admin/auth/group/").url == "/admin/auth/group/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(("name", "called"), [("dana", "username"), ("dana@clinic.example", "email address")])
def test_a_wrong_password_gets_a_helpful_error(client, dana, name, called):
    page = unescape(log_in(client, name, password="not mine").content.decode())
    message = f"This {called} and password don't match. Check both, or choose a new password."
    assert f"<li>{message}</li>" in page
    assert page.count(message) == 1  # In the error summary, not repeated in the form.


def test_a_login_does_not_redirect_to_another_site(client, dana):
    assert log_in(client, next_url="//evil.example/").url == "/admin/"


def test_there_is_no_sign_up_and_no_email_verification(client):
    for path in ("signup/", "email/", "confirm-email/", "login/code/", "second-factor/webauthn/signup/"):
        assert client.get(f"/staff/{path}").status_code == 404


def test_deactivating_a_login_takes_effect_at_once(client, dana):
    log_in(client)
    assert client.get("/admin/").status_code == 200
    get_user_model().objects.update(is_active=False)
    assert client.get("/admin/").status_code == 302
    response = log_in(Client())
    assert (response.status_code, response.url) == (302, "/staff/inactive/")


def test_a_person_who_is_not_staff_cannot_enter_the_office(client, db):
    get_user_model().objects.create_user("sam", password=PASSWORD)
    log_in(client, "sam")
    assert client.get("/admin/login/").status_code == 403


# Rate limits


def test_the_limit_of_one_account_does_not_apply_in_a_known_browser(dana, limit):
    limit(**{"login of one account": 3})
    owner = Client()
    assert log_in(owner).status_code == 302
    owner.post("/staff/logout/")
    statuses = [log_in(Client(), password="wrong", **from_address(n)).status_code for n in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert log_in(Client(), **from_address(9)).status_code == 429
    assert log_in(owner).status_code == 302


def test_a_browser_stays_known_when_the_secret_key_is_rotated(dana, limit, settings):
    limit(**{"login of one account": 1})
    owner = Client()
    log_in(owner)
    owner.post("/staff/logout/")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-of-at-least-thirty-two-characters"
    settings.SECRET_KEY_FALLBACKS = [old]
    log_in(Client(), password="wrong", **from_address(1))
    assert log_in(Client(), **from_address(9)).status_code == 429
    assert log_in(owner).status_code == 302


def test_links_and_sessions_of_staff_survive_a_rotation_of_the_secret_key(client, dana, settings):
    log_in(client)
    dana.refresh_from_db()  # A later log-in ends a link.
    link = password_links.password_link(dana)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-of-at-least-thirty-two-characters"
    assert "no longer works" in Client().get(path_of(link), follow=True).content.decode()
    settings.SECRET_KEY_FALLBACKS = [old]
    assert "New password again" in Client().get(path_of(link), follow=True).content.decode()
    assert client.get("/admin/").status_code == 200


def test_a_browser_is_known_only_for_users_who_logged_in_there(dana, limit):
    limit(**{"login of one account": 1})
    get_user_model().objects.create_user("eve", password=PASSWORD, is_staff=True)
    browser = Client()
    log_in(browser, "eve")
    browser.post("/staff/logout/")
    assert [log_in(browser, password="wrong").status_code for _ in range(2)] == [200, 429]
    browser.cookies[throttle.COOKIE] = browser.cookies[throttle.COOKIE].value + "x"
    assert log_in(browser, "eve", "wrong").status_code == 200
    assert log_in(browser, "eve", "wrong").status_code == 429


def test_the_known_browser_cookie_is_for_login_pages_only_and_has_no_names(client, dana):
    cookie = log_in(client).cookies[throttle.COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/staff/", True, "Lax")
    assert "dana" not in cookie.value


@pytest.mark.django_db(transaction=True)
def test_concurrent_attempts_share_one_limit(dana, limit):
    limit(**{"login by name": 5})

    def attempt(_):
        try:
            return log_in(Client(), password="wrong").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(attempt, range(16)))
    assert statuses == [200] * 5 + [429] * 11


# Second factor


@pytest.fixture
def with_app(dana):
    TOTP.activate(dana, SECRET)
    RecoveryCodes.activate(dana)
    return dana


MALFORMED_CREDENTIALS = {
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


@pytest.mark.parametrize("sent", MALFORMED_CREDENTIALS.values(), ids=MALFORMED_CREDENTIALS)
def test_a_malformed_passkey_credential_is_reported_in_the_error_summary(client, with_app, sent):
    log_in(client)
    answer = client.post("/staff/second-factor/authenticate/", {"credential": sent})
    assert answer.status_code == 200
    assert re.search(r'class="error-summary".*?<li>.+?</li>.*<h1', answer.content.decode(), re.DOTALL)


@pytest.mark.parametrize("sent", MALFORMED_CREDENTIALS.values(), ids=MALFORMED_CREDENTIALS)
def test_a_malformed_passkey_credential_neither_logs_in_nor_adds_a_key(client, dana, sent):
    client.get("/staff/second-factor/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert client.post("/staff/second-factor/webauthn/login/", {"credential": sent}).url == "/staff/login/"
    assert client.get("/admin/").status_code == 302
    log_in(client)
    client.post("/staff/again/", {"password": PASSWORD})
    assert client.get("/staff/second-factor/webauthn/add/").status_code == 200
    assert client.post("/staff/second-factor/webauthn/add/", {"credential": sent}).status_code == 200
    assert not Authenticator.objects.exists()


def test_an_authenticator_app_s_code_is_required_before_the_requested_page(client, with_app):
    assert log_in(client, next_url="/admin/auth/group/").url == "/staff/second-factor/authenticate/"
    assert client.get("/admin/").status_code == 302
    assert client.post("/staff/second-factor/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/staff/second-factor/authenticate/", {"code": code_now()}).url == "/admin/auth/group/"
    assert client.get("/admin/").status_code == 200


def test_a_code_is_single_use(with_app):
    code, first, second = code_now(), Client(), Client()
    for browser in (first, second):
        log_in(browser)
    assert first.post("/staff/second-factor/authenticate/", {"code": code}).status_code == 302
    assert second.post("/staff/second-factor/authenticate/", {"code": code}).status_code == 200
    assert second.post("/staff/second-factor/authenticate/", {"code": f" {code} "}).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_concurrent_logins_with_one_code_only_one_succeeds(with_app, kind):
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


def test_wrong_codes_are_limited_by_user_from_all_addresses(with_app, limit):
    limit(**{"second factor": 2})
    statuses = []
    for number in range(3):
        browser = Client(**from_address(number))
        log_in(browser)
        statuses.append(browser.post("/staff/second-factor/authenticate/", {"code": "000000"}).status_code)
    assert statuses == [200, 200, 429]


def test_a_public_site_requires_a_second_factor(client, dana, settings):
    settings.STAFF_SECOND_FACTOR = True
    dana.is_superuser = True
    dana.save()
    log_in(client)
    for path in ("/admin/", "/admin/booking/patient/", "/admin/autocomplete/", "/admin/jsi18n/"):
        assert client.get(path).url == "/staff/second-factor/"
    page = client.get("/staff/second-factor/")
    assert "Set up a second step first" in page.content.decode()
    TOTP.activate(dana, SECRET)
    client.logout()
    log_in(client)
    client.post("/staff/second-factor/authenticate/", {"code": code_now()})
    assert client.get("/admin/").status_code == 200


def test_a_second_factor_is_required_with_https():
    assert (site.IS_HTTPS, site.STAFF_SECOND_FACTOR) == (False, False)
    assert "STAFF_SECOND_FACTOR = IS_HTTPS" in (site.BASE_DIR / "clinic" / "settings.py").read_text()


@pytest.mark.django_db(transaction=True)  # allauth sends its mails and signals after the commit.
def test_adding_one_asks_for_the_password_again_and_makes_recovery_codes(client, dana):
    client.force_login(dana)
    again = client.get("/staff/second-factor/totp/activate/")
    assert again.url == "/staff/again/?next=%2Fstaff%2Fsecond-factor%2Ftotp%2Factivate%2F"
    assert client.post(again.url, {"password": PASSWORD}).status_code == 302
    page = client.get("/staff/second-factor/totp/activate/")
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    added = client.post("/staff/second-factor/totp/activate/", {"code": code})
    assert added.url == "/staff/second-factor/recovery-codes/"
    assert len(client.get("/staff/second-factor/recovery-codes/").context["unused_codes"]) == 10
    assert [message.to for message in mail.outbox] == [["dana@clinic.example"]]
    assert "An authenticator app was added." in mail.outbox[0].body


# Idle timeout


def test_an_idle_login_ends_and_the_next_returns_to_the_page(client, dana, settings, stopped_clock):
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
        assert log_in(client, next_url="/admin/auth/group/?q=1").url == "/admin/auth/group/?q=1"


@pytest.fixture
def practitioner(dana):
    """Dana with a practitioner's rights: the own day and nothing else."""
    dana.is_superuser = False
    dana.save()
    dana.groups.add(Group.objects.get(name="Practitioner"))
    factories.make_practitioner(user=dana)
    return dana


def test_a_practitioner_lands_on_the_own_day_or_where_they_were_asked_to_log_in(client, practitioner):
    assert log_in(client, next_url="").url == "/desk/my-day/"
    assert client.get("/admin/").url == "/desk/my-day/"  # Nothing is theirs in the office.
    client.logout()
    assert log_in(client, next_url="/desk/me/").url == "/desk/me/"


def test_a_privacy_officer_lands_on_the_privacy_pages(client, dana):
    dana.is_superuser = False
    dana.save()
    dana.groups.add(Group.objects.get(name="Privacy officer"))
    assert log_in(client, next_url="").url == "/desk/privacy/"


def test_a_login_that_sees_only_the_own_day_ends_after_five_idle_minutes(client, practitioner, stopped_clock):
    import time_machine

    log_in(client)
    for minutes in (4, 8, 13):
        with time_machine.travel(stopped_clock + timedelta(minutes=minutes), tick=False):
            assert client.get("/desk/my-day/").status_code == 200
    with time_machine.travel(stopped_clock + timedelta(minutes=18, seconds=1), tick=False):
        assert client.post("/desk/my-day/quiet/").url == "/staff/login/?next=/desk/my-day/"
        assert "_auth_user_id" not in client.session
        assert log_in(client, next_url="/desk/my-day/").url == "/desk/my-day/"


def test_a_practitioner_who_also_sees_the_diary_has_the_usual_time(client, practitioner, stopped_clock):
    import time_machine

    practitioner.groups.add(Group.objects.get(name="Front desk"))
    assert log_in(client).url == "/admin/"
    with time_machine.travel(stopped_clock + timedelta(minutes=29), tick=False):
        assert client.get("/desk/").status_code == 200


def test_the_shorter_of_both_idle_times_applies(client, practitioner, settings, stopped_clock):
    import time_machine

    settings.STAFF_IDLE, settings.STAFF_IDLE_OWN_DAY = timedelta(minutes=3), timedelta(minutes=10)
    log_in(client)
    with time_machine.travel(stopped_clock + timedelta(minutes=4), tick=False):
        assert client.get("/desk/my-day/").status_code == 302


def test_a_login_ends_after_its_lifetime_however_busy_it_is(client, dana, stopped_clock):
    import time_machine

    log_in(client)
    for minutes in range(0, 12 * 60, 20):
        with time_machine.travel(stopped_clock + timedelta(minutes=minutes), tick=False):
            assert client.get("/admin/").status_code == 200
    with time_machine.travel(stopped_clock + timedelta(hours=12), tick=False):
        assert client.get("/admin/auth/group/").url == "/staff/login/?next=/admin/auth/group/"
        assert "_auth_user_id" not in client.session
        assert log_in(client).url == "/admin/"
        assert client.get("/admin/").status_code == 200


def test_a_session_of_an_earlier_release_gets_its_lifetime_from_now_on(client, dana, stopped_clock):
    import time_machine

    log_in(client)
    session = client.session
    del session["staff_login_at"], session["staff_seen_at"]
    session.save()
    client.get("/admin/")
    for hours in range(1, 12):
        with time_machine.travel(stopped_clock + timedelta(minutes=30 * hours), tick=False):
            assert client.get("/admin/").status_code == 200
    session = client.session
    session["staff_seen_at"] = (stopped_clock + timedelta(hours=12)).timestamp()
    session.save()
    with time_machine.travel(stopped_clock + timedelta(hours=12), tick=False):
        assert client.get("/admin/").status_code == 302


def test_an_idle_logout_keeps_the_booking_in_progress(client, dana, stopped_clock):
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
    return path_of(re.search(r"http://\S+/staff/password/new/\S+", message.body)[0])


def path_of(link):
    return link.removeprefix("http://127.0.0.1:8000")


def test_a_forgotten_password_is_chosen_anew_by_mail(client, dana):
    response = client.post("/staff/password/forgotten/", {"email": "dana@clinic.example"})
    assert response.url == "/staff/password/forgotten/sent/"
    password_links.send_requested_links()
    page = client.get(link_in(mail.outbox[0]), follow=True)
    address = page.redirect_chain[-1][0]
    new = "another long word to type"
    assert client.post(address, {"password1": new, "password2": new}).url == "/staff/password/new/done/"
    assert client.get("/admin/").status_code == 302
    assert log_in(client, password=new).status_code == 302
    assert "no longer works" in Client().get(link_in(mail.outbox[0])).content.decode()


def test_the_worker_sends_the_link(client, dana):
    client.post("/staff/password/forgotten/", {"email": "dana@clinic.example"})
    call_command("work", once=True)
    assert [message.to for message in mail.outbox] == [["dana@clinic.example"]]


@pytest.mark.parametrize("email", ["nobody@clinic.example", "sam@example.com", "gone@clinic.example"])
def test_unknown_addresses_get_the_same_response_and_no_mail(client, dana, email):
    get_user_model().objects.create_user("sam", "sam@example.com", PASSWORD)
    get_user_model().objects.create_user("gone", "gone@clinic.example", PASSWORD, is_staff=True, is_active=False)
    assert client.post("/staff/password/forgotten/", {"email": email}).url == "/staff/password/forgotten/sent/"
    password_links.send_requested_links()
    assert mail.outbox == []
    assert not PasswordLinkRequest.objects.exists()


def test_a_request_does_the_same_work_for_staff_and_for_strangers(client, dana):
    statements = []
    for email in ("dana@clinic.example", "nobody@clinic.example"):
        with CaptureQueriesContext(connection) as queries:
            client.post("/staff/password/forgotten/", {"email": email})
        statements.append([re.sub(r"'[^']*'|\d+", "", query["sql"]) for query in queries.captured_queries])
    assert statements[0] == statements[1]
    assert mail.outbox == []  # The worker sends it.


def test_links_for_passwords_are_limited_by_address_and_by_e_mail(dana, limit):
    limit(**{"password link": 2, "password link by e-mail": 1})
    expected = [("dana@clinic.example", 302), ("dana@clinic.example", 429), ("else@clinic.example", 429)]
    client = Client()
    assert [client.post("/staff/password/forgotten/", {"email": email}).status_code for email, _ in expected] == [
        status for _, status in expected
    ]


def test_an_unavailable_mail_server_breaks_no_page(client, dana, settings, caplog):
    settings.EMAIL_BACKEND = "tests.clinic.accounts.test_login.Away"
    assert client.post("/staff/password/forgotten/", {"email": "dana@clinic.example"}).status_code == 302
    with pytest.raises(TransportUnavailable):
        password_links.send_requested_links()
    assert "ConnectionRefusedError" in caplog.text
    assert "clinic.example" not in caplog.text


def test_a_link_is_sent_once_the_mail_server_is_back_and_only_within_an_hour(
    client, dana, settings, mailoutbox, stopped_clock
):
    import time_machine

    client.post("/staff/password/forgotten/", {"email": "Dana@Clinic.example"})
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.clinic.accounts.test_login.Away"
    with pytest.raises(TransportUnavailable):
        password_links.send_requested_links()
    settings.EMAIL_BACKEND = backend
    assert password_links.send_requested_links() == ""  # Not at once: another worker may be sending it.
    with time_machine.travel(stopped_clock + timedelta(minutes=5), tick=False):
        assert password_links.send_requested_links() == "Links for new passwords: 1."
        assert [message.to for message in mailoutbox] == [["dana@clinic.example"]]
        client.post("/staff/password/forgotten/", {"email": "dana@clinic.example"})
    with time_machine.travel(stopped_clock + timedelta(hours=2), tick=False):
        assert password_links.send_requested_links() == ""
    assert len(mailoutbox) == 1
    assert not PasswordLinkRequest.objects.exists()


class Away:
    def __init__(self, **kwargs):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError


def test_access_can_be_restored_from_the_command_line(client, with_app, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", username="boss", email="boss@clinic.example")
    assert log_in(client, "boss").url == "/admin/"
    call_command("reset_second_factor", "dana")
    assert log_in(Client()).url == "/admin/"


def test_the_audit_log_has_no_names_or_addresses(client, with_app, caplog):
    caplog.set_level(logging.INFO, "clinic.accounts")
    log_in(client, password="wrong")
    log_in(client)
    client.post("/staff/second-factor/authenticate/", {"code": "000000"})
    client.post("/staff/second-factor/authenticate/", {"code": code_now()})
    client.post("/staff/logout/")
    number = with_app.pk
    assert [record.getMessage() for record in caplog.records if record.name == "clinic.accounts"] == [
        "A try to log in failed.",
        f"Staff {number} gave a wrong code.",
        f"Staff {number} logged in (password + totp).",
        f"Staff {number} logged out.",
    ]
    assert "dana" not in caplog.text


def test_public_pages_set_no_cookie_and_login_pages_are_not_indexed(client, db):
    page = client.get("/staff/login/")
    assert '<meta name="robots" content="noindex">' in page.content.decode()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert dict(Client().get("/").cookies) == {}
