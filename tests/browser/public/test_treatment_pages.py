"""Treatment pages on a phone and on a computer: what stands on the first screen, and what stays in sight."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from booking.models import WorkingHours

PHONE, TABLET = {"width": 360, "height": 740}, {"width": 768, "height": 1024}
COMPUTER = {"width": 1280, "height": 800}
BACK, NEEDLING = "/treatments/dry-needling-for-back-pain/", "/treatments/dry-needling/"


def end_of(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


@pytest.mark.parametrize(
    ("address", "label", "most"),
    [(BACK, "Book Your Back Assessment", 460), (NEEDLING, "Schedule Now", 480)],
    ids=["back pain", "dry needling"],
)
def test_the_button_and_the_next_free_time_stand_on_a_phone_s_first_screen(
    page: Page, site: str, address: str, label: str, most: int
):
    page.set_viewport_size(PHONE)
    page.goto(site + address)
    hero = page.locator(".hero")
    assert end_of(hero.get_by_role("link", name=label, exact=True)) < most
    assert end_of(hero.locator(".next-free")) < PHONE["height"]
    picture = hero.get_by_role("img").last.bounding_box()
    assert picture is not None
    assert picture["y"] < PHONE["height"], "The top of the picture is in sight."
    assert end_of(page.get_by_label("About this site")) < 30, "The sample's banner takes one line."


def test_the_next_free_time_opens_booking_at_that_time(page: Page, site: str):
    page.set_viewport_size(PHONE)
    page.goto(site + BACK)
    link = page.locator(".hero .next-free")
    clock = link.locator("time").inner_text().rpartition(", ")[2]
    link.click()
    assert "/book/back-assessment/?start=" in page.url
    expect(page.locator(".time-card--main")).to_contain_text(clock)


def test_without_a_free_time_the_waitlist_stands_in_its_place(page: Page, site: str):
    WorkingHours.objects.all().delete()
    page.set_viewport_size(PHONE)
    page.goto(site + BACK)
    link = page.locator(".hero .next-free")
    expect(link).to_contain_text("Join the waitlist")
    assert end_of(link) < PHONE["height"]
    link.click()
    assert "/book/back-assessment/waitlist/" in page.url


CANOLA = "rgb(244, 197, 49)"
TOP_PICK = """(button) => {
  const box = button.getBoundingClientRect();
  const x = box.left + box.width / 2;
  const points = [box.top + 4, box.top + box.height / 2, box.bottom - 4].filter((y) => y > 0 && y < innerHeight);
  return points.some((y) => button.contains(document.elementFromPoint(x, y)));
}"""


MIDDLE_PICK = """(one) => {
  const box = one.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, Math.min(box.top + box.height / 2, innerHeight - 1));
  return one.contains(top) || top.contains(one);
}"""


def canola_buttons(page: Page) -> list[str]:
    """Return the canola buttons of which a part is in sight, not covered by anything."""
    buttons = page.locator("main .button").all()
    return [
        button.inner_text()
        for button in buttons
        if button.is_visible()
        and button.evaluate("one => getComputedStyle(one).backgroundColor") == CANOLA
        and button.evaluate(TOP_PICK)
    ]


@pytest.mark.parametrize("address", [BACK, NEEDLING], ids=["back pain", "dry needling"])
@pytest.mark.parametrize("size", [PHONE, TABLET, COMPUTER], ids=["phone", "tablet", "computer"])
def test_there_is_never_a_second_canola_button_in_sight(
    browser: Browser, site: str, address: str, size: dict[str, int]
):
    context = browser.new_context(viewport=size, reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    page.goto(site + address)
    height, most = page.evaluate("document.documentElement.scrollHeight"), 0
    for top in range(0, height - size["height"] + 1, 90):
        page.evaluate(f"scrollTo(0, {top})")
        found = canola_buttons(page)
        assert len(found) < 2, (top, found)
        most = max(most, len(found))
    assert most == 1
    context.close()


def test_on_a_phone_the_button_stays_at_the_foot_of_the_window(page: Page, site: str):
    page.set_viewport_size(PHONE)
    page.goto(site + BACK)
    button = page.locator(".book-bar").get_by_role("link", name="Book Your Back Assessment")
    expect(button).not_to_be_in_viewport()
    for heading in page.locator("article summary h2").all()[2:5]:
        heading.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=1)
    page.get_by_role("contentinfo").scroll_into_view_if_needed()
    expect(button).not_to_be_in_viewport()


@pytest.mark.parametrize(
    "size", [COMPUTER, {"width": 320, "height": 256}, {"width": 740, "height": 360}], ids=["computer", "400 %", "low"]
)
def test_there_is_no_bar_on_a_computer_or_in_a_low_window(page: Page, site: str, size: dict[str, int]):
    page.set_viewport_size(size)
    page.goto(site + BACK)
    expect(page.locator(".book-bar")).to_be_hidden()


def test_the_bar_never_hides_what_has_the_focus(page: Page, site: str):
    page.set_viewport_size(PHONE)
    page.goto(site + BACK)
    hidden = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator("main :focus")
        if not focused.count():
            continue
        if not focused.evaluate(MIDDLE_PICK):
            hidden.append(focused.inner_text())
    assert hidden == []


@pytest.mark.parametrize(("size", "is_phone"), [(PHONE, True), (COMPUTER, False)], ids=["phone", "computer"])
def test_the_header_has_the_number_on_a_phone_and_a_quiet_button_on_a_computer(
    page: Page, site: str, size: dict[str, int], is_phone: bool
):
    page.set_viewport_size(size)
    page.goto(site + BACK)
    header = page.get_by_role("banner")
    expect(header.get_by_role("link", name="Call 403-555-0140")).to_be_visible(visible=is_phone)
    expect(header.get_by_role("link", name="Book online")).to_be_visible(visible=not is_phone)
    page.goto(f"{site}/fees/")
    expect(header.get_by_role("link", name="Book online")).to_be_visible()


def test_the_facts_stay_beside_the_text_on_a_computer_and_the_contents_are_gone_on_a_phone(page: Page, site: str):
    page.set_viewport_size(COMPUTER)
    page.goto(site + BACK)
    page.get_by_role("heading", name="Sources and review").scroll_into_view_if_needed()
    expect(page.get_by_role("heading", name="Back assessment", exact=True)).to_be_in_viewport()
    expect(page.get_by_role("navigation", name="On this page")).to_be_visible()
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("navigation", name="On this page")).to_be_hidden()
