"""Several appointments in one go on a phone: the whole way, with and without JavaScript, by keyboard, and for axe."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from booking.models import Appointment, Status
from tests.browser.axe import page_violations

PHONE = {"width": 360, "height": 740}
ADDRESS = "/book/back-assessment/?visit=new"
PICTURES = os.environ.get("PICTURES_OF_SEVERAL")  # A folder, to look at the pages.


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=whole)


@pytest.fixture(params=[False, True], ids=["without JavaScript", "with JavaScript"])
def phone(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param, reduced_motion="reduce", viewport=PHONE)
    yield context.new_page()
    context.close()


def choose_one_next_week(page: Page) -> None:
    page.get_by_role("link", name="Next week").click()
    page.locator(".times__list .time-button[aria-pressed=false]").locator("visible=true").first.click()


def fill_in(page: Page) -> None:
    page.get_by_label("Full name").fill("Alice Martin")
    page.get_by_label("Email address").fill("alice@patients.example")
    page.get_by_label("Phone", exact=False).first.fill("403-555-0188")


def test_a_course_of_four_weeks_is_booked_in_one_go(phone: Page, site: str):
    phone.goto(site + ADDRESS)
    phone.get_by_role("link", name="Book more than one appointment").click()
    expect(phone.get_by_role("heading", name="Choose your times")).to_be_visible()
    picture(phone, "empty")
    choose_one_next_week(phone)
    pressed = phone.locator(".times__list .time-button[aria-pressed=true]")
    expect(pressed).to_have_count(1)
    expect(phone.locator(".tray")).to_contain_text("1 appointment")
    picture(phone, "one")

    phone.get_by_role("link", name="4", exact=False).locator("visible=true").filter(has_text=re.compile("^4")).click()
    expect(phone.get_by_role("heading", name="Every week for 4 weeks")).to_be_visible()
    picture(phone, "weeks")
    phone.get_by_role("button", name=re.compile("^Hold these? ")).click()
    expect(phone.locator(".tray")).to_contain_text("4 appointments")
    picture(phone, "four")
    phone.locator(".tray summary").click()
    phone.get_by_role("button", name="Remove").last.click()
    expect(phone.locator(".tray")).to_contain_text("3 appointments")
    phone.get_by_role("link", name="Book these 3 appointments").click()

    expect(phone).to_have_url(re.compile("/book/safety/"))
    phone.get_by_role("link", name="None of these apply: continue").click()
    fill_in(phone)
    phone.locator("summary", has_text="Is one of them for someone else?").click()
    phone.get_by_label("Name, for", exact=False).last.fill("Lea Martin")
    picture(phone, "details", whole=True)
    phone.wait_for_timeout(2500)  # Forms that are sent within two seconds are treated as spam.
    phone.get_by_role("button", name="Continue").last.click()
    expect(phone).to_have_url(re.compile("/book/check/"))
    expect(phone.get_by_text("For Lea Martin")).to_be_visible()
    picture(phone, "review", whole=True)
    phone.get_by_role("button", name="Book all 3 appointments").click()
    expect(phone.get_by_role("heading", name="Your 3 appointments are booked")).to_be_visible()
    picture(phone, "done", whole=True)
    assert Appointment.objects.filter(status=Status.BOOKED, patient__name="Alice Martin").count() == 2
    assert Appointment.objects.filter(status=Status.BOOKED, patient__name="Lea Martin").count() == 1


def test_a_time_is_held_and_returned_by_keyboard_with_the_focus_kept(phone: Page, site: str):
    phone.goto(site + ADDRESS + "&several=1")
    button = phone.locator(".times__list .time-button").locator("visible=true").first
    button.focus()
    anchor = button.get_attribute("id")
    phone.keyboard.press("Enter")
    phone.wait_for_url(re.compile(f"#{anchor}$"))
    focused = phone.locator(":focus")
    expect(focused).to_have_attribute("id", anchor or "")
    expect(focused).to_have_attribute("aria-pressed", "true")
    box, tray = focused.bounding_box(), phone.locator(".tray").bounding_box()
    assert box is not None
    assert tray is not None
    days = phone.locator(".day-row").bounding_box()
    assert days is not None
    assert days["y"] + days["height"] <= box["y"], "The days cover what has the focus."
    assert box["y"] + box["height"] <= tray["y"], "The tray covers what has the focus."
    phone.keyboard.press("Enter")
    expect(phone.locator(f"#{anchor}")).to_have_attribute("aria-pressed", "false")
    assert not Appointment.objects.filter(status=Status.HELD).exists()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (768, "dark"), (1280, "light")])
def test_the_pages_pass_axe_and_do_not_scroll_sideways(browser: Browser, site: str, width: int, scheme: str):
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce",
        viewport={"width": width, "height": 3000},  # So high that the tray covers no time while axe measures them.
    )  # fmt: skip
    page = context.new_page()
    found = {}

    def look(name: str) -> None:
        picture(page, f"{name}-{width}-{scheme}", whole=True)
        found[name] = page_violations(page)

    page.goto(site + ADDRESS + "&several=1")
    look("hint")
    choose_one_next_week(page)
    look("tray")
    page.goto(page.url.split("#")[0] + "&weeks=4")
    look("weeks")
    page.get_by_role("button", name=re.compile("^Hold these? ")).click()
    page.get_by_role("link", name=re.compile("^Book these ")).click()
    page.get_by_role("link", name="None of these apply: continue").click()
    look("details")
    fill_in(page)
    page.wait_for_timeout(2500)
    page.get_by_role("button", name="Continue").last.click()
    look("review")
    page.get_by_role("button", name=re.compile("^Book all ")).click()
    look("done")
    context.close()
    assert not {name: violations for name, violations in found.items() if violations}
