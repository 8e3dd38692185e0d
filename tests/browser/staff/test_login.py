"""Staff login in Chromium: with an authenticator app, with a passkey, and after the idle timeout."""

import re
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

from tests.browser.axe import axe_violations

PASSWORD = "a long word for the office"


@pytest.fixture
def console_errors() -> list[Any]:
    return []


@pytest.fixture
def phone_page(browser: Browser, console_errors: list[Any], site: str) -> Iterator[Page]:
    cache.clear()
    get_user_model().objects.create_superuser("dana", "dana@clinic.example", PASSWORD)
    context = browser.new_context(java_script_enabled=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def address(site: str) -> str:
    """Passkeys need a host name: browsers refuse them for 127.0.0.1."""
    return site.replace("127.0.0.1", "localhost")


def log_in(page: Page) -> None:
    page.get_by_label("Username or email").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def confirm_password(page: Page) -> None:
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def expect_start_page(page: Page) -> None:
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def assert_accessible(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert axe_violations(page) == []


def test_login_with_a_password_and_a_code(phone_page: Page, site: str, console_errors: list[Any], settings: Any):
    settings.STAFF_SECOND_FACTOR = True
    page = phone_page
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site}/desk/patients/")
    assert_accessible(page)
    log_in(page)
    expect(page.get_by_role("heading", name="Set up a second step first")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Add an authenticator app").click()
    assert_accessible(page)
    confirm_password(page)
    assert_accessible(page)
    page.get_by_text("I can't use the camera").click()
    secret = page.locator("code.staff-codes").inner_text()
    step = int(time.time()) // 30
    page.get_by_label("The six digits the app shows").fill(format_hotp_value(hotp_value(secret, step - 1)))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert_accessible(page)
    recovery_code = page.locator("ol.staff-codes li").first.inner_text()
    page.get_by_role("link", name="Done").click()
    assert_accessible(page)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{site}/desk/patients/")
    log_in(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Code from your app").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name=re.compile("^There (is a problem|are \\d+ problems)$"))).to_be_visible()
    page.get_by_label("Code from your app").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{site}/desk/patients/")
    page.goto(f"{site}/staff/logout/")
    page.get_by_role("button", name="Log out").click()
    log_in(page)
    page.get_by_label("Code from your app").fill(recovery_code)
    page.get_by_role("button", name="Continue").click()
    expect_start_page(page)
    assert console_errors == []


def test_login_with_a_passkey_alone(phone_page: Page, address: str, console_errors: list[Any], settings: Any):
    settings.SITE_URL = address
    page = phone_page
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
    assert_accessible(page)
    page.get_by_label("Name").fill("My phone")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert [key.wrap().name for key in Authenticator.objects.filter(type="webauthn")] == ["My phone"]
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Change your passkeys").click()
    assert_accessible(page)
    page.get_by_role("link", name="Your login").click()
    page.get_by_role("button", name="Log out").click()

    page.goto(f"{address}/desk/patients/")
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page).to_have_url(f"{address}/desk/patients/")

    page.goto(f"{address}/staff/logout/")
    page.get_by_role("button", name="Log out").click()
    log_in(page)
    assert_accessible(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect_start_page(page)
    assert console_errors == []


def test_an_idle_login_ends_and_the_next_returns_to_the_page(phone_page: Page, site: str, settings: Any):
    page = phone_page
    page.goto(f"{site}/desk/patients/?page=2")
    log_in(page)
    expect(page).to_have_url(f"{site}/desk/patients/?page=2")
    settings.STAFF_IDLE = timedelta(0)
    page.get_by_role("link", name="Calendar").first.click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    settings.STAFF_IDLE = timedelta(minutes=30)
    log_in(page)
    expect_start_page(page)


def test_a_password_login_needs_no_javascript(page: Page, site: str):
    get_user_model().objects.create_superuser("dana", "dana@clinic.example", PASSWORD)
    page.goto(f"{site}/admin/")
    expect(page.get_by_role("button", name="Use a passkey instead")).to_be_hidden()
    log_in(page)
    expect_start_page(page)
