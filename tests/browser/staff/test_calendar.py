"""The calendar at /desk/ in a browser: keys, the refresh by itself, and the panel that someone types in."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from booking import scheduling
from booking.models import Appointment, Location, Practitioner, Service, WorkingHours
from booking.scheduling import Actor
from tests.support import factories


@pytest.fixture
def make_visit(site: str):
    service = Service.objects.get(slug="physiotherapy-assessment")
    steve = Practitioner.objects.filter(services=service).first()
    location = Location.objects.get()
    today = timezone.localdate(timezone=location.zone)
    WorkingHours.objects.filter(practitioner=steve).delete()
    factories.make_hours(steve, location, weekdays=range(7))

    def make_visit(name: str, hour: int) -> Appointment:
        starts_at = timezone.datetime(today.year, today.month, today.day, hour, tzinfo=location.zone)
        return factories.make_appointment(
            service=service, practitioner=steve, location=location, starts_at=starts_at,
            patient=factories.make_patient(name=name),
        )  # fmt: skip

    return make_visit


@pytest.fixture
def desk(browser: Browser, site: str, console_errors: list[str]) -> Iterator[Page]:
    """A page with JavaScript, logged in, on the calendar."""
    get_user_model().objects.create_superuser("rita", "rita@clinic.example", "canola-foothills-42")
    context = browser.new_context(java_script_enabled=True, viewport={"width": 1280, "height": 900}, base_url=site)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    page.goto("/staff/login/")
    page.get_by_label("Username or email").fill("rita")
    page.get_by_label("Password").fill("canola-foothills-42")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(", ")
    yield page
    context.close()


def test_a_change_by_someone_else_appears_within_ten_seconds(desk: Page, make_visit):
    visit = make_visit("Dev Ahmed", 9)
    expect(desk.locator(".block__name", has_text="Dev Ahmed")).to_be_visible(timeout=10_000)
    expect(desk.locator("#desk-news")).to_contain_text("New: 9:00, Dev Ahmed")
    by = Actor.staff(get_user_model().objects.get())
    scheduling.cancel(appointment=visit, by=by, now=timezone.now() - timedelta(hours=12))
    expect(desk.locator(".block__name", has_text="Dev Ahmed")).to_have_count(0, timeout=10_000)
    expect(desk.locator("#desk-news")).to_contain_text("Moved or cancelled: 9:00, Dev Ahmed")


def test_a_lost_connection_is_said_and_found_again(desk: Page, make_visit, console_errors: list[str]):
    make_visit("Alice Martin", 9)
    desk.route("**/desk/version/", lambda route: route.abort())
    expect(desk.get_by_text("Not up to date: connection lost")).to_be_visible(timeout=10_000)
    desk.unroute("**/desk/version/")
    expect(desk.get_by_text("Not up to date: connection lost")).to_be_hidden(timeout=10_000)
    console_errors.clear()  # The browser reports the request that was aborted.


def test_keys_press_what_is_there_and_can_be_switched_off(desk: Page, make_visit):
    make_visit("Alice Martin", 9)
    make_visit("Bob Berg", 11)
    desk.keyboard.press("]")
    expect(desk.get_by_role("link", name="Today")).not_to_have_attribute("aria-current", "date")
    desk.keyboard.press("t")
    expect(desk.get_by_role("link", name="Today")).to_have_attribute("aria-current", "date")
    desk.get_by_role("link", name="Alice Martin").first.focus()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=2).and_(desk.locator("#visit"))).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.locator("#visit")).to_have_count(0)
    desk.keyboard.press("w")
    expect(desk.get_by_role("link", name="This week")).to_be_visible()
    desk.keyboard.press("w")
    expect(desk.get_by_role("link", name="Today")).to_be_visible()
    desk.locator("#pick-day").focus()
    desk.keyboard.press("]")
    expect(desk.get_by_role("link", name="Today")).to_have_attribute("aria-current", "date")
    desk.get_by_role("heading", level=1).click()
    desk.keyboard.press("?")
    desk.get_by_role("button", name="Switch keys off in this browser").click()
    expect(desk.locator("main[data-keys=off]")).to_be_visible()
    desk.keyboard.press("]")
    expect(desk.get_by_role("link", name="Today")).to_have_attribute("aria-current", "date")
