"""Measure what a patient meets on a phone of 360 x 740 px: first screens, page lengths, and the way to a booking."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from bench.tables import Row, at_most

PHONE = {"width": 360, "height": 740}
BUTTONS = {
    "Book Your Back Assessment": ("/treatments/dry-needling-for-back-pain/", "/book/back-assessment/", 460),
    "Schedule Now": ("/treatments/dry-needling/", "/book/dry-needling/", 480),
}
PATIENTS = ("new", "returning")
BOOK = re.compile("Book appointment|Email me the link")  # The second where strangers have taken their share of a day.
MOST_FIRST_AVAILABLE, MOST_TIMES_PAGE, MOST_WORDS, MOST_PAGES, MOST_TAPS = 400, 1600, 1100, 5, 6
VISIBLE_WORDS = """() => document.querySelector('main').innerText.split(/\\s+/).filter(Boolean).length"""


@dataclass
class Journey:
    """Counts the pages and taps from a treatment page's button to the booking."""

    page: Page
    pages: int = 0
    taps: int = 0
    seen: list[str] = field(default_factory=list)

    def tap(self, target: Locator) -> None:
        before = self.page.url
        target.click()
        self.page.wait_for_load_state()
        self.taps += 1
        if self.page.url != before:
            self.pages += 1
            self.seen.append(self.page.url)


def measure(site: str, chromium: str) -> list[Row]:
    """The rows of the report, for both buttons, and for new and returning patients."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        rows = []
        for name, (treatment, times, most) in BUTTONS.items():
            rows += _treatment(browser, site, name, treatment, most)
            for patient in PATIENTS:
                rows += _times(browser, site, f"{times}?visit={patient}")
            rows += _journey(browser, site, name, treatment)
        browser.close()
    return rows


def _open(browser: Browser, address: str) -> Page:
    """A page on the phone, without JavaScript as far as the site is concerned: its policy allows none."""
    page = browser.new_context(viewport=PHONE, locale="en-CA").new_page()  # type: ignore[arg-type]
    page.goto(address)
    return page


def _end_of(part: Locator) -> float:
    box = part.bounding_box()
    return box["y"] + box["height"] if box else float("inf")


def _treatment(browser: Browser, site: str, name: str, path: str, most: int) -> list[Row]:
    page = _open(browser, site + path)
    hero = page.locator(".hero")
    rows = [
        at_most(f"{path}: “{name}” ends at y", _end_of(hero.get_by_role("link", name=name)), most, " px"),
        at_most("  next free time ends at y", _end_of(hero.locator(".next-free")), PHONE["height"], " px"),
        at_most("  words with all folds closed", page.evaluate(VISIBLE_WORDS), MOST_WORDS, ""),
    ]
    page.context.close()
    return rows


def _times(browser: Browser, site: str, path: str) -> list[Row]:
    page = _open(browser, site + path)
    first = _end_of(page.locator(".time-card--main"))
    listed = _end_of(page.locator(".times__list .time-button").first)
    counts = [int(text.split()[0]) if text[:1].isdigit() else 0 for text in _day_counts(page)]
    if any(counts):
        page.locator(".day-row__day").nth(counts.index(max(counts))).click()
    length = page.evaluate("document.documentElement.scrollHeight")
    rows = [
        at_most(f"{path}: “First available” ends at y", first, MOST_FIRST_AVAILABLE, " px"),
        at_most("  first listed time ends at y", listed, PHONE["height"], " px"),
        at_most("  length on the fullest day", length, MOST_TIMES_PAGE, " px", f"{max(counts, default=0)} times"),
    ]
    page.context.close()
    return rows


def _day_counts(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".day-row__count").all_text_contents()]


def _journey(browser: Browser, site: str, name: str, path: str) -> list[Row]:
    """Book as a new patient from the treatment page, safety page included."""
    journey = Journey(_open(browser, site + path))
    page = journey.page
    journey.tap(page.locator(".hero").get_by_role("link", name=name))
    journey.tap(
        page.locator(".time-card--main").get_by_role("button").or_(page.locator("button.time-card--main")).first
    )
    if page.url.endswith("/book/safety/"):
        journey.tap(page.get_by_role("link", name="None of these apply").first)
    page.get_by_label("Full name").fill("Robin Example")
    page.get_by_label("Email address").fill(f"{name.split()[0].lower()}@patients.example")
    page.get_by_label("Phone number").fill("403-555-0188")
    first_visit = page.get_by_label("No, this is a first visit")
    if first_visit.count():
        first_visit.check()
    page.wait_for_timeout(2500)  # Forms that are sent within two seconds are treated as spam.
    journey.tap(page.get_by_role("button", name="Continue").last)
    journey.tap(page.get_by_role("button", name=BOOK))
    if "/book/done/" not in page.url and "/book/check/" not in page.url:
        raise RuntimeError(f"The booking ended at {page.url}.")
    rows = [
        at_most(f"From “{name}” to booked: pages", journey.pages, MOST_PAGES, ""),
        at_most("  taps, besides the fields", journey.taps, MOST_TAPS, ""),
    ]
    page.context.close()
    return rows
