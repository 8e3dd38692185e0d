"""Book at the front desk: how many clicks, words and keys a caller takes, and the same without JavaScript."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from booking.models import Appointment, Location, Patient, Practitioner
from tests.browser.axe import axe_violations
from tests.browser.effort import Effort, Took
from tests.support import factories


@pytest.fixture
def margaret(site: str) -> Patient:
    factories.make_patient(name="Peter Olsen", phone="+14035550172")
    return factories.make_patient(name="Margaret Olsen", phone="+14035550171", email="margaret@patients.example")


@pytest.fixture
def quiet_day(site: str) -> datetime:
    """A working day without visits, two weeks ahead."""
    day = timezone.localdate() + timedelta(days=14)
    while day.weekday() > 3:
        day += timedelta(days=1)
    Appointment.objects.filter(local_on=day).update(status="cancelled")
    return datetime(day.year, day.month, day.day, tzinfo=Location.objects.get().zone)


def gap_on(page: Page, day: datetime) -> Locator:
    page.goto(f"/desk/?day={day:%Y-%m-%d}")
    return page.locator("a.gap").first


def booked(page: Page, name: str) -> Appointment:
    expect(page.get_by_text(f"Booked: {name}")).to_be_visible()
    return Appointment.objects.select_related("patient").get(patient__name=name, status="booked")


def test_a_known_caller_takes_four_steps_and_no_page_load(office: Page, margaret: Patient, quiet_day: datetime):
    gap, effort = gap_on(office, quiet_day), Effort(office)
    effort.click(gap)
    expect(office.get_by_label("Patient", exact=True)).to_be_focused()
    effort.type("marga")
    effort.press("Enter")
    expect(office.locator(".booking__chosen")).to_be_focused()
    effort.press("Control+Enter")
    visit = booked(office, "Margaret Olsen")
    assert (visit.patient, visit.local_on) == (margaret, quiet_day.date())
    assert effort.took == Took(clicks=1, texts=1, keys=2, loads=0)


def test_a_new_caller_takes_five_steps_and_three_fields(office: Page, margaret: Patient, quiet_day: datetime):
    gap, effort = gap_on(office, quiet_day), Effort(office)
    effort.click(gap)
    expect(office.get_by_label("Patient", exact=True)).to_be_focused()
    effort.type("Bev Nakamura")
    effort.press("Enter")
    expect(office.get_by_label("Phone", exact=True)).to_be_focused()
    assert office.locator(".booking__new .field:visible").count() == 3
    effort.type("403 555 0199")
    effort.press("Control+Enter")
    visit = booked(office, "Bev Nakamura")
    assert (str(visit.patient.phone), visit.is_first_visit) == ("+14035550199", True)
    assert effort.took == Took(clicks=1, texts=2, keys=2, loads=0)


def test_a_walk_in_takes_five_steps(office: Page, margaret: Patient):
    """Whoever works all day and night is free now."""
    person = Practitioner.objects.active().filter(services__isnull=False).first()
    person.working_hours.all().delete()
    factories.make_hours(
        person, Location.objects.get(), weekdays=range(7), start_time=datetime.min.time(), end_time=datetime.max.time()
    )
    Appointment.objects.filter(local_on=timezone.localdate()).update(status="cancelled")
    office.goto("/desk/")
    effort = Effort(office)
    effort.click(office.get_by_role("link", name="Book", exact=True))
    effort.click(office.get_by_role("button", name="Now").first)
    expect(office.get_by_label("Patient", exact=True)).to_be_focused()
    effort.type("margaret")
    effort.press("Enter")
    expect(office.locator(".booking__chosen")).to_be_focused()
    effort.press("Control+Enter")
    visit = booked(office, "Margaret Olsen")
    assert abs(visit.starts_at - timezone.now()) < timedelta(minutes=10)
    assert effort.took == Took(clicks=2, texts=1, keys=2, loads=0)


def test_arrows_choose_and_a_duplicate_is_named_while_typing(office: Page, margaret: Patient, quiet_day: datetime):
    gap_on(office, quiet_day).click()
    box = office.get_by_label("Patient", exact=True)
    box.press_sequentially("olsen")
    expect(office.get_by_role("button", name="Peter Olsen")).to_be_visible()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        office.keyboard.press(key)
    expect(office.locator(".booking__chosen")).to_contain_text("Peter Olsen")
    office.get_by_role("button", name="Search again").click()
    office.get_by_role("button", name="New patient").click()
    office.get_by_label("Name", exact=True).press_sequentially("Margret Olsen")
    office.get_by_role("button", name="Use Margaret Olsen").click()
    expect(office.locator(".booking__chosen")).to_contain_text("Margaret Olsen")
    assert office.get_by_label("Name", exact=True).count() == 0


def test_the_box_in_the_bar_opens_and_books(office: Page, margaret: Patient, quiet_day: datetime):
    gap_on(office, quiet_day)
    effort = Effort(office)
    box = office.get_by_label("Find a patient")
    box.focus()
    effort.type("0171")
    expect(office.locator("#desk-found").get_by_text("Margaret Olsen").first).to_be_visible()
    effort.press("Shift+Enter")
    expect(office.locator(".booking__chosen")).to_contain_text("Margaret Olsen")
    expect(box).to_have_value("")
    box.focus()
    effort.type("Zed Zulu")
    effort.press("Enter")
    expect(office.get_by_label("Name", exact=True)).to_have_value("Zed Zulu")
    assert effort.took.loads == 0
    office.route(re.compile(rf"/{margaret.pk}/"), lambda route: route.fulfill(status=204))
    box.focus()
    office.keyboard.type("margaret")
    with office.expect_request(re.compile(rf"patients?/{margaret.pk}/")):
        office.keyboard.press("Enter")


@pytest.fixture
def plain(browser: Browser, site: str) -> Any:
    """The desk without JavaScript, as a superuser."""
    get_user_model().objects.create_superuser("steve", "steve@dynamic-physio.example", "canola-foothills-42")
    context = browser.new_context(java_script_enabled=False, base_url=site, locale="en-CA")
    page = context.new_page()
    page.goto("/desk/")
    page.get_by_label("Username or email").fill("steve")
    page.get_by_label("Password").fill("canola-foothills-42")
    page.get_by_role("button", name="Log in").click()
    yield page
    context.close()


def test_the_same_jobs_work_without_javascript(plain: Page, margaret: Patient, quiet_day: datetime):
    gap_on(plain, quiet_day).click()
    plain.get_by_label("Patient", exact=True).fill("olsen")
    plain.get_by_label("Note").fill("Uses a walker")
    plain.get_by_label("Patient", exact=True).press("Enter")
    plain.get_by_role("button", name="Margaret Olsen").click()
    expect(plain.get_by_label("Note")).to_have_value("Uses a walker")
    plain.get_by_role("button", name="Book Margaret").click()
    assert booked(plain, "Margaret Olsen").notes.get().text == "Uses a walker"

    plain.get_by_label("Find a patient").fill("Bev Nakamura")
    plain.get_by_role("button", name="Find", exact=True).click()
    plain.get_by_role("button", name="New patient “Bev Nakamura”").click()
    plain.get_by_label("Phone", exact=True).fill("403 555 0171")
    plain.get_by_label("Day", exact=True).fill(f"{quiet_day:%Y-%m-%d}")
    plain.locator(".visit-row input").first.check()
    plain.get_by_role("button", name="Show free times").click()
    plain.locator("button[name=take]").first.click()
    plain.get_by_role("button", name="Book Bev").click()
    expect(plain.get_by_text("same phone or email")).to_be_visible()
    plain.get_by_label("Book as a new patient all the same").check()
    plain.get_by_role("button", name="Book Bev").click()
    assert booked(plain, "Bev Nakamura").local_on >= quiet_day.date()


@pytest.mark.prove  # Takes long.
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 1024, 360])
def test_the_panel_and_the_results_have_no_axe_violations(
    browser: Browser, plain: Page, margaret: Patient, quiet_day: datetime, site: str, scheme: Any, width: int
):
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, base_url=site,
        viewport={"width": width, "height": 900}, storage_state=plain.context.storage_state(),
    )  # fmt: skip
    page = context.new_page()
    violations = {}

    def check(name: str, within: str | None = None) -> None:
        if found := axe_violations(page, within=within):
            violations[name] = found
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            violations[f"{name} scrolls sideways"] = []

    gap_on(page, quiet_day).click()
    page.get_by_label("Patient", exact=True).press_sequentially("olsen")
    expect(page.get_by_role("button", name="Peter Olsen")).to_be_visible()
    check("results")
    page.get_by_role("button", name="Peter Olsen").click()
    expect(page.locator(".booking__chosen")).to_be_visible()
    check("chosen")
    page.get_by_role("button", name="Another time").click()
    page.locator("input[name=at]").fill("03:00")
    page.get_by_role("button", name="Book Peter").click()
    expect(page.get_by_text("Book it all the same")).to_be_visible()
    check("question")
    page.goto("/desk/?do=book")
    check("any time")
    page.get_by_label("Find a patient").press_sequentially("olsen")
    expect(page.locator("#desk-found").get_by_text("Peter Olsen").first).to_be_visible()
    check("find", within="#desk-found")  # The list covers a part of what stands below it.
    context.close()
    assert violations == {}
