"""The waitlist from joining to booking: another patient cancels, an offer is mailed, and its link is used."""

import re
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from booking import scheduling, tokens
from booking.models import Appointment, Clinic, Location, Practitioner, Service, WaitlistEntry, WaitlistOffer
from tests.browser.axe import axe_violations
from tests.support import factories

NAME, EMAIL = "Zoë O’Brien-Łukasz", "zoe@patients.example"
SLUG = "back-assessment"  # Shows the emergency signs before a first visit.


@pytest.fixture(autouse=True)
def morning(settings):
    """10 a.m. of a future Monday in the clinic's time zone, because offers are sent in the daytime only."""
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    zone = factories.ZoneInfo("America/Edmonton")
    today = timezone.now().astimezone(zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    with time_machine.travel(datetime.combine(monday, time(10), tzinfo=zone), tick=True):
        yield monday


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).or_(page.get_by_role("link", name=label)).first.click()


def mails_to(address: str, subject: str) -> list:
    return [sent for sent in mail.outbox if sent.to == [address] and subject in sent.subject]


def link_in(sent, site: str) -> str:
    return re.search(rf"{re.escape(site)}/waitlist/\S+", sent.body).group()


def occupy_the_whole_day(day) -> Appointment:
    """Occupy the practitioner's whole day with one appointment of another patient."""
    steve, location = Practitioner.objects.get(slug="steve-hansen"), Location.objects.first()
    begin = datetime.combine(day, time(6), tzinfo=location.zone)
    return factories.make_appointment(
        service=Service.objects.get(slug=SLUG),
        location=location,
        practitioner=steve,
        starts_at=begin.astimezone(factories.UTC),
        ends_at=(begin + timedelta(hours=15)).astimezone(factories.UTC),
        patient=factories.make_patient(name="Bob Berg", email="bob@patients.example"),
    )


def test_a_freed_slot_is_offered_and_booked_without_javascript(page: Page, site: str, morning):
    day = morning + timedelta(days=2)
    taken = occupy_the_whole_day(day)

    page.goto(f"{site}/book/{SLUG}/?visit=new&practitioner=steve-hansen&from={day.isoformat()}")
    page.get_by_role("link", name="Join the waitlist").first.click()
    expect(page.get_by_role("heading", name="Join the waitlist")).to_be_visible()
    expect(page.get_by_label("Steve Hansen")).to_be_checked()
    page.get_by_label("From which day?").fill(day.isoformat())
    page.get_by_label("Until which day?").fill(day.isoformat())
    page.get_by_label("Email address").fill(EMAIL)
    page.wait_for_timeout(2500)  # Forms that are sent within two seconds are treated as spam.
    press(page, "Join the waitlist")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("heading", name=re.compile("^There (is a problem|are \\d+ problems)$"))).to_be_visible()
    page.get_by_label("Patient’s full name").or_(page.get_by_label("Patient's full name")).fill(NAME)
    page.get_by_label("Phone number").fill("403-555-0188")
    press(page, "Join the waitlist")
    expect(page.get_by_role("heading", name="You're on the waitlist")).to_be_visible()
    expect(page.get_by_text(EMAIL)).to_be_visible()

    call_command("work", once=True, verbosity=0)
    assert len(mails_to(EMAIL, "You're on the waitlist")) == 1
    assert mails_to(EMAIL, "A time opened up") == []

    other = page.context.browser.new_context(java_script_enabled=False).new_page()
    other.goto(tokens.manage_url(taken))
    other.get_by_role("link", name="Cancel this appointment").click()
    other.get_by_role("button", name="Cancel appointment").click()
    expect(other.get_by_role("heading", name=re.compile("cancelled"))).to_be_visible()
    other.context.close()

    call_command("work", once=True, verbosity=0)
    (offer,) = mails_to(EMAIL, "A time opened up")
    assert "back" not in offer.subject.lower()
    fresh = page.context.browser.new_context(java_script_enabled=False).new_page()
    fresh.goto(link_in(offer, site))
    assert fresh.url == f"{site}/waitlist/offer/"
    assert Appointment.objects.filter(status="held").count() == 1
    expect(fresh.get_by_text("Held for you until")).to_be_visible()
    press(fresh, "Take this time")
    expect(fresh).to_have_url(f"{site}/waitlist/safety/")
    expect(fresh.get_by_role("heading", name=re.compile("911"))).to_be_visible()
    press(fresh, "None of these apply: continue")
    expect(fresh.get_by_label("Patient's full name")).to_have_value(NAME)
    press(fresh, "Book appointment")
    expect(fresh.get_by_role("heading", name=re.compile("^See you"))).to_be_visible()
    fresh.reload()
    booked = Appointment.objects.get(status="booked")
    assert (booked.patient.name, booked.practitioner.slug, booked.local_on) == (NAME, "steve-hansen", day)
    expect(fresh.get_by_text(booked.reference)).to_be_visible()
    assert WaitlistEntry.objects.get().outcome == "booked"
    call_command("work", once=True, verbosity=0)
    assert len(mails_to(EMAIL, "Appointment at")) == 1
    fresh.context.close()


