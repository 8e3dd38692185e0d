"""Every state of the booking pages in a browser: no axe violations, no horizontal scrolling at 400 % zoom.

The responses are collected once with a frozen clock (tests/support/states.py), and served to the browser at separate
URLs with the site's stylesheet.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.axe import RULES, axe_violations
from tests.support import states

_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
Visit = Callable[[Page], Iterator[str]]
# Slow: about eighty states, each in two colour schemes and two window sizes.
pytestmark = pytest.mark.prove


def _fulfil_with(response: Any) -> Callable[[Route], None]:
    headers = {"Content-Type": response.headers["Content-Type"]}
    return lambda route: route.fulfill(status=response.status_code, headers=headers, body=response.content)


@pytest.fixture
def visit_each(transactional_db: None, live_server: Any, settings: Any) -> Visit:
    """A function that opens each state in a page and yields its name."""
    settings.SITE_URL = live_server.url
    responses = states.collect()

    def visit(page: Page) -> Iterator[str]:
        for name, response in responses.items():
            address = f"{live_server.url}/state/{quote(name)}/"

            page.route(address, _fulfil_with(response))
            page.goto(address)
            yield name

    return visit


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_has_axe_violations(browser: Browser, visit_each: Visit, scheme: str):
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce"
    )
    page, violations_by_state = context.new_page(), {}
    # The dark scheme differs only in its colours.
    rules = RULES if scheme == "light" else _COLOURS
    for name in visit_each(page):
        violations = axe_violations(page, rules=rules)
        if violations:
            violations_by_state[name] = violations
    context.close()
    assert violations_by_state == {}


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
