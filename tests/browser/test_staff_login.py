"""Staff log in, in a real Chromium: with an app's code, with a passkey, and again after a pause."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth import get_user_model
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import what_axe_finds

PASSWORD = "a long word for the office"


@pytest.fixture
def complaints() -> list[Any]:
    return []


@pytest.fixture
def office(browser: Browser, complaints: list[Any], site: str) -> Iterator[Page]:
    cache.clear()
    get_user_model().objects.create_superuser("dana", "dana@clinic.example", PASSWORD)
    context = browser.new_context(java_script_enabled=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def address(site: str) -> str:
    """Passkeys need a name: no browser makes one for 127.0.0.1."""
    return site.replace("127.0.0.1", "localhost")


def log_in(page: Page) -> None:
    page.get_by_label("Username or e-mail").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def confirm_password(page: Page) -> None:
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def in_the_office(page: Page) -> None:
    expect(page.get_by_role("heading", name="Today and everything else")).to_be_visible()


def is_clean(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert what_axe_finds(page) == []


def test_a_password_and_an_apps_code(office: Page, site: str, complaints: list[Any], settings: Any):
    settings.STAFF_SECOND_FACTOR = True
    page = office
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site}/admin/booking/patient/")
    is_clean(page)
    log_in(page)
    expect(page.get_by_role("heading", name="Set up a second step first")).to_be_visible()
    is_clean(page)
    page.get_by_role("link", name="Add an authenticator app").click()
    is_clean(page)
    confirm_password(page)
    is_clean(page)
    page.get_by_text("I cannot use the camera").click()
    secret = page.locator("code.staff-codes").inner_text()
    step = int(time.time()) // 30
    page.get_by_label("The six digits that the app shows").fill(format_hotp_value(hotp_value(secret, step - 1)))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    is_clean(page)
    spare = page.locator("ol.staff-codes li").first.inner_text()
    page.get_by_role("link", name="Done").click()
    is_clean(page)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{site}/admin/booking/patient/")
    log_in(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    is_clean(page)
    page.get_by_label("Code from your app").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.get_by_label("Code from your app").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{site}/admin/booking/patient/")
    page.goto(f"{site}/staff/logout/")
    page.get_by_role("button", name="Log out").click()
    log_in(page)
    page.get_by_label("Code from your app").fill(spare)
    page.get_by_role("button", name="Continue").click()
    in_the_office(page)
    assert complaints == []


def test_a_passkey_is_made_and_logs_in_alone(office: Page, address: str, complaints: list[Any], settings: Any):
    settings.SITE_URL = address
    page = office
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    page.goto(f"{address}/staff/second-factor/")
    log_in(page)
    page.get_by_role("link", name="Add a passkey").click()
    confirm_password(page)
    is_clean(page)
    page.get_by_label("A name for it").fill("My phone")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert [key.wrap().name for key in Authenticator.objects.filter(type="webauthn")] == ["My phone"]
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Change your passkeys").click()
    is_clean(page)
    page.get_by_role("link", name="Your login").click()
    page.get_by_role("button", name="Log out").click()

    page.goto(f"{address}/admin/booking/patient/")
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page).to_have_url(f"{address}/admin/booking/patient/")

    page.goto(f"{address}/staff/logout/")
    page.get_by_role("button", name="Log out").click()
    log_in(page)
    is_clean(page)
    page.get_by_role("button", name="Use a passkey").click()
    in_the_office(page)
    assert complaints == []


def test_an_idle_login_ends_and_the_next_leads_back(office: Page, site: str, settings: Any):
    page = office
    page.goto(f"{site}/admin/booking/patient/?q=alice")
    log_in(page)
    expect(page).to_have_url(f"{site}/admin/booking/patient/?q=alice")
    settings.STAFF_IDLE = timedelta(0)
    page.get_by_role("link", name="Home").first.click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    settings.STAFF_IDLE = timedelta(minutes=30)
    log_in(page)
    in_the_office(page)


def test_the_password_way_needs_no_scripts(page: Page, site: str):
    get_user_model().objects.create_superuser("dana", "dana@clinic.example", PASSWORD)
    page.goto(f"{site}/admin/")
    expect(page.get_by_role("button", name="Use a passkey instead")).to_be_hidden()
    log_in(page)
    in_the_office(page)
