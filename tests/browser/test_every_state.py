"""Every state of the booking in a real browser: nothing for axe to find, no sideways scroll at 400 % zoom.

The answers are collected once with the clock stopped, and shown at addresses of their own, with the
site's real stylesheet.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route

from tests import states
from tests.browser.axe import RULES, what_axe_finds

_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
Visit = Callable[[Page], Iterator[str]]
# Some eighty states, each in two schemes and at two sizes: longer than a test that is run all day should take.
pytestmark = pytest.mark.prove


def _answering(response: Any) -> Callable[[Route], None]:
    headers = {"Content-Type": response.headers["Content-Type"]}
    return lambda route: route.fulfill(status=response.status_code, headers=headers, body=response.content)


@pytest.fixture
def visit_each(transactional_db: None, live_server: Any, settings: Any) -> Visit:
    """Open each state in a page, one after the other; yields its name."""
    settings.SITE_URL = live_server.url
    answers = states.collect()

    def visit(page: Page) -> Iterator[str]:
        for name, response in answers.items():
            address = f"{live_server.url}/state/{quote(name)}/"

            page.route(address, _answering(response))
            page.goto(address)
            yield name

    return visit


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(browser: Browser, visit_each: Visit, scheme: str):
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce"
    )
    page, found = context.new_page(), {}
    # By night only the colours are others.
    rules = RULES if scheme == "light" else _COLOURS
    for name in visit_each(page):
        violations = what_axe_finds(page, rules=rules)
        if violations:
            found[name] = violations
    context.close()
    assert found == {}


@pytest.mark.parametrize(
    "window",
    [
        {"viewport": {"width": 320, "height": 640}},
        {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4},
    ],
    ids=["a narrow phone", "1280 by 1024 pixels at 400 %"],
)
def test_no_state_scrolls_sideways(browser: Browser, visit_each: Visit, window: dict[str, Any]):
    context = browser.new_context(java_script_enabled=False, reduced_motion="reduce", **window)
    page, wide = context.new_page(), {}
    for name in visit_each(page):
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide[name] = width
    context.close()
    assert wide == {}
