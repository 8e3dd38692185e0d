"""The jobs of the front desk: what each takes, and what it does. Each begins on the page of the day."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from booking import scheduling
from booking.models import Appointment, Location, Message, Practitioner, Service, TimeOff, WaitlistEntry
from booking.scheduling import Actor, PatientDetails, Visitor
from tests.browser.effort import Effort, Took
from tests.support import factories

pytestmark = pytest.mark.once
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def service(transactional_db: None) -> Service:
    factories.make_clinic()
    return factories.make_service(name="Physiotherapy", duration=HALF_HOUR, buffer_after=timedelta(0))


@pytest.fixture
def maya(service: Service, location: Location) -> Practitioner:
    maya = factories.make_practitioner([service], name="Maya Okafor", slug="maya", position=1)
    factories.make_hours(maya, location, weekdays=range(7))
    return maya


@pytest.fixture
def steve(service: Service, location: Location) -> Practitioner:
    steve = factories.make_practitioner([service], name="Steve Hansen", slug="steve", position=2)
    factories.make_hours(steve, location, weekdays=range(7))
    return steve


@pytest.fixture
def at(location: Location) -> Callable[..., datetime]:
    """An hour of today, when it is 8:00 a.m., or of a later day."""

    def at(hour: int, *, days: int = 0) -> datetime:
        day = timezone.localdate(timezone=location.zone) + timedelta(days=days)
        return datetime(day.year, day.month, day.day, hour, tzinfo=location.zone)

    return at


@pytest.fixture
def make_visit(service: Service, location: Location, maya: Practitioner) -> Callable[..., Appointment]:
    def make_visit(name: str, starts_at: datetime, **fields: Any) -> Appointment:
        patient = factories.make_patient(name=name, email=f"{name.split()[0].lower()}@patients.example")
        return factories.make_appointment(
            service=service, practitioner=maya, location=location, patient=patient, starts_at=starts_at, **fields
        )

    return make_visit


@pytest.fixture
def alice(make_visit: Callable[..., Appointment], at: Callable[..., datetime]) -> Appointment:
    """Today at 10:00 with Maya."""
    return make_visit("Alice Martin", at(10))


@pytest.fixture
def receptionist(transactional_db: None) -> Any:
    user = get_user_model().objects.create_user("rita", password="canola-foothills-42", is_staff=True)
    user.groups.add(Group.objects.get(name="Front desk"))
    return user


@pytest.fixture
def new_context(
    browser: Browser, live_server: Any, settings: Any, receptionist: Any, log_in: Callable[[BrowserContext, Any], None]
) -> Iterator[Callable[..., BrowserContext]]:
    """A function that opens a browser in which the receptionist is logged in."""
    settings.SITE_URL = live_server.url
    contexts = []

    def new_context(**options: Any) -> BrowserContext:
        defaults = {"java_script_enabled": True, "viewport": {"width": 1280, "height": 1000}, "locale": "en-CA"}
        context = browser.new_context(base_url=live_server.url, **defaults | options)
        contexts.append(context)
        context.set_default_timeout(15_000)
        log_in(context, receptionist)
        return context

    yield new_context
    for context in contexts:
        context.close()


@pytest.fixture
def desk(
    new_context: Callable[..., BrowserContext], maya: Practitioner, steve: Practitioner, console_errors: list[str]
) -> Page:
    """A page with JavaScript. It does not refresh the calendar by itself, so that tests know what it shows."""
    page = new_context().new_page()
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    page.route("**/desk/version/", lambda route: route.fulfill(status=304))
    return page


def open_day(page: Page, day: datetime | None = None) -> Effort:
    page.goto(f"/desk/?day={day:%Y-%m-%d}" if day else "/desk/")
    return Effort(page)


def block(page: Page, visit: Appointment) -> Locator:
    return page.locator(f"[id='{visit.reference}']")


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=name, exact=True)


def button(page: Page, name: str) -> Locator:
    """Hidden words have a space before them in a button's name."""
    return page.get_by_role("button", name=re.compile(name.replace(":", " ?:")))


