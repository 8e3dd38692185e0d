"""The front desk finds a patient, corrects an e-mail address and merges two patients, without JavaScript."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from playwright.sync_api import Browser, Page, expect

from booking.models import Appointment, Location, Patient, Practitioner, Service
from booking.privacy.change_log import log_added
from booking.scheduling import Actor
from tests.browser.axe import OFFICE, axe_violations
from tests.support import factories

DESK = ["view_patient", "change_patient", "merge_patient", "view_appointment", "change_appointment", "add_appointment"]
DESK += ["view_message", "change_message", "view_practitioner", "change_practitioner"]
DESK += ["add_patient", "import_patients", "view_patientnote", "change_patientnote", "correct_patient"]
DESK += ["view_accesslogentry", "view_changelogentry", "export_patient"]
DESK += ["change_retentionperiods", "add_disposal", "view_disposal"]


@pytest.fixture
def visit(site: str, tomorrow: datetime) -> Appointment:
    service = Service.objects.get(slug="physiotherapy-assessment")
    practitioner = Practitioner.objects.filter(services=service).first()
    patient = factories.make_patient(name="Zoë O’Brien", email="zoe@patients.exmaple", phone="+14035550161")
    factories.make_patient(name="Zoe OBrien", email="zoe@patients.example", phone="+14035550161", pronouns="she/her")
    return factories.make_appointment(
        service=service,
        practitioner=practitioner,
        location=Location.objects.get(),
        patient=patient,
        starts_at=tomorrow,
    )


def log_in(page: Page, site: str) -> None:
    user = get_user_model().objects.create_user("desk", password="a long word for the desk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=DESK))
    page.goto(f"{site}/admin/")
    page.get_by_label("Username").fill("desk")
    page.get_by_label("Password").fill("a long word for the desk")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Today and everything else")).to_be_visible()


def test_the_front_desk_finds_corrects_and_merges_a_patient(page: Page, site: str, visit: Appointment):
    log_in(page, site)
    page.get_by_label("Find a patient").fill("zoe o'brien")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Zoë O’Brien").click()
    page.get_by_role("link", name="Correct phone or email").click()
    expect(page.get_by_text("every link sent so far stops working")).to_be_visible()
    page.get_by_label("Email").fill("zoe@patients")
    page.get_by_role("button", name="Save and send").click()
    expect(page.get_by_text("Enter a full email address").first).to_be_visible()
    page.get_by_label("Email").fill("zoe@patients.example")
    page.get_by_role("button", name="Save and send").click()
    expect(page.get_by_text("1 confirmation is on the way to zoe@patients.example.")).to_be_visible()
    visit.refresh_from_db()
    assert visit.link_generation == 2

    page.get_by_role("link", name=re.compile("^Compare")).click()
    page.get_by_role("radio", name="she/her").check()
    page.get_by_role("group", name="Name", exact=True).get_by_label("Zoë O’Brien").check()
    page.get_by_role("button", name="Look at the result").click()
    expect(page.get_by_role("heading", name="Merge these two?")).to_be_visible()
    page.get_by_role("button", name="Merge into one patient").click()
    expect(page.get_by_text("moved to Zoë O’Brien.")).to_be_visible()
    merged = Patient.objects.current().get(search_key__startswith="zoe obrien")
    assert (merged.name, merged.pronouns, merged.email) == ("Zoë O’Brien", "she/her", "zoe@patients.example")
    day = f"{visit.local_on:%a, %b} {visit.local_on.day}, {visit.local_on.year}"
    expect(page.get_by_role("link", name=f"{day}, 11:15 a.m.")).to_be_visible()


@pytest.mark.prove  # Takes long.
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_axe_or_csp_violations_or_scrolls_sideways(
    browser: Browser, site: str, visit: Appointment, scheme: Any
):
    factories.make_patient(name="Zoe O'Brien", phone="+14035550161")
    first, second = Patient.objects.order_by("pk")[:2]
    Appointment.objects.update(source="one network")
    log_added(Actor.system(), first)
    addresses = [
        f"/desk/patients/{first.pk}/?edit=note",
        f"/desk/patients/{first.pk}/contact/",
        f"/desk/patients/merge/?keep={first.pk}&merged={second.pk}",
        f"/admin/booking/practitioner/{visit.practitioner_id}/feed/",
        "/desk/patients/",
        "/desk/patients/new/",
        "/desk/patients/import/",
        f"/desk/patients/{first.pk}/edit/",
        f"/desk/privacy/patients/{first.pk}/correct/",
        f"/desk/?day={visit.local_on}&appointment={visit.reference}&do=note",
        f"/desk/appointments/{visit.reference}/same-source/",
        "/desk/privacy/",
        "/desk/privacy/log/",
        "/desk/privacy/unusual/",
        "/desk/privacy/staff/",
        "/desk/privacy/changes/",
        f"/desk/privacy/patients/{first.pk}/?unusual=night",
        f"/desk/privacy/patients/{first.pk}/changes/",
        f"/desk/privacy/patients/{first.pk}/export/",
        f"/desk/privacy/patients/{second.pk}/dispose/",
        "/desk/privacy/retention/",
        "/desk/privacy/due/",
        "/desk/privacy/certificates/",
        "/appointment/lost-link/",
        "/appointment/lost-link/?asked=yes",
    ]
    context = browser.new_context(java_script_enabled=True, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    console_errors: list[Any] = []
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    log_in(page, site)
    addresses.append(f"/desk/privacy/staff/{get_user_model().objects.get(username='desk').pk}/people/")
    for address in addresses:
        page.goto(f"{site}{address}")
        console_errors += [address] if page.evaluate("document.documentElement.scrollWidth > innerWidth") else []
    page.goto(f"{site}{addresses[2]}")
    page.get_by_role("button", name="Look at the result").click()
    expect(page.get_by_role("heading", name="Merge these two?")).to_be_visible()
    state = context.storage_state()
    context.close()
    assert console_errors == []

    # axe needs bypass_csp.
    context = browser.new_context(
        java_script_enabled=True, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce", storage_state=state,
        viewport={"width": 360, "height": 800},
    )  # fmt: skip
    page = context.new_page()
    violations_by_page = {}
    for address in [*addresses, "Merge these two?"]:
        if address.startswith("/"):
            page.goto(f"{site}{address}")
        else:
            page.goto(f"{site}{addresses[2]}")
            page.get_by_role("button", name="Look at the result").click()
            expect(page.get_by_role("heading", name=address)).to_be_visible()
        violations = axe_violations(page, within=OFFICE if "/admin/" in page.url else None)
        if violations:
            violations_by_page[address] = violations
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            violations_by_page[f"{address} scrolls sideways"] = []
    context.close()
    assert violations_by_page == {}
