"""A session keeps its access only if it has passed the second step of a login that has one."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client, RequestFactory

from booking.views.session import BOOKING_KEY
from clinic.accounts import second_factor

pytestmark = pytest.mark.django_db
PASSWORD = "a long word for the office"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TOTP_PAGE = "/staff/second-factor/totp/activate/"


@pytest.fixture
def dana():
    cache.clear()  # allauth stores used codes there by user id, and every test's first user has the same id.
    return get_user_model().objects.create_superuser("dana", "dana@clinic.example", PASSWORD)


def logged_in(code_of=None):
    """A browser that has logged in with the password and, if asked for, the code of this secret."""
    client = Client()
    client.post("/staff/login/", {"login": "dana", "password": PASSWORD, "next": "/admin/"})
    if code_of:
        client.post("/staff/second-factor/authenticate/", {"code": code_now(code_of)})
    return client


def code_now(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def set_up_app(client):
    """Add an authenticator app in this browser."""
    again = client.get(TOTP_PAGE)
    if again.status_code == 302:
        client.post(again.url, {"password": PASSWORD})
    secret = client.get(TOTP_PAGE).context["form"].secret
    assert client.post(TOTP_PAGE, {"code": code_now(secret)}).status_code == 302


def has_access(client) -> bool:
    return client.get("/admin/").status_code == 200


@pytest.mark.django_db(transaction=True)  # allauth sends its signals after the commit.
def test_a_factor_set_up_in_one_browser_ends_the_sessions_of_others(dana):
    thief, own = logged_in(), logged_in()
    assert has_access(thief)
    set_up_app(own)
    assert has_access(own)
    response = thief.get("/admin/booking/patient/")
    assert response.url == "/staff/login/?next=/admin/booking/patient/"
    assert "Your login now has a second step." in thief.get(response.url).content.decode()
    assert not has_access(thief)


@pytest.mark.parametrize("address", ["/staff/second-factor/", TOTP_PAGE, "/staff/password/", "/admin/jsi18n/"])
def test_such_a_session_opens_no_staff_page(address, dana):
    thief = logged_in()
    TOTP.activate(dana, SECRET)
    assert thief.get(address).url.startswith("/staff/login/?next=")


def test_such_a_session_changes_nothing(dana):
    thief = logged_in()
    TOTP.activate(dana, SECRET)
    response = thief.post("/admin/auth/group/add/", {"name": "Mine"})
    assert response.url == "/staff/login/?next=/admin/"
    assert not has_access(thief)


def test_such_a_session_is_a_visitor_on_public_pages(dana):
    thief = logged_in()
    request = RequestFactory().get("/book/")
    request.user, request.session = dana, thief.session
    assert second_factor.has_office_access(request)
    TOTP.activate(dana, SECRET)
    assert not second_factor.has_office_access(request)


def test_a_session_with_a_factor_that_was_replaced_elsewhere_ends(dana):
    """The lost device's session does not outlive the device's removal."""
    TOTP.activate(dana, SECRET)
    lost = logged_in(code_of=SECRET)
    assert has_access(lost)
    second_factor.reset(dana)
    TOTP.activate(dana, SECRET)
    assert not has_access(lost)


def test_a_session_that_passed_the_step_stays_when_another_factor_is_added(dana):
    TOTP.activate(dana, SECRET)
    client = logged_in(code_of=SECRET)
    Authenticator.objects.create(user=dana, type=Authenticator.Type.WEBAUTHN, data={})
    assert has_access(client)


def test_without_any_factor_a_password_is_enough_where_none_is_required(dana):
    assert has_access(logged_in())


def test_a_booking_in_progress_in_the_same_browser_survives(dana):
    client = logged_in()
    session = client.session
    session[BOOKING_KEY] = {"service": 1}
    session.save()
    TOTP.activate(dana, SECRET)
    client.get("/admin/")
    assert client.session[BOOKING_KEY] == {"service": 1}