def said(page: Page, words: str) -> None:
    expect(page.get_by_role("status").get_by_text(words)).to_be_visible()


def queued(visit: Appointment, kind: str) -> bool:
    return Message.objects.filter(appointment=visit, kind=kind, state="waiting").exists()


def test_today_is_one_click_away(desk: Page, alice: Appointment, at: Callable[..., datetime]):
    effort = open_day(desk, at(9, days=5))
    expect(block(desk, alice)).to_have_count(0)
    effort.click(link(desk, "Today"))
    expect(block(desk, alice)).to_be_visible()
    assert effort.took == Took(clicks=1)


def test_an_arrival_takes_one_click_and_its_undo_one(desk: Page, alice: Appointment):
    effort = open_day(desk)
    effort.click(button(desk, "Mark here: Alice Martin"))
    said(desk, "Alice Martin: Here.")
    expect(block(desk, alice)).to_contain_text("Here")
    alice.refresh_from_db()
    assert alice.status == "arrived"
    effort.click(button(desk, "Undo"))
    expect(block(desk, alice)).not_to_contain_text("Here")
    alice.refresh_from_db()
    assert alice.status == "booked"
    assert effort.took == Took(clicks=2)


def test_a_move_to_a_gap_takes_three_clicks(
    desk: Page, alice: Appointment, steve: Practitioner, at: Callable[..., datetime]
):
    effort = open_day(desk)
    effort.click(block(desk, alice))
    effort.click(link(desk, "Move"))
    effort.click(button(desk, "Move to 9:00 with Steve Hansen"))
    said(desk, "Alice Martin moved to today, 9:00 a.m. with Steve. Alice gets an email.")
    assert effort.took == Took(clicks=3)
    alice.refresh_from_db()
    assert (alice.starts_at, alice.practitioner) == (at(9), steve)
    assert queued(alice, "confirmation")
    effort.click(button(desk, "Undo"))
    said(desk, "Alice Martin is back: today, 10:00 a.m. with Maya.")
    alice.refresh_from_db()
    assert (alice.starts_at, alice.practitioner.slug) == (at(10), "maya")
    assert effort.took == Took(clicks=4)


def test_a_drag_asks_once_and_then_moves(
    desk: Page, alice: Appointment, steve: Practitioner, at: Callable[..., datetime]
):
    effort = open_day(desk)
    effort.drag(block(desk, alice), desk.locator("[data-person=steve] .gap"))
    expect(desk.get_by_text("From today, 10:00 a.m. with Maya to today, 9:00 a.m. with Steve.")).to_be_visible()
    alice.refresh_from_db()
    assert alice.starts_at == at(10)
    effort.click(button(desk, "Move to 9:00 a.m."))
    said(desk, "Alice Martin moved to today, 9:00 a.m. with Steve. Alice gets an email.")
    alice.refresh_from_db()
    assert (alice.starts_at, alice.practitioner) == (at(9), steve)
    assert effort.took == Took(clicks=2)


def test_a_cancellation_takes_three_clicks_and_its_undo_one(desk: Page, alice: Appointment):
    effort = open_day(desk)
    effort.click(block(desk, alice))
    effort.click(link(desk, "Cancel"))
    effort.click(button(desk, "Cancel the visit"))
    said(desk, "Cancelled: Alice Martin, today, 10:00 a.m. Alice gets an email.")
    expect(block(desk, alice)).to_have_count(0)
    assert effort.took == Took(clicks=3)
    alice.refresh_from_db()
    assert alice.status == "cancelled"
    assert queued(alice, "cancelled")
    effort.click(button(desk, "Undo"))
    said(desk, "Alice Martin is booked again: today, 10:00 a.m.")
    expect(block(desk, alice)).to_be_visible()
    alice.refresh_from_db()
    assert alice.status == "booked"
    assert effort.took == Took(clicks=4)


