"""On paper: a treatment page is a leaflet of two sheets at most, and says where it comes from."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

TREATMENTS = [
    "/treatments/dry-needling/",
    "/treatments/dry-needling-for-back-pain/",
    "/treatments/trans-non-binary-intersex-pelvic-health/",
]


def sheets_of(page: Page, **options: Any) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(**options)))


@pytest.mark.parametrize("address", TREATMENTS, ids=lambda address: address.split("/")[2])
def test_a_treatment_prints_on_two_sheets_with_its_place_and_without_what_is_for_a_screen(
    page: Page, site: str, address: str
):
    page.goto(f"{site}{address}")
    assert [sheets_of(page, format=sheet) for sheet in ("Letter", "A4")] == [2, 2]
    page.emulate_media(media="print")
    for heading in ("What are the risks?", "When to get help quickly", "Sources"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.get_by_text(f"This page: {site}{address}")).to_be_visible()
    expect(page.get_by_text("Next free time")).to_be_hidden()
    expect(page.get_by_role("link", name=re.compile("^(Book|Schedule)")).first).to_be_hidden()
