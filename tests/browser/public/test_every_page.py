"""Every public page: no horizontal scrolling, no axe violations, no requests to other hosts."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import axe_violations

NOT_FOUND = ["/appointment/", "/appointment/not-a-link/", "/no-such-page/"]
ADDRESSES = [
    "/",
    "/treatments/",
    "/treatments/dry-needling/",
    "/treatments/dry-needling-for-back-pain/",
    "/treatments/trans-non-binary-intersex-pelvic-health/",
    "/team/",
    "/team/steve-hansen/",
    "/fees/",
    "/about-us/",
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
    *NOT_FOUND,
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
def test_there_are_no_axe_violations(browser: Browser, site: str, scheme: str):
    # axe needs JavaScript and bypass_csp; the pages do not.
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    violations_by_page = {}
    for address in ADDRESSES:
        page.goto(f"{site}{address}")
        violations = axe_violations(page)
        if violations:
            violations_by_page[address] = violations
    context.close()
    assert violations_by_page == {}


def test_no_page_requests_other_hosts_or_violates_its_csp(browser: Browser, site: str):
    context = browser.new_context(java_script_enabled=True, reduced_motion="reduce")
    page = context.new_page()
    urls, errors = set(), []
    page.on("request", lambda request: urls.add(request.url))
    page.on("console", lambda message: errors.append((message.location["url"], message.text)))
    page.on("response", lambda response: response.status >= 500 and errors.append((response.url, response.status)))
    for address in ADDRESSES:
        page.goto(f"{site}{address}")
    context.close()
    assert [url for url in urls if not url.startswith(site)] == []
    # Chromium logs an error for each 404. There must be no other errors.
    expected = [f"{site}{address}" for address in NOT_FOUND]
    assert sorted(url for url, _text in errors) == expected, errors