def test_rebooking_a_week_later_takes_three_clicks(desk: Page, alice: Appointment, at: Callable[..., datetime]):
    effort = open_day(desk)
    effort.click(block(desk, alice))
    effort.click(link(desk, "Rebook"))
    effort.click(button(desk, "Book [A-Z]"))
    said(desk, "Booked: Alice Martin")
    visit = Appointment.objects.exclude(pk=alice.pk).get()
    assert (visit.starts_at, visit.patient, visit.status) == (at(10, days=7), alice.patient, "booked")
    assert queued(visit, "confirmation")
    assert effort.took == Took(clicks=3)


def test_a_series_of_six_takes_three_clicks(desk: Page, alice: Appointment, at: Callable[..., datetime]):
    effort = open_day(desk)
    effort.click(block(desk, alice))
    effort.click(link(desk, "Series"))
    effort.click(button(desk, "Book the ticked dates"))
    said(desk, "Booked 6 visits for Alice Martin.")
    expect(desk.get_by_text("Visit 1 of 7")).to_be_visible()
    starts = Appointment.objects.exclude(pk=alice.pk).values_list("starts_at", flat=True)
    assert sorted(starts) == [at(10, days=7 * week) for week in range(1, 7)]
    assert effort.took == Took(clicks=3)


def test_blocking_an_hour_takes_three_clicks(desk: Page, maya: Practitioner):
    effort = open_day(desk)
    effort.click(desk.locator("[data-person=maya] .gap"))
    expect(desk.get_by_role("heading", name="Book with Maya")).to_be_visible()
    effort.click(link(desk, "Block time"))
    effort.click(button(desk, "Block 9:00 a.m. to 10:00 a.m."))
    said(desk, "Blocked: Maya, ")
    expect(desk.locator("[data-person=maya] .shade--away")).to_be_visible()
    assert effort.took == Took(clicks=3)
    row = TimeOff.objects.get()
    assert (row.practitioner, row.start_time.hour, row.end_time.hour) == (maya, 9, 10)
    effort.click(button(desk, "Undo"))
    said(desk, "Removed. The time can be booked again.")
    assert not TimeOff.objects.exists()
    assert effort.took == Took(clicks=4)


def test_a_sick_day_with_three_visits_takes_four_clicks(
    desk: Page, maya: Practitioner, make_visit: Callable[..., Appointment], at: Callable[..., datetime]
):
    visits = [make_visit(name, at(hour)) for name, hour in (("Alice Martin", 10), ("Bob Berg", 13), ("Cy Ng", 15))]
    effort = open_day(desk)
    effort.click(link(desk, "Block time"))
    effort.click(desk.get_by_role("group", name="Who").get_by_label("Maya"))
    effort.click(button(desk, "Sick today"))
    effort.click(button(desk, "Block from 8:"))
    said(desk, "3 patients will get an email with a link to choose a new time.")
    assert effort.took == Took(clicks=4)
    row = TimeOff.objects.get()
    assert (row.practitioner, row.kind, row.end_time) == (maya, "sick", None)
    for visit in visits:
        expect(desk.locator("#desk-panel").get_by_text(str(visit.patient)).first).to_be_visible()
        visit.refresh_from_db()
        assert (visit.status, visit.asked_to_move_at is not None) == ("booked", True)
    assert Message.objects.filter(appointment__in=visits, state="waiting").count() == 3
    effort.click(button(desk, "Undo"))
    said(desk, "Removed. The time can be booked again.")
    assert not TimeOff.objects.exists()


def test_a_new_caller_on_the_waitlist_takes_nine_steps_and_no_page_load(desk: Page, service: Service):
    effort = open_day(desk)
    effort.click(link(desk, "Add a caller to the waitlist"))
    expect(desk.get_by_label("Find a known patient")).to_be_focused()
    effort.type("Ruth Sampson")
    effort.press("Enter")
    expect(desk.get_by_label("Phone", exact=True)).to_be_focused()
    expect(desk.get_by_label("Name", exact=True)).to_have_value("Ruth Sampson")
    effort.type("403 555 0188")
    effort.press("Tab", "Tab", "Tab")
    expect(desk.get_by_label("Service")).to_be_focused()
    effort.type("P")
    effort.press("Control+Enter")
    said(desk, "Ruth Sampson is on the waitlist. Call when something opens up.")
    expect(desk.get_by_role("heading", name="Next")).to_be_visible()
    entry = WaitlistEntry.objects.get()
    assert (entry.name, str(entry.phone), entry.service) == ("Ruth Sampson", "+14035550188", service)
    assert not Message.objects.exists()
    assert effort.took == Took(clicks=1, texts=3, keys=5)


