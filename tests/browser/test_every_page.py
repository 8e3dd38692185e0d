"""What holds on every public page: no sideways scroll, nothing for axe to find, nothing from elsewhere."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import what_axe_finds

NOT_THERE = ["/appointment/", "/appointment/not-a-link/", "/no-such-page/"]  # No visit, no such link, no page.
ADDRESSES = [
    "/",
    "/treatments/",
    "/treatments/dry-needling/",
    "/treatments/dry-needling-for-back-pain/",
    "/treatments/trans-non-binary-intersex-pelvic-health/",
    "/team/",
    "/team/steve-hansen/",
    "/fees/",
    "/contact/",
    "/contact/?page=/treatments/dry-needling/",
    "/privacy/",
    "/accessibility/",
    "/search/",
    "/search/?q=chest+pain",
    "/search/?q=physiotherapy",
    "/search/?q=neddling",
    "/search/?q=zzzz",
    "/search/?q=i+want+to+die",
    "/book/",
    "/book/?visit=new",
    "/book/back-assessment/",
    "/book/back-assessment/?visit=new",
    "/book/dry-needling/?visit=new",
    *NOT_THERE,
]


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_page_scrolls_sideways(page: Page, site: str, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    wide = {}
    for address in ADDRESSES:
        page.goto(f"{site}{address}")
        page_width = page.evaluate("document.documentElement.scrollWidth")
        if page_width > width:
            wide[address] = page_width
    assert wide == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, site: str, scheme: str):
    # The pages need no script; axe, which looks at them, does. It comes from outside their policy.
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    found = {}
    for address in ADDRESSES:
        page.goto(f"{site}{address}")
        violations = what_axe_finds(page)
        if violations:
            found[address] = violations
    context.close()
    assert found == {}


def test_no_page_asks_another_host_for_anything_or_breaks_its_own_policy(browser: Browser, site: str):
    context = browser.new_context(java_script_enabled=True, reduced_motion="reduce")
    page = context.new_page()
    asked, complaints = set(), []
    page.on("request", lambda request: asked.add(request.url))
    page.on("console", lambda message: complaints.append((message.location["url"], message.text)))
    page.on("response", lambda got: got.status >= 500 and complaints.append((got.url, got.status)))
    for address in ADDRESSES:
        page.goto(f"{site}{address}")
    context.close()
    assert [url for url in asked if not url.startswith(site)] == []
    # Chromium complains of each page that is not there, naming it. Nothing else may be missing.
    expected = [f"{site}{address}" for address in NOT_THERE]
    assert sorted(url for url, _text in complaints) == expected, complaints
