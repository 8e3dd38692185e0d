"""Detours of a booking, without JavaScript: expired holds, conflicts, double clicks, corrections, the back button."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from booking.models import Appointment, Patient, PractitionerService, Service
from tests.support import factories

NAME, EMAIL = "Zoë O’Brien-Łukasz", "zoe@patients.example"


def hold_a_slot(page: Page, site: str) -> Appointment:
    """Go from the list of services to the details form, and return the hold."""
    page.goto(f"{site}/book/")
    page.get_by_role("link", name=Service.objects.get(slug="back-assessment").name).first.click()
    page.get_by_role("link", name="Next week").click()  # Late enough to be changed online.
    page.locator(".time-button").locator("visible=true").last.click()
    expect(page).to_have_url(re.compile("/book/safety/"))
    page.get_by_role("link", name="None of these apply: continue").click()
    expect(page).to_have_url(re.compile("/book/details/"))
    return Appointment.objects.get(status="held")


def fill_in(page: Page) -> None:
    page.get_by_label("Full name").fill(NAME)
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Phone number").fill("403-555-0188")
    page.get_by_label("No, this is a first visit").check()
    page.wait_for_timeout(2_100)  # Forms that are sent within two seconds are treated as spam.


def press_continue(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def go_to_the_check_page(page: Page, site: str) -> Appointment:
    hold = hold_a_slot(page, site)
    fill_in(page)
    press_continue(page)
    expect(page.get_by_role("heading", name="Review and book")).to_be_visible()
    return hold


def expire(hold: Appointment, *, and_take: bool = False) -> None:
    Appointment.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now() - timedelta(seconds=1))
    if and_take:
        Appointment.objects.filter(pk=hold.pk).update(status="expired")
        for offer in PractitionerService.objects.filter(service=hold.service).select_related("practitioner"):
            factories.make_appointment(
                service=hold.service,
                location=hold.location,
                practitioner=offer.practitioner,
                starts_at=hold.starts_at,
            )


def book(page: Page) -> None:
    page.get_by_role("button", name="Book appointment").click()


def expect_booked(page: Page) -> Appointment:
    expect(page.get_by_role("heading", name=re.compile("^See you|is booked$"))).to_be_visible()
    return Appointment.objects.get(status="booked", patient__email=EMAIL)


def test_a_booking_takes_one_page_a_step(page: Page, site: str):
    pages: list[str] = []

    def count(response: Response) -> None:
        if response.request.is_navigation_request() and not 300 <= response.status < 400:
            pages.append(response.url.removeprefix(site).partition("?")[0])

    page.on("response", count)
    go_to_the_check_page(page, site)
    book(page)
    expect_booked(page)
    assert pages == [
        "/book/",
        "/book/back-assessment/",
        "/book/back-assessment/",  # Next week.
        "/book/safety/",
        "/book/details/",
        "/book/check/",
        "/book/done/",
    ]


def test_an_expired_hold_loses_no_answers(page: Page, site: str):
    hold = hold_a_slot(page, site)
    fill_in(page)
    expire(hold)
    press_continue(page)
    expect(page.get_by_text("Held for you until")).to_be_visible()
    expire(hold)
    page.reload()
    expect(page.get_by_text("Nothing you typed is lost.")).to_be_visible()
    book(page)
    assert expect_booked(page).starts_at == hold.starts_at


def test_a_hold_can_be_extended(page: Page, site: str):
    hold = hold_a_slot(page, site)
    page.get_by_label("Full name").fill(NAME)
    Appointment.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now() + timedelta(seconds=60))
    page.get_by_role("button", name="More time").click()
    expect(page.get_by_label("Full name")).to_have_value(NAME)
    hold.refresh_from_db()
    assert hold.hold_expires_at > timezone.now() + timedelta(minutes=9)


def test_after_a_conflict_another_slot_is_chosen_and_answers_are_kept(page: Page, site: str):
    hold = go_to_the_check_page(page, site)
    expire(hold, and_take=True)
    with page.expect_response(re.compile("/book/check/")) as answered:
        book(page)
    assert answered.value.status == 409
    expect(page.get_by_text("We kept what you typed.")).to_be_visible()
    assert page.locator(".times__nearest button").count() == 3
    page.locator(".times__nearest button").first.click()
    expect(page.get_by_role("heading", name="Review and book")).to_be_visible()
    expect(page.get_by_text(NAME)).to_be_visible()
    book(page)
    assert expect_booked(page).starts_at != hold.starts_at


def test_a_link_to_a_taken_slot_offers_the_nearest_slots(page: Page, site: str):
    hold = hold_a_slot(page, site)
    expire(hold, and_take=True)
    start = hold.starts_at.strftime("%Y-%m-%dT%H:%MZ")
    response = page.goto(f"{site}/book/back-assessment/?visit=new&start={start}")
    assert response is not None
    assert response.status == 410
    assert page.locator(".times__nearest button").count() == 3


def test_double_click_reload_and_back_give_one_appointment(page: Page, site: str):
    go_to_the_check_page(page, site)
    page.get_by_role("button", name="Book appointment").dblclick()
    appointment = expect_booked(page)
    page.reload()
    expect(page.get_by_text(appointment.reference)).to_be_visible()
    page.go_back()
    if page.get_by_role("button", name="Book appointment").count():
        book(page)
    expect(page.get_by_text(appointment.reference)).to_be_visible()
    assert (Appointment.objects.count(), Patient.objects.count()) == (1, 1)


def test_the_back_button_shows_what_was_typed(page: Page, site: str):
    go_to_the_check_page(page, site)
    page.go_back()
    expect(page.get_by_label("Full name")).to_have_value(NAME)
    expect(page.get_by_label("Email address")).to_have_value(EMAIL)
    press_continue(page)
    book(page)
    expect_booked(page)


@pytest.mark.parametrize("row", ["the time or the person", "who it is for", "the contact details"])
def test_each_answer_can_be_changed_and_leads_back_to_the_check(page: Page, site: str, row: str):
    go_to_the_check_page(page, site)
    page.get_by_role("link", name=f"Change {row}", exact=True).click()
    if row == "the time or the person":
        page.locator(".time-button").first.click()
    else:
        page.get_by_label("Phone number").fill("403-555-0199")
        press_continue(page)
        expect(page.get_by_text("403-555-0199")).to_be_visible()
    expect(page.get_by_role("heading", name="Review and book")).to_be_visible()
    expect(page.get_by_text(NAME)).to_be_visible()
    assert Appointment.objects.filter(status="held").count() == 1


def test_booking_for_somebody_else_keeps_what_was_typed(page: Page, site: str):
    hold_a_slot(page, site)
    fill_in(page)
    page.get_by_role("button", name="Book for someone else").click()
    expect(page.get_by_label("Your name")).to_have_value(NAME)
    expect(page.get_by_label("Your email address")).to_have_value(EMAIL)
    patient = page.get_by_label("Patient's full name")
    expect(patient).to_have_attribute("autocomplete", "off")
    expect(patient).to_be_empty()
    patient.fill("Ben Łukasz")
    page.get_by_label("No, this is a first visit").check()
    page.wait_for_timeout(2_100)
    press_continue(page)
    book(page)
    expect(page.get_by_role("heading", name="Ben's appointment is booked")).to_be_visible()
    appointment = Appointment.objects.get(status="booked")
    assert (appointment.patient.name, appointment.patient.contact_name, appointment.patient.email) == (
        "Ben Łukasz",
        NAME,
        EMAIL,
    )


def test_a_booking_works_with_the_keyboard_alone(page: Page, site: str):
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
    press(".times__list button", "Enter")
    expect(page).to_have_url(re.compile("/book/safety/"))
    press("a[href='/book/details/']", "Enter")
    expect(page).to_have_url(re.compile("/book/details/"))
    for selector, words in (("#id_name", NAME), ("#id_email", EMAIL), ("#id_phone", "403-555-0188")):
        tab_to(selector)
        page.keyboard.type(words)
    page.wait_for_timeout(2_100)
    tab_to("[name=visit]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # In a field, Enter uses the first submit button, not "Book for someone else".
    expect(page).to_have_url(re.compile("/book/check/"))
    press("form button.button", "Enter")
    expect_booked(page)


def test_the_last_page_fits_on_one_printed_sheet(page: Page, site: str):
    go_to_the_check_page(page, site)
    book(page)
    expect_booked(page)
    for sheet in ("Letter", "A4"):
        assert sheets_of(page, format=sheet) == 1
    page.goto(f"{site}/appointment/")
    assert sheets_of(page, format="Letter") == 1


def sheets_of(page: Page, **options: Any) -> int:
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "15mm")
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(margin=margin, **options)))