def test_a_known_caller_on_the_waitlist_takes_six_steps_and_no_page_load(desk: Page, service: Service):
    patient = factories.make_patient(name="Ruth Sampson", email="ruth@patients.example")
    effort = open_day(desk)
    effort.click(link(desk, "Add a caller to the waitlist"))
    expect(desk.get_by_label("Find a known patient")).to_be_focused()
    effort.type("samps")
    effort.press("Enter")
    expect(button(desk, "Choose Ruth Sampson")).to_be_focused()
    effort.press("Enter")
    expect(desk.get_by_label("Service")).to_be_focused()
    effort.type("P")
    effort.press("Control+Enter")
    said(desk, "Ruth Sampson is on the waitlist. They will get an email.")
    entry = WaitlistEntry.objects.get()
    assert (entry.patient, entry.service) == (patient, service)
    assert Message.objects.filter(kind="waitlist_joined", state="waiting").exists()
    assert effort.took == Took(clicks=1, texts=2, keys=3)


@pytest.fixture
def ruth(service: Service, location: Location, receptionist: Any, at: Callable[..., datetime]) -> WaitlistEntry:
    wish = factories.make_wish(
        service, location, name="Ruth Sampson", email="ruth@patients.example",
        first_on=at(9).date(), last_on=at(9, days=14).date(),
    )  # fmt: skip
    return scheduling.add_caller(wish=wish, by=Actor.staff(receptionist), now=timezone.now())


def test_booking_a_gap_for_who_waits_takes_two_clicks(desk: Page, ruth: WaitlistEntry, at: Callable[..., datetime]):
    effort = open_day(desk)
    effort.click(link(desk, "See gap for Ruth Sampson"))
    effort.click(button(desk, "Book now: Ruth Sampson"))
    said(desk, "Booked: Ruth Sampson, 9:00 a.m. They will get an email.")
    visit = Appointment.objects.get()
    assert (visit.patient.name, visit.starts_at, visit.status) == ("Ruth Sampson", at(9), "booked")
    assert queued(visit, "confirmation")
    ruth.refresh_from_db()
    assert not ruth.is_waiting
    assert effort.took == Took(clicks=2)


def test_offering_a_gap_to_who_waits_takes_two_clicks(desk: Page, ruth: WaitlistEntry, at: Callable[..., datetime]):
    effort = open_day(desk)
    effort.click(link(desk, "See gap for Ruth Sampson"))
    effort.click(button(desk, "Offer 9:00 a.m. to Ruth Sampson by email"))
    said(desk, "Offered to Ruth Sampson by email")
    expect(desk.get_by_text("On offer")).to_be_visible()
    offer = ruth.offers.get()
    assert (offer.starts_at, offer.state) == (at(9), "open")
    assert Message.objects.filter(waitlist_offer=offer, state="waiting").exists()
    assert effort.took == Took(clicks=2)


def test_printing_takes_two_clicks_and_one_page(desk: Page, alice: Appointment):
    desk.add_init_script("window.print = () => { window.isPrinted = true }")
    effort = open_day(desk)
    effort.click(link(desk, "Print"))
    expect(desk.get_by_role("cell", name=re.compile("^Alice Martin"))).to_be_visible()
    effort.click(button(desk, "Print"))
    assert desk.evaluate("window.isPrinted")
    assert effort.took == Took(clicks=2, loads=1)