def test_declining_and_leaving_work_with_the_keyboard_alone(page: Page, site: str):
    entry, _ = make_offer()

    def tab_to(words: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if words in (page.locator(":focus").text_content() or ""):
                page.keyboard.press("Enter")
                return
        pytest.fail(f"Tab never reached {words}")

    page.goto(f"{site}/waitlist/{tokens.waitlist_token(entry, to_offer=True)}/")
    tab_to("Pass on this time")
    expect(page).to_have_url(f"{site}/waitlist/")
    assert WaitlistOffer.objects.get().state == "passed"
    tab_to("Leave the waitlist")
    expect(page.get_by_role("heading", name="You're no longer on the waitlist")).to_be_visible()


def make_offer(**fields):
    """Create a waitlist entry for the back assessment, and return it with its offer."""
    now, location = timezone.now(), Location.objects.first()
    today = now.astimezone(location.zone).date()
    days = {"first_on": today, "last_on": today + timedelta(days=7)}
    wish = factories.make_wish(Service.objects.get(slug=SLUG), location, **(days | fields))
    entry = scheduling.join(wish=wish, now=now)
    scheduling.offer_available_slots(now=now)
    return entry, WaitlistOffer.objects.filter(entry=entry).first()


def every_state(page: Page, site: str):
    """Open each page of the waitlist in turn, and yield its expected heading."""
    Service.objects.filter(slug=SLUG).update(needs_date_of_birth=True)
    entry, offer = make_offer()
    link = f"{site}/waitlist/{tokens.waitlist_token(entry)}/"
    yield "Open the link in our email", page.goto(f"{site}/waitlist/")
    yield "This link doesn't work anymore", page.goto(f"{site}/waitlist/nonsense/")
    yield "Join the waitlist", page.goto(f"{site}/book/{SLUG}/waitlist/?visit=new")
    page.goto(f"{site}/book/{SLUG}/waitlist/")
    yield "Join the waitlist", press(page, "Join the waitlist")
    page.goto(f"{site}/book/{SLUG}/waitlist/?visit=new")
    for label, words in (("full name", NAME), ("Phone number", "403-555-0188")):
        page.get_by_label(label).fill(words)
    yield "Join the waitlist", press(page, "Join the waitlist")
    page.get_by_label("Email address").fill(EMAIL)
    page.wait_for_timeout(2500)
    yield "You're on the waitlist", press(page, "Join the waitlist")
    yield "You're on the waitlist", page.goto(link)
    yield "A time opened up", page.goto(f"{site}/waitlist/offer/")
    yield "Before you book: when to get help right away", page.goto(f"{site}/waitlist/safety/")
    yield "Review and book", page.goto(f"{site}/waitlist/accept/")
    yield "Review and book", press(page, "Book appointment")
    WaitlistOffer.objects.filter(pk=offer.pk).update(state="lapsed")
    yield "This time is no longer held for you", page.goto(f"{site}/waitlist/offer/")
    yield "You're on the waitlist", page.goto(link)
    other, _ = make_offer(name="Bob Berg", email="bob@patients.example")
    second = page.context.new_page()
    second.goto(f"{site}/waitlist/{tokens.waitlist_token(other)}/")
    second.close()
    yield "That was a different request", press(page, "Leave the waitlist")
    yield "You're no longer on the waitlist", (page.goto(link), press(page, "Leave the waitlist"))
    Clinic.objects.update(emergency_signs="")
    for person in Practitioner.objects.all():
        person.working_hours.all().delete()
    yield "Choose a time", page.goto(f"{site}/book/{SLUG}/?visit=new")


@pytest.mark.prove  # Takes long.
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_waitlist_page_has_axe_violations_or_scrolls_sideways_at_320_px(browser: Browser, site: str, scheme: str):
    context = browser.new_context(
        java_script_enabled=True,
        bypass_csp=True,
        color_scheme=scheme,
        reduced_motion="reduce",
        viewport={"width": 320, "height": 800},
    )
    page, violations_by_page, wide = context.new_page(), {}, {}
    for heading, _ in every_state(page, site):
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            wide[heading] = width
        violations = axe_violations(page)
        if violations:
            violations_by_page[heading] = violations
    context.close()
    assert (violations_by_page, wide) == ({}, {})
