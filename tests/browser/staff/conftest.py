"""Fixtures of browser tests of the admin."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, BrowserContext, Page, expect


@pytest.fixture
def console_errors() -> Iterator[list[str]]:
    """Errors and dialogs of the browser, such as CSP violations and failed scripts. Any of them fails the test."""
    errors: list[str] = []
    yield errors
    # Invalid forms and conflicts are expected, and so is that Playwright's own listeners do not run in the sandboxed
    # frame of the editor's preview.
    expected = ("status of 422", "status of 409", "/frame/' because the document's frame is sandboxed")
    assert [text for text in errors if not any(words in text for words in expected)] == []


@pytest.fixture
def log_in(client: Any, live_server: Any, settings: Any) -> Callable[[BrowserContext, Any], None]:
    """A function that logs a user in to a browser without the login page, which has tests of its own."""

    def log_in(context: BrowserContext, user: Any) -> None:
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": session.key, "value": session.value, "url": live_server.url}])

    return log_in


@pytest.fixture
def office(
    browser: Browser, site: str, console_errors: list[str], log_in: Callable[[BrowserContext, Any], None]
) -> Iterator[Page]:
    """A page with JavaScript, logged in to the admin as a superuser."""
    user = get_user_model().objects.create_superuser("steve", "steve@dynamic-physio.example", "canola-foothills-42")
    context = browser.new_context(
        java_script_enabled=True, viewport={"width": 1280, "height": 1000}, locale="en-CA", base_url=site
    )
    log_in(context, user)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    page.on("dialog", lambda dialog: console_errors.append(dialog.message))
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Today and everything else")).to_be_visible()
    yield page
    context.close()