def test_a_visit_is_marked_and_unmarked_with_the_keyboard_alone(desk: Page, alice: Appointment):
    open_day(desk)
    tab_to(desk, block(desk, alice))
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Alice Martin")).to_be_focused()
    tab_to(desk, desk.get_by_role("button", name="Here", exact=True))
    desk.keyboard.press("Enter")
    said(desk, "Alice Martin: Here.")
    expect(desk.get_by_role("heading", name="Alice Martin")).to_be_focused()
    alice.refresh_from_db()
    assert alice.status == "arrived"
    desk.keyboard.press("u")
    said(desk, "Alice Martin: Booked.")
    alice.refresh_from_db()
    assert alice.status == "booked"


@pytest.mark.prove
def test_undo_is_reached_with_tab_where_keys_are_off(desk: Page, alice: Appointment, live_server: Any):
    desk.context.add_cookies([{"name": "desk_keys", "value": "off", "url": live_server.url}])
    open_day(desk)
    block(desk, alice).focus()
    desk.keyboard.press("Enter")
    tab_to(desk, desk.get_by_role("button", name="Here", exact=True))
    desk.keyboard.press("Enter")
    said(desk, "Alice Martin: Here.")
    desk.keyboard.press("u")
    tab_to(desk, button(desk, "Undo"), "Shift+Tab")
    desk.keyboard.press("Enter")
    expect(block(desk, alice)).not_to_contain_text("Here")
    alice.refresh_from_db()
    assert alice.status == "booked"


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    expect(target).to_be_visible()
    for _ in range(60):
        page.keyboard.press(key)
        if target.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"{target} is not reached with {key}.")


# What is wider than the window, or cut off by its own box. Names in the calendar's narrow blocks end in an ellipsis.
CUT_OFF = """() => [...document.querySelectorAll(".desk-bar *, main :not(.desk-calendar *)")].filter((one) => {
  const box = one.getBoundingClientRect();
  if (box.width < 3 || one.closest(".visually-hidden, .booking__default")) return false;
  const hides = /hidden|clip/.test(getComputedStyle(one).overflowX);
  return box.left < -1 || box.right > innerWidth + 1 || (hides && one.scrollWidth > one.clientWidth + 2);
}).map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`)"""


@pytest.mark.prove
def test_nothing_is_cut_off_at_the_side_at_200_percent(
    new_context: Callable[..., BrowserContext], alice: Appointment, steve: Practitioner
):
    page = new_context(viewport={"width": 640, "height": 500}, device_scale_factor=2).new_page()
    visit, cut_off = f"?appointment={alice.reference}", {}
    for query in ["", visit, *(f"{visit}&do={do}" for do in ("move", "cancel", "rebook", "series")),
                  "?do=book", "?with=steve&at=09:00", "?with=steve&at=09:00&do=block", "?do=keys"]:  # fmt: skip
        page.goto(f"/desk/{query}")
        found = page.evaluate(CUT_OFF)
        width = page.evaluate("document.documentElement.scrollWidth")
        if found or width > 640:
            cut_off[query] = (width, found)
        calendar = page.locator(".desk-calendar")
        expect(calendar).to_have_css("overflow-x", "auto")
    assert cut_off == {}


def test_marking_moving_cancelling_and_blocking_work_without_javascript(
    new_context: Callable[..., BrowserContext], alice: Appointment, steve: Practitioner, at: Callable[..., datetime]
):
    page = new_context(java_script_enabled=False).new_page()
    effort = open_day(page)
    effort.click(block(page, alice))
    effort.click(page.get_by_role("button", name="Here", exact=True))
    said(page, "Alice Martin: Here.")
    alice.refresh_from_db()
    assert alice.status == "arrived"
    effort.click(button(page, "Undo"))
    said(page, "Alice Martin: Booked.")

    effort.click(link(page, "Move"))
    effort.click(button(page, "Move to 9:00 with Steve Hansen"))
    said(page, "Alice Martin moved to today, 9:00 a.m. with Steve. Alice gets an email.")
    alice.refresh_from_db()
    assert (alice.starts_at, alice.practitioner, alice.status) == (at(9), steve, "booked")
    effort.click(button(page, "Undo"))
    said(page, "Alice Martin is back: today, 10:00 a.m. with Maya.")

    effort.click(link(page, "Cancel"))
    effort.click(button(page, "Cancel the visit"))
    said(page, "Cancelled: Alice Martin, today, 10:00 a.m.")
    alice.refresh_from_db()
    assert alice.status == "cancelled"
    effort.click(button(page, "Undo"))
    said(page, "Alice Martin is booked again: today, 10:00 a.m.")

    effort.click(page.locator("[data-person=steve] .gap"))
    effort.click(link(page, "Block time"))
    effort.click(button(page, "Block 9:00 a.m. to 10:00 a.m."))
    said(page, "Blocked: Steve")
    assert TimeOff.objects.get().practitioner == steve
    effort.click(button(page, "Undo"))
    said(page, "Removed. The time can be booked again.")
    assert not TimeOff.objects.exists()
    alice.refresh_from_db()
    assert (alice.starts_at, alice.status) == (at(10), "booked")


