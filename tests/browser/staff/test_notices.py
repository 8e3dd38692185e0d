"""Notices and special hours on every page: axe, 320 px, without JavaScript, and printed."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from booking.models import Location, SpecialHours
from content.models import Notice, PageFeedback
from content.models import Page as Written
from tests.browser.axe import page_violations

PAGES = ["/", "/contact/", "/treatments/dry-needling/", "/contact/helped/", "/book/"]


@pytest.fixture
def notices_site(site: str) -> str:
    """The sample clinic with a notice of every tone, and special hours within the week."""
    now = timezone.now()
    contact = Written.objects.get(kind="contact")
    for position, tone in enumerate(Notice.Tone):
        Notice.objects.create(
            title="The water main in Elizabeth Street is being repaired",
            text="Please come in by the back door. Your visit goes ahead.",
            tone=tone,
            starts_at=now - timedelta(hours=1),
            page=contact,
            link_label="How to find us",
            position=position,
        )
    SpecialHours.objects.create(
        location=Location.objects.get(),
        on=now.date() + timedelta(days=3),
        opens="09:00",
        closes="12:00",
        name="Training",
    )
    return site


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_axe_violations_or_scrolls_sideways_at_320_px(browser: Browser, notices_site: str, scheme: str):
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, viewport={"width": 320, "height": 800}
    )
    page = context.new_page()
    violations_by_page = {}
    for address in PAGES:
        page.goto(f"{notices_site}{address}")
        if wrong := page_violations(page):
            violations_by_page[address] = wrong
    context.close()
    assert violations_by_page == {}


def test_feedback_that_a_page_helped_needs_no_javascript_and_no_cookie(page: Page, notices_site: str):
    page.goto(f"{notices_site}/treatments/dry-needling/")
    page.get_by_role("button", name="Yes, it helped").press("Enter")
    expect(page.get_by_role("heading", name="Thanks for letting us know.")).to_be_visible()
    assert page.context.cookies() == []
    assert PageFeedback.objects.get().helped == 1


def test_contact_prints_on_one_sheet(browser: Browser, notices_site: str):
    Notice.objects.all().delete()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{notices_site}/contact/")
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="Letter"))
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Call or stop by")).to_be_visible()
    expect(page.get_by_role("button", name="Send the message")).to_be_hidden()
    context.close()
    assert len(sheets) == 1
