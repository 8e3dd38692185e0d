"""A patient fills in the sample clinic's back-pain history on a phone, by keyboard and without JavaScript."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from booking import messages, tokens
from booking.intake.encryption import decrypt
from booking.models import Appointment, IntakeAnswers, Location, Practitioner, Service
from tests.browser.axe import page_violations
from tests.support import factories

PICTURES = os.environ.get("PICTURES_OF_FORMS", "")  # A folder, to look at the pages.


@pytest.fixture
def visit(site: str) -> Appointment:
    service = Service.objects.get(slug="back-assessment")
    return factories.make_appointment(
        service=service,
        practitioner=Practitioner.objects.get(slug="steve-hansen"),
        location=Location.objects.get(),
        starts_at=timezone.now() + timedelta(days=4),
        is_first_visit=True,
    )


@pytest.fixture
def phone(browser: Browser, site: str) -> Page:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="en-CA", base_url=site
    )
    return context.new_page()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with this id or these words has the focus."""
    for _ in range(90):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        words = " ".join((focused.text_content() or "").split()) if focused.count() else ""
        if words == name or (focused.count() and focused.get_attribute("id") == name):
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def press(page: Page, name: str) -> None:
    tab_to(page, name)
    page.locator(":focus").press("Enter")


def id_of(page: Page, label: str) -> str:
    return page.get_by_label(label, exact=True).first.get_attribute("id") or ""


def test_a_patient_fills_in_the_form_on_a_phone_by_keyboard(phone: Page, visit: Appointment):
    messages.enqueue_booking(visit, now=timezone.now() - timedelta(minutes=5))
    call_command("work", once=True, verbosity=0)
    (email,) = (sent for sent in mail.outbox if sent.to == [visit.patient.email])
    assert "Please fill in a short form before you come" in email.body
    (link,) = set(re.findall(r"/appointment/[\w-]{43}/", email.body))
    phone.goto(link)
    picture(phone, "manage-360")
    press(phone, "Fill in the form")
    picture(phone, "start-360")
    press(phone, "Start")
    picture(phone, "page1-360")

    press(phone, "Save and continue")
    expect(phone).to_have_title(re.compile("^Error: "))
    expect(phone.locator(":focus")).to_contain_text("There are 3 problems")
    picture(phone, "error-360")
    tab_to(phone, id_of(phone, "Lower back"))
    phone.keyboard.press("Space")
    tab_to(phone, id_of(phone, "Less than two weeks"))
    phone.keyboard.press("ArrowDown")
    tab_to(phone, id_of(phone, "0"))
    for _ in range(6):
        phone.keyboard.press("ArrowRight")
    press(phone, "Save and continue")

    tab_to(phone, phone.locator("textarea").first.get_attribute("id") or "")
    phone.keyboard.type("Lifting my daughter")
    picture(phone, "page2-360")
    press(phone, "Save and continue")
    picture(phone, "page3-360")
    press(phone, "Save and continue")

    expect(phone.get_by_role("heading", name="Check your answers")).to_be_visible()
    expect(phone.get_by_text("6 out of 10")).to_be_visible()
    picture(phone, "review-360")
    press(phone, "Change page 2")
    assert phone.locator("textarea").first.input_value() == "Lifting my daughter"
    press(phone, "Save")
    press(phone, "Send my answers")
    expect(phone.get_by_text("Thank you. We have your answers.")).to_be_visible()
    picture(phone, "sent-360")

    row = IntakeAnswers.objects.get()
    assert row.state == "done"
    assert "Lifting my daughter" in decrypt(row.ciphertext, appointment=visit.uid).values()
    assert "Lifting" not in row.ciphertext


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (768, "dark"), (1280, "light"), (1280, "dark")])
def test_each_page_passes_axe(browser: Browser, site: str, visit: Appointment, width: int, scheme: str):
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, viewport={"width": width, "height": 800}, color_scheme=scheme,
        reduced_motion="reduce", base_url=site,
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"/appointment/{tokens.manage_token(visit)}/")
    found = {"manage": page_violations(page)}
    for address in ("/appointment/form/", "/appointment/form/1/"):
        page.goto(address)
        found[address] = page_violations(page)
        picture(page, f"{address.strip('/').replace('/', '-')}-{width}-{scheme}")
    page.get_by_role("button", name="Save and continue").click()
    found["errors"] = page_violations(page)
    page.get_by_label("Lower back").check()
    page.get_by_label("It comes and goes").check()
    page.get_by_label("7", exact=True).check()
    for name in ("page 2", "page 3", "review"):
        page.get_by_role("button", name="Save and continue").click()
        found[name] = page_violations(page)
        picture(page, f"{name}-{width}-{scheme}")
    context.close()
    assert {name: violations for name, violations in found.items() if violations} == {}
