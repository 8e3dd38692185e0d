"""Fixtures of browser tests of the admin."""

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Page, expect


@pytest.fixture
def console_errors() -> Iterator[list[str]]:
    """Errors and dialogs of the browser, such as CSP violations and failed scripts. Any of them fails the test."""
    errors: list[str] = []
    yield errors
    # Invalid forms and conflicts are expected.
    assert [text for text in errors if "status of 422" not in text and "status of 409" not in text] == []


@pytest.fixture
def office(browser: Browser, site: str, console_errors: list[str]) -> Iterator[Page]:
    """A page with JavaScript, logged in to the admin as a superuser."""
    get_user_model().objects.create_superuser("steve", "steve@dynamic-physio.example", "canola-foothills-42")
    context = browser.new_context(
        java_script_enabled=True, viewport={"width": 1280, "height": 1000}, locale="en-CA", base_url=site
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    page.on("dialog", lambda dialog: console_errors.append(dialog.message))
    page.goto("/admin/login/")
    page.get_by_label("Username or email").fill("steve")
    page.get_by_label("Password").fill("canola-foothills-42")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Today and everything else")).to_be_visible()
    yield page
    context.close()
