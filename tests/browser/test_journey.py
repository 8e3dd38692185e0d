"""One whole journey as a patient makes it: read, book, get a mail, open its link, cancel."""

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
def _mails_leave_at_once(settings):
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).or_(page.get_by_role("link", name=label)).first.click()


def choose_the_last_time_shown(page: Page) -> str:
    """Pick a time that is far enough ahead to be cancelled again; its accessible name."""
    page.get_by_role("link", name=re.compile("^Later")).click()
    radio = page.get_by_role("radio").last
    name = radio.evaluate("radio => radio.closest('label').textContent")
    radio.check(force=True)
    return " ".join(name.split())


def fill_in_details(page: Page) -> None:
    page.get_by_label("Name", exact=False).first.fill(NAME)
    page.get_by_label("E-mail", exact=False).first.fill(EMAIL)
    page.get_by_label("Phone", exact=False).first.fill("403-555-0188")


def test_a_patient_reads_books_gets_a_mail_and_cancels_without_javascript(page: Page, site: str):
    page.goto(f"{site}/treatments/dry-needling-for-back-pain/")
    page.get_by_role("link", name="Book Your Back Assessment").first.click()
    expect(page).to_have_url(re.compile("/book/back-assessment/"))

    chosen = choose_the_last_time_shown(page)
    page.get_by_label("No, this is my first visit").check()
    assert re.search(r"\d{4}, (\d+:\d\d [ap]m|noon), 45 minutes", chosen)
    press(page, "Continue")

    expect(page).to_have_url(re.compile("/book/safety/"))
    expect(page.get_by_role("heading", name=re.compile("911"))).to_be_visible()
    press(page, "Continue")

    expect(page).to_have_url(re.compile("/book/details/"))
    page.wait_for_timeout(2500)  # Nobody types this in less than two seconds; the form knows.
    press(page, "Continue")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    assert not Patient.objects.exists()

    fill_in_details(page)
    press(page, "Continue")
    expect(page).to_have_url(re.compile("/book/check/"))
    expect(page.get_by_text(NAME)).to_be_visible()
    assert Appointment.objects.get().status == Status.HELD
    page.get_by_role("button").first.click()

    expect(page).to_have_url(re.compile("/book/done/"))
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
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
    other.get_by_role("link", name="Cancel this visit").click()
    other.get_by_role("button", name="Cancel this visit").click()
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


def test_a_returning_patient_books_needling_and_a_new_one_is_led_to_an_assessment(page: Page, site: str):
    page.goto(f"{site}/treatments/dry-needling/")
    page.get_by_role("link", name="Schedule Now").first.click()
    expect(page).to_have_url(re.compile("/book/dry-needling/"))
    page.get_by_label("No, this is my first visit").check()
    press(page, "Show free times")
    expect(page.get_by_role("link", name="Physiotherapy assessment").first).to_be_visible()


def test_the_journey_works_with_the_keyboard_alone(page: Page, site: str):
    service = Service.objects.get(slug="physiotherapy-assessment")
    page.goto(f"{site}{service.get_absolute_url()}?visit=new")

    def tab_to(role: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.locator(":focus").count() and page.locator(f"{role}:focus").count():
                return
        pytest.fail(f"Tab never reached a {role}")

    tab_to("input[type=radio][name=start]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    tab_to("button[type=submit]")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/book/(safety|details)/"))
    assert Appointment.objects.get().is_live_hold(timezone.now())
