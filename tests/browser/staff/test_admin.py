"""The admin in Chromium: no CSP violations, and the diary works without JavaScript."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Page, expect

from booking.models import Appointment, Location, Practitioner, Service
from tests.browser.axe import OFFICE, page_violations
from tests.support import factories

PAGES = [
    "",
    "booking/closure/statutory/",
    "booking/practitioner/{practitioner}/change/",
    "booking/service/add/",
    "booking/location/{location}/change/",
    "booking/timeoff/",
    "booking/message/",
    "booking/samplerow/",
    "clinic/staffmember/",
    "content/page/",
]


def log_in(page: Page, site: str) -> None:
    get_user_model().objects.create_superuser("dana", "dana@clinic.example", "a long word for the office")
    page.goto(f"{site}/admin/")
    page.get_by_label("Username or email").fill("dana")
    page.get_by_label("Password").fill("a long word for the office")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Today and everything else")).to_be_visible()


@pytest.fixture
def page_with_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def visit(site: str, tomorrow: datetime) -> Appointment:
    service = Service.objects.get(slug="physiotherapy-assessment")
    practitioner = Practitioner.objects.filter(services=service).first()
    return factories.make_appointment(
        service=service, practitioner=practitioner, location=Location.objects.get(), starts_at=tomorrow
    )


@pytest.fixture
def values(visit: Appointment) -> dict[str, Any]:
    """Values of the placeholders in PAGES."""
    return {
        "practitioner": visit.practitioner_id,
        "location": visit.location_id,
    }


def test_no_admin_page_violates_its_csp(page_with_scripts: Page, site: str, values: dict[str, Any]):
    console_errors: list[Any] = []
    page = page_with_scripts
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    log_in(page, site)
    for address in PAGES:
        response = page.goto(f"{site}/admin/{address.format(**values)}", wait_until="networkidle")
        assert response is not None
        assert (address, response.status, console_errors) == (address, 200, [])


def test_a_visit_is_cancelled_at_the_desk_without_javascript(page: Page, site: str, visit: Appointment):
    log_in(page, site)
    page.goto(f"{site}/admin/booking/appointment/")
    page.get_by_label("Go to a day").fill(visit.local_on.isoformat())
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_role("link", name="Alice Martin").first.click()
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_label("In words").fill("Called in with a cold")
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.get_by_text("Alice Martin").first).to_be_visible()
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason) == ("cancelled", "Called in with a cold")


@pytest.mark.prove
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_admin_page_has_axe_violations(browser: Browser, site: str, values: dict[str, Any], scheme: Any):
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, viewport={"width": 360, "height": 800}
    )
    page, violations_by_page = context.new_page(), {}
    log_in(page, site)
    for address in PAGES:
        page.goto(f"{site}/admin/{address.format(**values)}")
        if wrong := page_violations(page, within=OFFICE):
            violations_by_page[address] = wrong
    context.close()
    assert violations_by_page == {}
