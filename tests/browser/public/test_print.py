"""Printing: a treatment takes two sheets, other pages at most two, always in the light colour scheme."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

TREATMENTS = [
    "/treatments/dry-needling/",
    "/treatments/dry-needling-for-back-pain/",
    "/treatments/trans-non-binary-intersex-pelvic-health/",
]


def sheet_count(page: Page, **options: Any) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(**options)))


@pytest.mark.parametrize("address", TREATMENTS, ids=lambda address: address.split("/")[2])
def test_a_treatment_prints_on_two_sheets_with_its_url_and_without_controls(page: Page, site: str, address: str):
    page.goto(f"{site}{address}")
    assert [sheet_count(page, format=sheet) for sheet in ("Letter", "A4")] == [2, 2]
    page.emulate_media(media="print")
    for heading in ("What are the risks?", "Sources and review"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.get_by_text(f"This page: {site}{address}")).to_be_visible()
    expect(page.get_by_text("Next free").first).to_be_hidden()
    expect(page.get_by_role("link", name=re.compile("^(Book|Schedule)")).first).to_be_hidden()


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/", 2),
        ("/treatments/", 1),
        ("/team/", 1),
        ("/team/steve-hansen/", 1),
        ("/fees/", 2),
        ("/about-us/", 2),
        ("/privacy/", 2),
        ("/accessibility/", 2),
    ],
)
def test_a_page_prints_on_one_or_two_sheets_without_controls(page: Page, site: str, address: str, most: int):
    page.goto(f"{site}{address}")
    assert max(sheet_count(page, format=sheet) for sheet in ("Letter", "A4")) <= most
    page.emulate_media(media="print")
    footer = page.get_by_role("contentinfo")
    expect(footer.get_by_role("link", name=re.compile("^Call "))).to_be_visible()
    expect(footer.get_by_role("link", name="Send a message")).to_be_hidden()


def test_printing_in_the_dark_scheme_uses_light_colours_and_the_day_map(page: Page, site: str):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{site}/contact/")
    day_map, night_map = page.locator(".map__day img"), page.locator(".map__night img")
    expect(night_map).to_be_visible()
    expect(day_map).to_be_hidden()
    page.emulate_media(color_scheme="dark", media="print")
    expect(day_map).to_be_visible()
    expect(night_map).to_be_hidden()
    assert day_map.evaluate("map => map.complete && map.naturalWidth > 0")
    expect(page.locator("main")).to_have_css("color", "rgb(20, 40, 43)")
    page.emulate_media(color_scheme="light", media="screen")
    expect(day_map).to_be_visible()
    expect(night_map).to_be_hidden()
