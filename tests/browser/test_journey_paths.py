"""The ways a booking can go besides the straight one, without JavaScript."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from booking.models import Appointment, Patient, PractitionerService, Service
from tests import make

NAME, EMAIL = "Zoë O’Brien-Łukasz", "zoe@patients.example"


def hold_a_time(page: Page, site: str) -> Appointment:
    """From the list of visits to the details of a first back visit, whose time is held."""
    page.goto(f"{site}/book/")
    page.get_by_role("link", name=Service.objects.get(slug="back-assessment").name).first.click()
    page.get_by_role("radio", name=re.compile("minutes, with")).last.check(force=True)
    page.get_by_label("No, this is my first visit").check()
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(re.compile("/book/safety/"))
    page.get_by_role("link", name="None of these: continue").click()
    expect(page).to_have_url(re.compile("/book/details/"))
    return Appointment.objects.get(status="held")


def fill_in(page: Page) -> None:
    page.get_by_label("Full name").fill(NAME)
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Phone number").fill("403-555-0188")
    page.wait_for_timeout(2_100)  # The form knows that nobody types this in less than two seconds.


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def reach_the_check(page: Page, site: str) -> Appointment:
    held = hold_a_time(page, site)
    fill_in(page)
    go_on(page)
    expect(page.get_by_role("heading", name="Check, then book")).to_be_visible()
    return held


def let_it_run_out(held: Appointment, *, and_be_taken: bool = False) -> None:
    Appointment.objects.filter(pk=held.pk).update(hold_expires_at=timezone.now() - timedelta(seconds=1))
    if and_be_taken:
        Appointment.objects.filter(pk=held.pk).update(status="expired")
        for offer in PractitionerService.objects.filter(service=held.service).select_related("practitioner"):
            make.make_appointment(
                service=held.service,
                location=held.location,
                practitioner=offer.practitioner,
                starts_at=held.starts_at,
            )


def book(page: Page) -> None:
    page.get_by_role("button", name="Book this visit").click()


def expect_booked(page: Page) -> Appointment:
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    return Appointment.objects.get(status="booked", patient__email=EMAIL)


def test_from_the_visits_to_the_end_are_six_pages_with_the_emergency_signs(page: Page, site: str):
    pages: list[str] = []

    def count(response: Response) -> None:
        if response.request.is_navigation_request() and not 300 <= response.status < 400:
            pages.append(response.url.removeprefix(site).partition("?")[0])

    page.on("response", count)
    reach_the_check(page, site)
    book(page)
    expect_booked(page)
    assert pages == [
        "/book/",
        "/book/back-assessment/",
        "/book/safety/",
        "/book/details/",
        "/book/check/",
        "/book/done/",
    ]


def test_a_hold_that_runs_out_while_somebody_types_loses_nothing(page: Page, site: str):
    held = hold_a_time(page, site)
    fill_in(page)
    let_it_run_out(held)
    go_on(page)
    expect(page.get_by_text("We hold this time for you until")).to_be_visible()
    let_it_run_out(held)
    page.reload()
    expect(page.get_by_text("Nothing you typed is lost.")).to_be_visible()
    book(page)
    assert expect_booked(page).starts_at == held.starts_at


def test_the_time_can_be_held_longer_while_somebody_types(page: Page, site: str):
    held = hold_a_time(page, site)
    page.get_by_label("Full name").fill(NAME)
    Appointment.objects.filter(pk=held.pk).update(hold_expires_at=timezone.now() + timedelta(seconds=60))
    page.get_by_role("button", name=re.compile("^Hold the time")).click()
    expect(page.get_by_label("Full name")).to_have_value(NAME)
    held.refresh_from_db()
    assert held.hold_expires_at > timezone.now() + timedelta(minutes=9)


def test_whoever_loses_the_race_chooses_a_near_time_and_keeps_every_answer(page: Page, site: str):
    held = reach_the_check(page, site)
    let_it_run_out(held, and_be_taken=True)
    with page.expect_response(re.compile("/book/check/")) as answered:
        book(page)
    assert answered.value.status == 409
    expect(page.get_by_text("Your answers are kept.")).to_be_visible()
    assert page.get_by_role("radio").count() == 3
    page.get_by_role("radio").first.check(force=True)
    page.get_by_role("button", name="Take this time").click()
    expect(page.get_by_role("heading", name="Check, then book")).to_be_visible()
    expect(page.get_by_text(NAME)).to_be_visible()
    book(page)
    assert expect_booked(page).starts_at != held.starts_at


def test_a_link_to_a_time_that_is_taken_shows_the_nearest(page: Page, site: str):
    held = hold_a_time(page, site)
    let_it_run_out(held, and_be_taken=True)
    start = held.starts_at.strftime("%Y-%m-%dT%H:%MZ")
    response = page.goto(f"{site}/book/back-assessment/?visit=new&start={start}")
    assert response is not None
    assert response.status == 410
    assert page.get_by_role("radio").count() == 3


def test_pressing_twice_reloading_and_going_back_give_one_visit(page: Page, site: str):
    reach_the_check(page, site)
    page.get_by_role("button", name="Book this visit").dblclick()
    made = expect_booked(page)
    page.reload()
    expect(page.get_by_text(made.reference)).to_be_visible()
    page.go_back()
    if page.get_by_role("button", name="Book this visit").count():
        book(page)
    expect(page.get_by_text(made.reference)).to_be_visible()
    assert (Appointment.objects.count(), Patient.objects.count()) == (1, 1)


def test_the_back_button_shows_what_was_typed(page: Page, site: str):
    reach_the_check(page, site)
    page.go_back()
    expect(page.get_by_label("Full name")).to_have_value(NAME)
    expect(page.get_by_label("E-mail address")).to_have_value(EMAIL)
    go_on(page)
    book(page)
    expect_booked(page)


@pytest.mark.parametrize("row", ["visit", "time", "phone"])
def test_each_answer_can_be_changed_and_leads_back_to_the_check(page: Page, site: str, row: str):
    reach_the_check(page, site)
    page.get_by_role("link", name=f"Change {row}", exact=True).click()
    if row == "visit":
        page.get_by_role("link", name="Go on with that time").click()
    elif row == "time":
        page.get_by_role("radio", name=re.compile("minutes, with")).first.check(force=True)
        go_on(page)
    else:
        page.get_by_label("Phone number").fill("403-555-0199")
        go_on(page)
        expect(page.get_by_text("(403) 555-0199")).to_be_visible()
    expect(page.get_by_role("heading", name="Check, then book")).to_be_visible()
    expect(page.get_by_text(NAME)).to_be_visible()
    assert Appointment.objects.filter(status="held").count() == 1


def test_booking_for_somebody_else_keeps_what_was_typed(page: Page, site: str):
    hold_a_time(page, site)
    fill_in(page)
    page.get_by_role("button", name="Book for somebody else").click()
    expect(page.get_by_label("Your own name")).to_have_value(NAME)
    expect(page.get_by_label("Your e-mail address")).to_have_value(EMAIL)
    patient = page.get_by_label("Patient's full name")
    expect(patient).to_have_attribute("autocomplete", "off")
    expect(patient).to_be_empty()
    patient.fill("Ben Łukasz")
    page.wait_for_timeout(2_100)
    go_on(page)
    book(page)
    expect(page.get_by_role("heading", name="Ben Łukasz is booked")).to_be_visible()
    made = Appointment.objects.get(status="booked")
    assert (made.patient.name, made.patient.contact_name, made.patient.email) == ("Ben Łukasz", NAME, EMAIL)


def test_the_whole_way_can_be_gone_with_the_keyboard_alone(page: Page, site: str):
    def tab_to(selector: str) -> None:
        for _ in range(90):
            page.keyboard.press("Tab")
            if page.locator(f"{selector}:focus").count():
                return
        pytest.fail(f"Tab never reached {selector}")

    def press(selector: str, key: str) -> None:
        tab_to(selector)
        page.keyboard.press(key)

    page.goto(f"{site}/book/")
    press("a[href^='/book/back-assessment/']", "Enter")
    expect(page).to_have_url(re.compile("/book/back-assessment/"))
    press("input[name=visit]", "Space")
    press("input[name=start]", "Space")
    page.keyboard.press("ArrowDown")
    press("button[type=submit]", "Enter")
    expect(page).to_have_url(re.compile("/book/safety/"))
    press("a[href='/book/details/']", "Enter")
    expect(page).to_have_url(re.compile("/book/details/"))
    for selector, words in (("#id_name", NAME), ("#id_email", EMAIL), ("#id_phone", "403-555-0188")):
        tab_to(selector)
        page.keyboard.type(words)
    page.wait_for_timeout(2_100)
    page.keyboard.press("Enter")  # In a field: it goes on, and never books for somebody else instead.
    expect(page).to_have_url(re.compile("/book/check/"))
    press("form button[type=submit]", "Enter")
    expect_booked(page)


def test_the_last_page_fits_on_one_printed_sheet(page: Page, site: str):
    reach_the_check(page, site)
    book(page)
    expect_booked(page)
    for sheet in ("Letter", "A4"):
        assert sheets_of(page, format=sheet) == 1
    page.goto(f"{site}/appointment/")
    assert sheets_of(page, format="Letter") == 1


def sheets_of(page: Page, **options: Any) -> int:
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "15mm")
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(margin=margin, **options)))
