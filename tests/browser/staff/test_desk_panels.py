"""Every panel and page of the front desk on a busy day: axe and width, in both colour schemes, at three widths."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Browser, Page

from booking import scheduling
from booking.desk.panels import PANELS
from booking.models import Appointment, Location, Practitioner, Service, Tag, TimeOff, WaitlistEntry, WorkingHours
from booking.scheduling import Actor
from tests.browser.axe import axe_violations
from tests.support import factories

pytestmark = pytest.mark.prove  # Takes long.

WIDTHS = (1280, 1024, 360)
HEIGHT = 3000  # So that the bar at the foot of a phone covers nothing: axe does not scroll.
STATUSES = ("fulfilled", "noshow", "arrived", "booked", "cancelled")
FIRST_HOUR = 8


@pytest.fixture
def steve(office: Page) -> Practitioner:
    """A practitioner who works every day, and whose login is that of ``office``."""
    steve = Practitioner.objects.filter(services__slug="physiotherapy-assessment").first()
    assert steve
    WorkingHours.objects.filter(practitioner=steve).delete()
    factories.make_hours(steve, Location.objects.get(), weekdays=range(7))
    steve.user = get_user_model().objects.get(username="steve")
    steve.save()
    return steve


@pytest.fixture
def visit(steve: Practitioner) -> Appointment:
    """A visit tomorrow, booked, in a series, with a note, an alert tag and messages, on a day with all statuses."""
    location, service = Location.objects.get(), Service.objects.get(slug="physiotherapy-assessment")
    today = timezone.localdate(timezone=location.zone)
    tomorrow = today + timedelta(days=1)
    Appointment.objects.filter(practitioner=steve, local_on__gte=today).update(status="cancelled")
    visits = []
    for day in (today, tomorrow):
        for hour, status in enumerate(STATUSES, FIRST_HOUR):
            patient = factories.make_patient(name=f"Alexandrina Fotheringay-Montmorency {hour}")
            visits.append(
                factories.make_appointment(
                    service=service,
                    practitioner=steve,
                    location=location,
                    patient=patient,
                    status=status,
                    starts_at=datetime(day.year, day.month, day.day, hour, tzinfo=location.zone),
                    is_first_visit=status == "booked",
                )
            )
    visit = next(each for each in visits if each.status == "booked" and each.local_on == tomorrow)
    assert visit.patient
    assert steve.user
    by, now = Actor.staff(steve.user), timezone.now()
    scheduling.book_series(
        original=visit, starts=[(visit.starts_at + timedelta(weeks=1), steve)], by=by, now=now, tell_patient=True
    )
    visit.patient.tags.add(Tag.objects.create(name="Fall risk", is_alert=True))
    factories.make_note(visit.patient, author=steve.user, appointment=visit, text="Brings the results of the scan.")
    factories.make_note(visit.patient, author=steve.user, text="Hard of hearing.")
    wish = factories.make_wish(service, location, first_on=today, last_on=today + timedelta(days=14))
    scheduling.join(wish=wish, now=now)
    return visit


@pytest.fixture
def away(visit: Appointment) -> TimeOff:
    """Steve's time off, which the visit of tomorrow is inside."""
    return TimeOff.objects.create(
        practitioner=visit.practitioner, kind="sick", starts_on=visit.local_on, ends_on=visit.local_on,
        start_time=visit.local_time,
    )  # fmt: skip


def panel_addresses(visit: Appointment, away: TimeOff) -> list[str]:
    """One address for each panel, and for each that needs a gap."""
    day = f"/desk/?day={visit.local_on}"
    person = visit.practitioner.slug
    gap = f"{visit.local_on + timedelta(days=7)}&with={person}&at=13:00"
    given = {"block": f"&with={person}&at=09:00", "away": f"&block={away.pk}", "visits": f"&with={person}", "book": ""}
    return [
        day,
        f"{day}&appointment={visit.reference}",
        f"/desk/?day={gap}",
        f"/desk/?day={gap}&patient={visit.patient_id}",
        f"/desk/?day={gap}&do=block",
        f"/desk/week/?day={visit.local_on}&with={person}&appointment={visit.reference}",
        f"/desk/?with={person}&do=late",
        *(f"{day}&do={name}{given.get(name, f'&appointment={visit.reference}')}" for name in PANELS),
    ]


def page_addresses(visit: Appointment, other: int, entry: int) -> list[str]:
    patient = visit.patient_id
    return [
        f"/desk/?day={visit.local_on}&list=1&cancelled=1",
        f"/desk/week/?day={visit.local_on}&with={visit.practitioner.slug}",
        f"/desk/print/?day={visit.local_on}",
        "/desk/my-day/",
        "/desk/me/",
        "/desk/me/page/",
        "/desk/find/",
        "/desk/conflicts/",
        "/desk/waitlist/",
        f"/desk/waitlist/{entry}/",
        f"/desk/waitlist/add/?patient={patient}",
        "/desk/patients/",
        "/desk/patients/new/",
        "/desk/patients/import/",
        f"/desk/patients/{patient}/",
        f"/desk/patients/{patient}/edit/",
        f"/desk/patients/{patient}/contact/",
        f"/desk/patients/merge/?keep={patient}&merged={other}",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_panel_or_page_of_the_desk_has_axe_violations_or_scrolls_sideways(
    browser: Browser, office: Page, site: str, visit: Appointment, away: TimeOff, scheme: Any
):
    today = date.fromordinal(visit.local_on.toordinal() - 1)
    other = Appointment.objects.filter(local_on=today, patient__isnull=False).values_list("patient_id", flat=True)[0]
    entry = WaitlistEntry.objects.values_list("pk", flat=True)[0]
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce", base_url=site,
        storage_state=office.context.storage_state(),
    )  # fmt: skip
    page, wrong = context.new_page(), {}

    def check(name: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if violations := axe_violations(page):
                wrong[f"{name} at {width}"] = violations
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong[f"{name} at {width} scrolls sideways"] = []

    for address in [*panel_addresses(visit, away), *page_addresses(visit, other, entry)]:
        response = page.goto(address)
        assert response
        assert response.status == 200, address
        check(address)
    for name in ("Fotheringay", "nobody at all"):
        page.goto("/desk/find/")
        page.get_by_role("textbox", name="Find a patient").fill(name)
        page.get_by_role("textbox", name="Find a patient").press("Enter")
        check(f"find: {name}")
    context.close()
    assert wrong == {}
