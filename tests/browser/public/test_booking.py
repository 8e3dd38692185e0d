"""A patient's whole journey: read a page, book, get the confirmation, open its link, cancel."""

import re
from datetime import timedelta

import icalendar
import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.models import Appointment, Message, Patient, Service, Status

NAME, EMAIL = "Zoë O’Brien-Łukasz", "zoe@patients.example"


@pytest.fixture(autouse=True)
def _no_confirmation_delay(settings):
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).or_(page.get_by_role("link", name=label)).first.click()


def choose_the_last_slot(page: Page) -> str:
    """Choose a slot late enough to be cancelled, and return its button's name."""
    page.get_by_role("link", name="Next week").click()
    button = page.locator(".time-button").locator("visible=true").last
    name = button.text_content() or ""
    button.click()
    return " ".join(name.split())


def fill_in_details(page: Page) -> None:
    page.get_by_label("Name", exact=False).first.fill(NAME)
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Phone", exact=False).first.fill("403-555-0188")
    page.get_by_label("No, this is a first visit").check()


def test_a_patient_reads_books_gets_a_mail_and_cancels_without_javascript(page: Page, site: str):
    page.goto(f"{site}/treatments/dry-needling-for-back-pain/")
    page.get_by_role("link", name="Book Your Back Assessment").first.click()
    expect(page).to_have_url(re.compile("/book/back-assessment/"))

    chosen = choose_the_last_slot(page)
    assert re.search(r"(\d+:\d\d [ap]\.m\.) with \w+", chosen)

    expect(page).to_have_url(re.compile("/book/safety/"))
    expect(page.get_by_role("heading", name=re.compile("911"))).to_be_visible()
    press(page, "Continue")

    expect(page).to_have_url(re.compile("/book/details/"))
    page.wait_for_timeout(2500)  # Forms that are sent within two seconds are treated as spam.
    press(page, "Continue")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("heading", name=re.compile("^There (is a problem|are \\d+ problems)$"))).to_be_visible()
    assert not Patient.objects.exists()

    fill_in_details(page)
    press(page, "Continue")
    expect(page).to_have_url(re.compile("/book/check/"))
    expect(page.get_by_text(NAME)).to_be_visible()
    assert Appointment.objects.get().status == Status.HELD
    press(page, "Book appointment")

    expect(page).to_have_url(re.compile("/book/done/"))
    expect(page.get_by_role("heading", name=re.compile("^See you"))).to_be_visible()
    booked = Appointment.objects.get()
    assert (booked.status, booked.patient.name, booked.service.slug) == ("booked", NAME, "back-assessment")
    expect(page.get_by_text(booked.reference)).to_be_visible()
    page.reload()
    assert Appointment.objects.count() == 1

    call_command("work", once=True, verbosity=0)
    confirmation = next(sent for sent in mail.outbox if sent.to == [EMAIL])
    assert "back" not in confirmation.subject.lower()
    calendar = next(part for part in confirmation.message().walk() if part.get_content_type() == "text/calendar")
    event = icalendar.Calendar.from_ical(calendar.get_payload(decode=True)).walk("VEVENT")[0]
    assert event["DTSTART"].dt == booked.starts_at

    link = re.search(rf"{re.escape(site)}/appointment/\S+", confirmation.body).group()
    fresh = page.context.browser.new_context(java_script_enabled=False)
    other = fresh.new_page()
    other.goto(link)
    assert other.url == f"{site}/appointment/"
    expect(other.get_by_text(booked.reference)).to_be_visible()
    assert Appointment.objects.get().status == Status.BOOKED
    other.get_by_role("link", name="Cancel this appointment").click()
    other.get_by_role("button", name="Cancel appointment").click()
    expect(other.get_by_role("heading", name=re.compile("cancelled"))).to_be_visible()
    assert Appointment.objects.get().status == Status.CANCELLED

    call_command("work", once=True, verbosity=0)
    cancellation = [sent for sent in mail.outbox if sent.to == [EMAIL]][-1]
    assert b"METHOD:CANCEL" in next(
        part.get_payload(decode=True)
        for part in cancellation.message().walk()
        if part.get_content_type() == "text/calendar"
    )
    assert not Message.objects.filter(state=Message.State.PARKED).exists()
    fresh.close()


def test_a_new_patient_who_wants_needling_books_an_assessment(page: Page, site: str):
    page.goto(f"{site}/treatments/dry-needling/")
    page.get_by_role("link", name="Schedule Now").first.click()
    expect(page).to_have_url(re.compile("/book/dry-needling/"))
    expect(page.get_by_text("starts with a Physiotherapy assessment")).to_be_visible()
    page.locator(".time-card--main").click()
    expect(page).to_have_url(re.compile("/book/safety/"))
    assert Appointment.objects.get().service.slug == "physiotherapy-assessment"


def test_the_journey_works_with_the_keyboard_alone(page: Page, site: str):
    service = Service.objects.get(slug="physiotherapy-assessment")
    page.goto(f"{site}{service.get_absolute_url()}?visit=new")

    def tab_to(role: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.locator(":focus").count() and page.locator(f"{role}:focus").count():
                return
        pytest.fail(f"Tab never reached a {role}")

    tab_to(".times__list button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/book/(safety|details)/"))
    assert Appointment.objects.get().is_live_hold(timezone.now())
