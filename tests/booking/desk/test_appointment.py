"""Appointments in the admin change through commands only: permissions, effects, and what no form can do."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.test import Client

from booking.models import Message
from tests.support import factories

VISITS = "/admin/booking/appointment/"
STARTED = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)  # Half an hour before NOW.


def member_of_staff(*permissions):
    user = get_user_model().objects.create_user(f"staff-{len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    return user


def signed_in(user, **kwargs):
    client = Client(**kwargs)
    client.force_login(user)
    return client


@pytest.fixture
def visit(location):
    return factories.make_appointment(location=location, starts_at=STARTED)


@pytest.fixture
def desk(db):
    return signed_in(member_of_staff("view_appointment", "change_appointment", "add_appointment"))


# Permissions


@pytest.mark.parametrize(("permission", "status"), [("change_appointment", 403), ("add_appointment", 302)])
def test_booking_for_a_caller_needs_the_permission_to_add_appointments(db, permission, status):
    assert signed_in(member_of_staff(permission)).get(f"{VISITS}add/").status_code == status


def test_appointments_events_and_messages_cannot_be_deleted(admin_client, visit):
    message = Message.objects.create(
        key="reminder-1", kind="reminder", appointment=visit, state="sent", sent_at=STARTED, due_at=STARTED
    )
    assert admin_client.post(f"{VISITS}{visit.pk}/delete/", {"post": "yes"}).status_code == 404
    address = f"/admin/booking/message/{message.pk}"
    assert admin_client.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{address}/change/", {"state": "waiting"}).status_code == 403
    assert b"delete_selected" not in admin_client.get("/admin/booking/message/").content
    assert admin_client.post("/admin/booking/appointmentevent/").status_code == 404


def test_full_clean_rejects_an_overlap_with_a_message(visit):
    other = factories.make_appointment(location=visit.location, starts_at=STARTED + timedelta(hours=2))
    other.practitioner, other.starts_at = visit.practitioner, STARTED + timedelta(minutes=30)
    with pytest.raises(ValidationError) as refused:
        other.full_clean()
    assert "This practitioner already has an appointment at that time." in refused.value.messages


def test_messages_are_shown_in_the_time_zone_of_the_location(admin_client, location):
    elsewhere = factories.make_location(name="Vancouver", time_zone="America/Vancouver", time_zone_label="Pacific time")
    visit = factories.make_appointment(location=elsewhere, starts_at=STARTED + timedelta(days=2))
    due = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    message = Message.objects.create(key="reminder-2", kind="reminder", appointment=visit, due_at=due)
    wall_time = f"Wed, Nov 25, 2026, {due.astimezone(elsewhere.zone).hour - 12 or 12}:00 p.m."
    for address in (f"{VISITS}{visit.pk}/change/", "/admin/booking/message/", f"/admin/booking/message/{message.pk}/"):
        assert wall_time in admin_client.get(address, follow=True).content.decode(), address


def test_the_old_addresses_of_a_visit_lead_to_its_panel(desk, visit):
    panel = f"/desk/?day=2026-11-23&appointment={visit.reference}"
    addresses = {"change": panel, "move": f"{panel}&do=move", "cancel": f"{panel}&do=cancel", "arrived": panel}
    for name, target in addresses.items():
        assert desk.get(f"{VISITS}{visit.pk}/{name}/").url == target
    visit.refresh_from_db()
    assert visit.status == "booked"
    assert desk.get(f"{VISITS}{visit.pk + 1}/change/").status_code == 404


def test_the_old_addresses_need_a_permission_to_see_a_visit(visit):
    assert signed_in(member_of_staff("view_patient")).get(f"{VISITS}{visit.pk}/change/").status_code == 403
    assert (
        signed_in(member_of_staff("view_own_day", "view_patient")).get(f"{VISITS}{visit.pk}/move/").status_code == 302
    )


def test_the_old_address_of_a_hold_leads_to_its_day(desk, visit):
    held = factories.make_appointment(location=visit.location, starts_at=STARTED, status="held", patient=None)
    assert desk.get(f"{VISITS}{held.pk}/change/").url == "/desk/?day=2026-11-23"
