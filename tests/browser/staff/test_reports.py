"""The owner's numbers in a browser: reached from the desk, without a script, in both schemes and on any screen."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from booking.models import Appointment, BookingStepCount, Location, Practitioner, Service
from tests.browser.axe import page_violations
from tests.support import factories

WIDTHS = (360, 768, 1280)


@pytest.fixture
def numbers(site: str) -> str:
    """The URL of the numbers of the last 60 days, which have counts of every kind."""
    today = timezone.localdate()
    service, location = Service.objects.first(), Location.objects.first()
    for step, count in zip(BookingStepCount.Step, (120, 50, 37, 33, 6, 5), strict=True):
        BookingStepCount.objects.create(day=today, service=service, location=location, step=step, count=count)
    Appointment.objects.filter(status="booked", starts_at__lt=timezone.now()).update(status="fulfilled")
    return f"{site}/desk/reports/?from={today - timedelta(days=60)}&to={today}"


def log_in_owner(log_in: Any, context: Any) -> None:
    user, _ = get_user_model().objects.get_or_create(username="dana", email="dana@clinic.example", is_staff=True)
    user.groups.add(Group.objects.get(name="Owner"))
    log_in(context, user)


def test_an_owner_reads_the_numbers_and_takes_a_table_along(browser: Browser, numbers: str, site: str, log_in: Any):
    context = browser.new_context(java_script_enabled=False, base_url=site)
    log_in_owner(log_in, context)
    page = context.new_page()
    page.goto("/desk/")
    page.get_by_role("link", name="Numbers").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(timezone.localdate().year))
    page.goto(numbers)
    expect(page.get_by_role("img", name="“Choose a time” was opened 120 times, 33 booked")).to_be_visible()
    page.get_by_text("Show as a table: Online booking").click()
    expect(page.get_by_role("row", name="Gave their details 37")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV.*Online booking")).click()
    assert download.value.suggested_filename.startswith("booking-")
    page.get_by_role("link", name="This year").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("January 1")
    page.get_by_label("From").fill(timezone.localdate().replace(day=1).isoformat())
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("link", name="This month")).to_have_attribute("aria-current", "true")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_there_are_no_axe_violations_on_any_screen(browser: Browser, numbers: str, site: str, log_in: Any, scheme: Any):
    violations = {}
    for width in WIDTHS:
        context = browser.new_context(
            java_script_enabled=True, bypass_csp=True, color_scheme=scheme, base_url=site,
            viewport={"width": width, "height": 900},
        )  # fmt: skip
        log_in_owner(log_in, context)
        page: Page = context.new_page()
        page.goto(numbers)
        for fold in page.get_by_text("Show as a table").all():
            fold.click()
        if wrong := page_violations(page):
            violations[width] = wrong
        context.close()
    assert violations == {}


def test_on_paper_no_table_is_cut_off(browser: Browser, numbers: str, site: str, log_in: Any):
    service, person = Service.objects.first(), Practitioner.objects.first()
    factories.make_appointment(
        service=service, practitioner=person, location=Location.objects.first(), status="fulfilled",
        starts_at=timezone.now() - timedelta(days=3),
    )  # fmt: skip
    letter_across = {"width": 979, "height": 740}  # 11 inches less margins of 10 mm, at 96 to the inch.
    context = browser.new_context(java_script_enabled=False, base_url=site, viewport=letter_across)
    log_in_owner(log_in, context)
    page = context.new_page()
    page.goto(numbers)
    page.emulate_media(media="print")
    expect(page.get_by_role("columnheader", name="Fees")).to_be_visible()
    tables = page.locator(".reports table")
    ends = tables.evaluate_all("tables => tables.map(table => table.getBoundingClientRect().right)")
    assert max(ends) <= letter_across["width"]
    context.close()
