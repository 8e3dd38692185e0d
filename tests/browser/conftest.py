"""Fixtures of browser tests: Chromium, without JavaScript by default, and a live server with the sample clinic."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from booking.models import Location
from tests.conftest import CHROMIUM
from tests.support.sample import load_sample

# Playwright runs an event loop in this thread, in which Django would refuse the tests' queries.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"java_script_enabled": False, "reduced_motion": "reduce", "locale": "en-CA"}


@pytest.fixture(scope="session", autouse=True)
def _wait_for_load_after_actions() -> Iterator[None]:
    """Make ``click`` and ``press`` wait until the next page has loaded, as ``goto`` does.

    By default they return with the first byte of the response: ``all()`` would find only the elements so far.
    """

    def with_load(action: Callable[..., None]) -> Callable[..., None]:
        def wrapped(self: Locator, *args: Any, **kwargs: Any) -> None:
            action(self, *args, **kwargs)
            self.page.wait_for_load_state("load")

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        for name in ("click", "press"):
            patch.setattr(Locator, name, with_load(getattr(Locator, name)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _stylesheet() -> None:
    call_command("build_static", verbosity=0)


@pytest.fixture
def site(transactional_db: None, live_server: Any, settings: Any) -> str:
    """The URL of a live server with the sample clinic."""
    settings.SITE_URL = live_server.url
    load_sample()
    return str(live_server.url)


@pytest.fixture(autouse=True)
def _running_clock(running_clock: datetime) -> None:
    """Let the clock run, because forms must not be sent within two seconds."""


@pytest.fixture
def tomorrow(site: str) -> datetime:
    """Tomorrow at 11:15 a.m. in the clinic's time zone."""
    zone = Location.objects.get().zone
    day = timezone.localdate(timezone=zone) + timedelta(days=1)
    return datetime.combine(day, time(11, 15), tzinfo=zone).astimezone(UTC)


@pytest.fixture
def page(page: Page) -> Page:
    page.set_default_timeout(15_000)
    return page
