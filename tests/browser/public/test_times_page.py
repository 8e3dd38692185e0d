"""The times page on a phone: what the first screen shows, how long the page is, and how to get about in it."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import axe_violations
from tests.support.clock import TEST_NOW

PHONE = {"width": 360, "height": 740}
ADDRESS = "/book/back-assessment/"


@pytest.fixture
def phone(page: Page, site: str) -> Page:
    page.set_viewport_size(PHONE)
    page.goto(f"{site}{ADDRESS}")
    return page


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).locator("visible=true").first.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


@pytest.mark.parametrize("query", ["", "?visit=new", "?visit=returning"])
def test_the_first_screen_shows_the_first_available_time_and_a_time_of_the_day(page: Page, site: str, query: str):
    page.set_viewport_size(PHONE)
    page.goto(f"{site}{ADDRESS}{query}")
    assert bottom(page, ".time-card--main") < 400
    assert bottom(page, ".times__list .time-button") < PHONE["height"]
    expect(page.locator(".time-card--main")).to_contain_text("First available")


def test_the_page_of_the_fullest_day_is_short_and_unfolds_at_most_24_times(phone: Page, site: str):
    counts = phone.locator(".day-row__count").all_text_contents()
    numbers = [int(re.sub(r"\D", "", text) or 0) for text in counts]
    phone.locator(".day-row__day").nth(numbers.index(max(numbers))).click()
    assert phone.evaluate("document.documentElement.scrollHeight") <= 1600
    assert 0 < phone.locator(".times__list .time-button").locator("visible=true").count() <= 24


def test_one_tap_on_a_time_leads_to_the_next_page(phone: Page):
    phone.locator(".times__list .time-button").first.click()
    expect(phone).to_have_url(re.compile("/book/safety/"))


def test_everything_that_is_pressed_is_large_enough(phone: Page):
    phone.locator(".people-choice summary").click()
    small = phone.evaluate(
        """() => [...document.querySelectorAll("main :is(a, button, summary)")]
        .filter((one) => one.checkVisibility() && !one.closest("p") && !one.matches(".skip-link"))
        .filter((one) => one.getBoundingClientRect().height < 43.5)
        .map((one) => one.textContent.trim())"""
    )
    assert small == []


def test_the_calendar_leads_to_a_day_by_keyboard(phone: Page):
    summary = phone.locator(".calendar__month summary")
    summary.focus()
    phone.keyboard.press("Enter")
    day = phone.locator(".calendar__day--free").nth(10)
    name = day.locator(".visually-hidden").text_content() or ""
    day.focus()
    phone.keyboard.press("Enter")
    expect(phone.locator(".times__day")).to_contain_text(name.partition(",")[0])
    expect(phone.locator(".day-row__day[aria-current=date]")).to_have_count(1)


def test_a_day_and_a_time_are_named_in_full_for_screen_readers(phone: Page):
    days = phone.get_by_role("navigation", name="Days").get_by_role("link")
    expect(days.nth(1)).to_have_accessible_name(re.compile(r"^\w+day, \w+ \d+, (\d+ free|full|none free|closed)$"))
    times = phone.locator(".times__list").first.get_by_role("button")
    expect(times.first).to_have_accessible_name(re.compile(r"^(\d+:\d\d [ap]\.m\.) with \w+ \w+"))
    expect(phone.get_by_role("heading", level=1)).to_have_text("Choose a time")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_has_axe_violations_or_scrolls_sideways(browser: Browser, site: str, scheme: str):
    far = TEST_NOW.date() + timedelta(days=45)
    problems = {}
    for width in (320, 360, 1280):
        # axe needs JavaScript and bypass_csp; the pages do not.
        context = browser.new_context(
            bypass_csp=True, reduced_motion="reduce", color_scheme=scheme, viewport={"width": width, "height": 740}
        )
        page = context.new_page()
        for address in (
            ADDRESS,
            f"{ADDRESS}?day={far.isoformat()}&part=evening",
            f"{ADDRESS}?practitioner=amara-okafor",
            f"{ADDRESS}?start={(TEST_NOW + timedelta(days=1)):%Y-%m-%d}T15:01Z",
            "/book/dry-needling/",
        ):
            page.goto(f"{site}{address}")
            page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            violations = axe_violations(page)
            wide = page.evaluate("document.documentElement.scrollWidth")
            if violations or wide > width:
                problems[address, width] = (violations, wide)
        context.close()
    assert problems == {}
