"""A real Chromium, the sample clinic, and nothing that needs JavaScript."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Locator, Page, expect

from tests.conftest import CHROMIUM

# Playwright runs an event loop in this thread; the tests' own queries are none of its business.
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
def _a_page_is_there_when_its_link_was_pressed() -> Iterator[None]:
    """Pressing ends with the next page loaded, as ``goto`` does; by itself it ends when the answer's first byte came.

    Who then asks for "all rows" gets those that were read so far, on a busy machine none.
    """

    def to_the_end(act: Callable[..., None]) -> Callable[..., None]:
        def acted(self: Locator, *args: Any, **given: Any) -> None:
            act(self, *args, **given)
            self.page.wait_for_load_state("load")

        return acted

    with pytest.MonkeyPatch.context() as patch:
        for name in ("click", "press"):
            patch.setattr(Locator, name, to_the_end(getattr(Locator, name)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _stylesheet() -> None:
    call_command("build_static", verbosity=0)


@pytest.fixture
def site(transactional_db: None, live_server: Any, settings: Any) -> str:
    """The address of a running site with the sample clinic."""
    settings.SITE_URL = live_server.url
    call_command("load_sample", verbosity=0)
    return str(live_server.url)


@pytest.fixture
def page(page: Page) -> Page:
    page.set_default_timeout(15_000)
    return page
