"""Folded sections in a browser, without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from content.models import RiskTable
from tests.support.content_factories import make_page, make_revision, make_section, make_sources


@pytest.fixture
def address(site: str) -> str:
    page = make_page(slug="folded")
    make_section(page, heading="What it is", ordering=1)
    make_section(page, heading="What are the risks?", is_folded=True, short_answer="Few.", ordering=2)
    rows = [{"effect": "A bruise", "how_often": "8 in 100", "sources": "1"}]
    table = {"heading": "In numbers", "level": 3, "caption": "Of 100", "rows": rows}
    RiskTable.objects.create(parent=page, region="main", ordering=3, **table)
    make_section(page, heading="After", ordering=4)
    make_sources(page, "Brady 2014")
    make_revision(page)
    return f"{site}/treatments/folded/"


def test_a_fold_is_closed_and_tells_its_heading_and_short_answer(page: Page, address: str):
    page.goto(address)
    expect(page.get_by_role("heading", name="What are the risks?", level=2)).to_be_visible()
    expect(page.get_by_text("Few.", exact=True)).to_be_visible()
    expect(page.get_by_text("8 in 100")).to_be_hidden()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_fold_opens_and_closes_with_the_keyboard(page: Page, address: str, key: str):
    page.goto(address)
    page.locator("article summary").first.focus()
    page.keyboard.press(key)
    expect(page.get_by_text("8 in 100")).to_be_visible()
    page.keyboard.press(key)
    expect(page.get_by_text("8 in 100")).to_be_hidden()


def test_a_link_to_the_heading_of_a_fold_goes_there(page: Page, address: str):
    page.set_viewport_size({"width": 360, "height": 300})
    page.goto(f"{address}#what-are-the-risks")
    expect(page.get_by_role("heading", name="What are the risks?")).to_be_in_viewport()


@pytest.mark.parametrize("fragment", ["#in-numbers", "#:~:text=8%20in%20100"], ids=["anchor", "text"])
def test_a_link_to_something_inside_a_fold_opens_it(page: Page, address: str, fragment: str):
    page.goto(address + fragment)
    expect(page.get_by_text("8 in 100")).to_be_visible()


def test_everything_folded_is_printed(page: Page, address: str):
    page.goto(address)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="What are the risks?")).to_be_visible()
    expect(page.get_by_text("8 in 100")).to_be_visible()
    inside = page.get_by_text("8 in 100").bounding_box()
    after = page.get_by_role("heading", name="After", exact=True).bounding_box()
    assert inside is not None
    assert after is not None
    assert inside["height"] > 0
    assert (after["x"], after["y"]) > (inside["x"], inside["y"])  # A leaflet has two columns.
