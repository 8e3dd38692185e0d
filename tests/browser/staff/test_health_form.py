"""A practitioner reads a patient's health form on the own day, marks it as read, and prints it on paper."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from booking.models import Appointment, IntakeAnswers, IntakeForm, Location, Practitioner
from tests.browser.axe import page_violations
from tests.support import factories, intake

PICTURES = os.environ.get("PICTURES_OF_FORMS", "")  # A folder, to look at the pages.


@pytest.fixture
def visit(site: str) -> Appointment:
    """This morning's visit of Steve, whose patient has filled in the form."""
    steve, location = Practitioner.objects.get(slug="steve-hansen"), Location.objects.get()
    now = timezone.now()
    form = intake.make_form()
    service = factories.make_service(name="Knee assessment", intake_form=form)
    visit = factories.make_appointment(
        service=service, practitioner=steve, location=location, starts_at=now + timedelta(hours=2)
    )
    intake.fill_in(visit)
    return visit


@pytest.fixture
def steve(
    browser: Browser, site: str, console_errors: list[str], log_in: Callable[[BrowserContext, Any], None]
) -> Page:
    user = get_user_model().objects.create_user("steve", "steve@dynamic-physio.example", is_staff=True)
    user.groups.add(Group.objects.get(name="Practitioner"))
    Practitioner.objects.filter(slug="steve-hansen").update(user=user)
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, viewport={"width": 768, "height": 1000}, locale="en-CA",
        base_url=site,
    )  # fmt: skip
    log_in(context, user)
    page = context.new_page()
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    return page


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def test_a_practitioner_reads_marks_and_prints_a_form(steve: Page, visit: Appointment):
    steve.goto("/desk/my-day/")
    picture(steve, "my-day")
    steve.get_by_role("link", name="Form done").click()
    expect(steve.get_by_role("heading", name="About you: Alice Martin")).to_be_visible()
    expect(steve.get_by_text("7 out of 10")).to_be_visible()
    assert page_violations(steve) == []
    picture(steve, "read-768")
    steve.get_by_role("button", name="Mark as read").click()
    expect(steve.get_by_text("Read by steve on")).to_be_visible()
    expect(steve.get_by_role("button", name="Mark as read")).to_have_count(0)
    assert IntakeAnswers.objects.get().read_by.username == "steve"

    steve.emulate_media(media="print")
    expect(steve.get_by_role("link", name="Back to the visit")).to_be_hidden()
    expect(steve.get_by_role("navigation", name="My pages")).to_be_hidden()
    expect(steve.get_by_text("7 out of 10")).to_be_visible()
    expect(steve.get_by_text("Shred after use.")).to_be_visible()
    picture(steve, "read-print")
    steve.emulate_media(media="screen")
    steve.get_by_role("link", name="Back to the visit").click()
    expect(steve.get_by_text("Form read")).to_be_visible()
    picture(steve, "panel")


def test_the_owner_builds_a_form_in_the_office(office: Page):
    office.goto("/admin/booking/intakeform/add/")
    office.get_by_label("Name", exact=False).first.fill("Knees")
    office.get_by_text("Add another question", exact=False).click()
    office.locator("#id_questions-0-label").fill("Which knee is it?")
    office.locator("#id_questions-0-why").fill("So that we look at the right one.")
    office.locator("#id_questions-0-kind").select_option("choice")
    office.locator("#id_questions-0-choices").fill("Left\nRight\nBoth")
    office.get_by_label("Switched on").check()
    picture(office, "admin-add")
    office.get_by_role("button", name="Save and continue editing").click()
    expect(office.get_by_text("1, answered for 0 visits.")).to_be_visible()
    picture(office, "admin")
    form = IntakeForm.objects.get(name="Knees")
    assert form.versions.get().questions[0]["choices"] == ["Left", "Right", "Both"]
