"""Menus in Chromium: reordering by keyboard and mouse, and the layout of the header from 320 px."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from content.models import Menu, MenuEntry
from content.models import Page as Written
from tests.browser.axe import OFFICE, axe_violations

LONGEST = "Wwwwwwwwww Wwwwwwwww"


def order_of(page: Page) -> list[str]:
    chosen = page.locator(".menu-entry:not(.menu-entry--new) select")
    return chosen.evaluate_all("all => all.map(one => one.selectedOptions[0].text)")


def main_menu(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()


def test_an_editor_orders_the_main_menu_and_adds_a_treatment(office: Page, site: str):
    office.goto("/admin/content/menu/")
    office.get_by_role("link", name="Main menu").click()
    assert order_of(office) == ["Treatments", "Team", "Fees", "Contact"]
    expect(office.get_by_label("Order:", exact=True).first).to_be_hidden()

    down = office.get_by_role("button", name="Move down: Treatments")
    down.focus()
    office.keyboard.press("Enter")
    expect(office.locator("p[role=status]")).to_have_text("Treatments is now number 2 of 4.")
    expect(down).to_be_focused()
    assert order_of(office) == ["Team", "Treatments", "Fees", "Contact"]

    rows = office.locator(".menu-entry")
    rows.nth(3).locator(".menu-entry__grip").drag_to(rows.nth(0), target_position={"x": 60, "y": 4})
    expect(office.locator("p[role=status]")).to_have_text("Contact is now number 1 of 4.")
    assert order_of(office) == ["Contact", "Team", "Treatments", "Fees"]

    new = office.locator(".menu-entry--new").first
    new.get_by_label("Goes to").select_option(label="Dry needling and physical therapy")
    office.get_by_role("button", name="Save and continue editing").click()
    expect(office.locator(".menu-entry .errorlist")).to_contain_text("type a shorter text")
    new.get_by_label("Text").fill("Dry needling")
    office.get_by_role("button", name="Save and continue editing").click()
    expect(office.locator(".messagelist")).to_contain_text("changed successfully")

    office.goto("/treatments/dry-needling/")
    assert main_menu(office) == ["Contact", "Team", "Treatments", "Fees", "Dry needling"]
    expect(office.locator(".site-header [aria-current=page]")).to_have_text("Dry needling")


def test_the_order_is_typed_without_javascript(office: Page, browser: Browser, site: str):
    context = browser.new_context(
        java_script_enabled=False, base_url=site, storage_state=office.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"/admin/content/menu/{Menu.objects.get(kind='main').pk}/change/")
    page.get_by_label("Order:", exact=True).first.fill("35")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/")
    assert main_menu(page) == ["Team", "Fees", "Treatments", "Contact"]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_longest_main_menu_fits_from_320_px(browser: Browser, site: str, scheme: str):
    menu = Menu.objects.get(kind="main")
    menu.entries.update(label=LONGEST)
    for page in Written.objects.filter(kind="treatment")[:2]:
        MenuEntry.objects.create(menu=menu, page=page, label=LONGEST, position=90)
    for width in (320, 768, 1024, 1280):
        context = browser.new_context(
            java_script_enabled=True, bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 800}
        )
        page_at_width = context.new_page()
        page_at_width.goto(f"{site}/treatments/")
        assert len(main_menu(page_at_width)) == 6
        assert page_at_width.evaluate("document.documentElement.scrollWidth") == width
        assert axe_violations(page_at_width) == []
        context.close()


def test_the_menu_editor_has_no_axe_violations(office: Page, browser: Browser, site: str):
    context = browser.new_context(bypass_csp=True, base_url=site, storage_state=office.context.storage_state())
    page = context.new_page()
    violations_by_page = {}
    for address in ("/admin/content/menu/", f"/admin/content/menu/{Menu.objects.first().pk}/change/"):
        page.goto(address)
        violations_by_page[re.sub(r"\d+", "x", address)] = axe_violations(page, within=OFFICE)
    context.close()
    assert violations_by_page == {"/admin/content/menu/": [], "/admin/content/menu/x/change/": []}
