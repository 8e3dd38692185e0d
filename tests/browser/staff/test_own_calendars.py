"""A practitioner gives their own calendar on a real CalDAV server, the desk sees it shaded, and it is removed again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.models import BusyTime, ExternalCalendar, Practitioner
from tests.browser.axe import page_violations
from tests.support.calendar_server import LOGIN, PASSWORD, CalendarServer, running_calendar_server
from tests.support.ical_files import make_calendar

WIDTHS = (360, 768, 1280)


@pytest.fixture
def radicale(tmp_path: Path, settings: Any, tomorrow: datetime) -> Iterator[CalendarServer]:
    """With an event from 11:15 to 12:15 tomorrow, or on the next day on which somebody works."""
    settings.CALENDAR_NETWORKS = ["127.0.0.0/8"]
    with running_calendar_server(tmp_path) as server:
        start = tomorrow.astimezone(UTC)
        event = f"UID:1\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDURATION:PT1H\nSUMMARY:Dentist"
        server.put("dentist", make_calendar(event))
        yield server


@pytest.fixture
def steve(site: str, tomorrow: datetime) -> Practitioner:
    """He works from 8:00 to 18:00 every day."""
    steve = Practitioner.objects.get(slug="steve-hansen")
    hours = steve.working_hours.first()
    steve.working_hours.all().delete()
    for weekday in range(7):
        hours.pk, hours.weekday = None, weekday
        hours.start_time, hours.end_time = datetime(2026, 1, 1, 8).time(), datetime(2026, 1, 1, 18).time()
        hours.save()
    return steve


def check_all_widths(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page_violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_a_calendar_is_added_shaded_and_removed(
    office: Page, radicale: CalendarServer, steve: Practitioner, tomorrow: datetime
):
    office.goto("/desk/calendars/")
    expect(office.get_by_text("There's no calendar yet.")).to_be_visible()
    office.get_by_role("link", name="Add a calendar").click()
    office.get_by_text("Google Calendar").click()
    expect(office.get_by_text("Secret address in iCal format")).to_be_visible()
    office.get_by_label("Whose calendar").select_option("steve-hansen")
    office.get_by_label("Secret address of the calendar").fill(radicale.address)
    office.get_by_label("What you call it").fill("Home")
    office.get_by_label("User name").fill(LOGIN)
    office.get_by_label("Password").fill("wrong")
    office.get_by_role("button", name="Test and add").click()
    expect(office.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(office.get_by_label("Password")).to_have_value("")

    office.get_by_label("Password").fill(PASSWORD)
    office.get_by_role("button", name="Test and add").click()
    expect(office.get_by_text("It blocks 1 time ahead.")).to_be_visible()
    expect(office.get_by_role("heading", name="Steve Hansen: Home (127.0.0.1)")).to_be_visible()
    assert radicale.address not in office.content()
    assert BusyTime.objects.get().starts_at == tomorrow

    office.goto(f"/desk/?day={tomorrow:%Y-%m-%d}")
    shade = office.locator(".desk-calendar__grid .shade--busy")
    expect(shade).to_contain_text("Busy")
    expect(shade).to_contain_text("own calendar, read just now")
    assert "Dentist" not in office.content()

    radicale.delete("dentist")
    office.goto("/desk/calendars/")
    office.get_by_role("button", name="Test now").click()
    expect(office.get_by_text("It blocks nothing right now.")).to_be_visible()
    office.get_by_text("Remove", exact=False).first.click()
    office.get_by_role("button", name="Remove this calendar").click()
    expect(office.get_by_text("The calendar is removed.")).to_be_visible()
    assert not ExternalCalendar.objects.exists()


def open_unguarded(office: Page, scheme: Any) -> Page:
    """A page of the same login in which axe may be injected."""
    browser = office.context.browser
    assert browser is not None
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce",
        storage_state=office.context.storage_state(), base_url=office.url.partition("/admin")[0],
    )  # fmt: skip
    return context.new_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_at_every_width(office: Page, steve: Practitioner, scheme: Any, tomorrow: datetime):
    now = timezone.now()
    calendar = ExternalCalendar.objects.create(
        practitioner=steve,
        secret_address="-",
        label="Home",
        last_problem="not-found",
        last_tried_at=now,
        last_read_at=now - timedelta(hours=3),
        added_at=now - timedelta(days=2),
        next_read_at=now,
    )
    BusyTime.objects.create(calendar=calendar, starts_at=tomorrow, ends_at=tomorrow + timedelta(minutes=90))
    page = open_unguarded(office, scheme)
    for address in (
        "/desk/calendars/", "/desk/calendars/add/", "/desk/booking-links/", f"/desk/?day={tomorrow:%Y-%m-%d}"
    ):  # fmt: skip
        page.goto(address)
        check_all_widths(page)
    page.context.close()


def test_a_booking_link_is_copied(office: Page, site: str):
    office.context.grant_permissions(["clipboard-read", "clipboard-write"])
    office.goto("/desk/booking-links/")
    office.get_by_role("button", name="Copy All services").click()
    expect(office.get_by_role("status").filter(has_text="Copied: All services")).to_be_attached()
    assert office.evaluate("navigator.clipboard.readText()") == f"{site}/book/"
    link = office.get_by_role("link", name="Open All services")
    link.click()
    expect(office).to_have_url(f"{site}/book/")