@pytest.fixture
def book_online(service: Service, location: Location) -> Callable[..., Appointment]:
    """A function that books as a patient does at the public pages."""

    def book_online(starts_at: datetime, practitioner: Practitioner) -> Appointment:
        common: dict[str, Any] = {"by": Actor.patient(), "now": timezone.now()}
        visitor = Visitor(proved_email="dev@patients.example")
        hold = scheduling.hold(
            service=service, starts_at=starts_at, holder="visitor", location=location, practitioner=practitioner,
            visitor=visitor, **common,
        )  # fmt: skip
        details = PatientDetails("Dev Ahmed", "dev@patients.example", "+14035550144", is_first_visit=True)
        return scheduling.book(hold=hold, details=details, submission_key="dev", visitor=visitor, **common)

    return book_online


@pytest.mark.parametrize("moment", ["before the drag", "before the confirmation"])
def test_a_drag_to_a_time_that_a_patient_has_just_taken_is_refused_in_words(
    desk: Page,
    make_visit: Callable[..., Appointment],
    book_online: Callable[..., Appointment],
    steve: Practitioner,
    at: Callable[..., datetime],
    moment: str,
):
    alice = make_visit("Alice Martin", at(10, days=1))
    effort = open_day(desk, at(9, days=1))
    if moment == "before the drag":
        dev = book_online(at(9, days=1), steve)
    effort.drag(block(desk, alice), desk.locator("[data-person=steve] .gap"))
    expect(button(desk, "Move to 9:00 a.m.")).to_be_visible()
    if moment == "before the confirmation":
        dev = book_online(at(9, days=1), steve)
    effort.click(button(desk, "Move to 9:00 a.m."))
    expect(desk.get_by_role("alert")).to_have_text("Steve Hansen already has an appointment at that time.")
    expect(desk.get_by_role("heading", name="Free times nearby")).to_be_visible()
    alice.refresh_from_db()
    dev.refresh_from_db()
    assert (alice.starts_at, alice.practitioner.slug, alice.status) == (at(10, days=1), "maya", "booked")
    assert (dev.starts_at, dev.practitioner, dev.status) == (at(9, days=1), steve, "booked")
    assert not queued(alice, "confirmation")
    expect(block(desk, dev)).to_be_visible()


def test_undoing_a_cancellation_whose_time_was_taken_is_refused_in_words(
    desk: Page, alice: Appointment, location: Location, service: Service, maya: Practitioner, receptionist: Any
):
    effort = open_day(desk)
    effort.click(block(desk, alice))
    effort.click(link(desk, "Cancel"))
    effort.click(button(desk, "Cancel the visit"))
    said(desk, "Cancelled: Alice Martin")
    bob = scheduling.book_by_staff(
        service=service, starts_at=alice.starts_at, practitioner=maya, location=location,
        patient=factories.make_patient(name="Bob Berg"), by=Actor.staff(receptionist), now=timezone.now(),
    )  # fmt: skip
    effort.click(button(desk, "Undo"))
    said(desk, "Maya Okafor already has an appointment at that time. The visit stays cancelled.")
    expect(block(desk, bob)).to_be_visible()
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.status, bob.status) == ("cancelled", "booked")
    assert not queued(alice, "confirmation")
