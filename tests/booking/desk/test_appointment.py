"""Appointments in the admin change through commands only: permissions, effects, and what no form can do."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.test import Client

from booking.models import AppointmentEvent, Message
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


def last_event(appointment):
    return appointment.events.last()


# Permissions


@pytest.mark.parametrize("page", ["move", "cancel", "arrived", "attended", "no-show"])
@pytest.mark.parametrize(
    ("permissions", "may"), [([], False), (["view_appointment"], False), (["change_appointment"], True)], ids=str
)
def test_changing_a_visit_needs_the_permission_to_change_appointments(visit, page, permissions, may):
    response = signed_in(member_of_staff(*permissions)).post(f"{VISITS}{visit.pk}/{page}/")
    assert (response.status_code == 403) is not may
    visit.refresh_from_db()
    assert may or visit.status == "booked"


@pytest.mark.parametrize(("permission", "status"), [("change_appointment", 403), ("add_appointment", 200)])
def test_booking_for_a_caller_needs_the_permission_to_add_appointments(db, permission, status):
    assert signed_in(member_of_staff(permission)).get(f"{VISITS}add/").status_code == status


def test_users_with_view_permission_see_no_buttons(visit):
    client = signed_in(member_of_staff("view_appointment"))
    for page in (client.get(VISITS, {"status": "booked"}), client.get(f"{VISITS}{visit.pk}/change/")):
        assert page.status_code == 200
        assert b"formaction" not in page.content
        assert b'name="action"' not in page.content


def test_anonymous_users_are_redirected_to_the_login(client, visit):
    response = client.post(f"{VISITS}{visit.pk}/arrived/")
    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


@pytest.mark.parametrize("page", ["move", "cancel", "arrived"])
def test_a_form_without_a_csrf_token_changes_nothing(admin_user, visit, page):
    response = signed_in(admin_user, enforce_csrf_checks=True).post(f"{VISITS}{visit.pk}/{page}/", {"reason": ""})
    assert response.status_code == 403
    visit.refresh_from_db()
    assert visit.status == "booked"


@pytest.mark.parametrize("step", ["arrived", "attended", "no-show", "undo"])
def test_status_changes_need_a_post(admin_client, visit, step):
    assert admin_client.get(f"{VISITS}{visit.pk}/{step}/").status_code == 405


# Read-only rows


def test_no_form_edits_times_or_status_even_for_a_superuser(admin_client, visit):
    address = f"{VISITS}{visit.pk}/change/"
    assert admin_client.get(address).context["adminform"].form.fields == {}
    response = admin_client.post(address, {"status": "fulfilled", "starts_at_0": "2026-12-01", "starts_at_1": "9:00"})
    assert response.status_code == 403
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at) == ("booked", STARTED)


def test_appointments_events_and_messages_cannot_be_deleted(admin_client, visit):
    message = Message.objects.create(
        key="reminder-1", kind="reminder", appointment=visit, state="sent", sent_at=STARTED, due_at=STARTED
    )
    assert admin_client.post(f"{VISITS}{visit.pk}/delete/", {"post": "yes"}).status_code == 403
    address = f"/admin/booking/message/{message.pk}"
    assert admin_client.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{address}/change/", {"state": "waiting"}).status_code == 403
    assert b"delete_selected" not in admin_client.get("/admin/booking/message/").content
    assert admin_client.post("/admin/booking/appointmentevent/").status_code == 404


def test_events_are_shown_and_append_only(desk, visit):
    desk.post(f"{VISITS}{visit.pk}/arrived/")
    event = last_event(visit)
    page = desk.get(f"{VISITS}{visit.pk}/change/")
    (events,) = [formset for formset in page.context["inline_admin_formsets"] if formset.opts.model is AppointmentEvent]
    may = [events.has_add_permission, events.has_change_permission, events.has_delete_permission]
    assert may == [False, False, False]
    for change in (event.save, event.delete, AppointmentEvent.objects.all().delete):
        with pytest.raises(TypeError, match="This is a record"):
            change()


def test_full_clean_rejects_an_overlap_with_a_message(visit):
    other = factories.make_appointment(location=visit.location, starts_at=STARTED + timedelta(hours=2))
    other.practitioner, other.starts_at = visit.practitioner, STARTED + timedelta(minutes=30)
    with pytest.raises(ValidationError) as refused:
        other.full_clean()
    assert "This practitioner already has an appointment at that time." in refused.value.messages


# One-click status changes


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (["arrived"], "arrived"),
        (["arrived", "attended"], "fulfilled"),
        (["no-show"], "noshow"),
        (["no-show", "arrived"], "arrived"),
        (["arrived", "undo"], "booked"),
        (["arrived", "attended", "undo"], "booked"),
    ],
    ids=str,
)
def test_one_click_changes_the_status(desk, visit, steps, status):
    for step in steps:
        response = desk.post(f"{VISITS}{visit.pk}/{step}/")
    assert response.url == f"{VISITS}?day=2026-11-23"
    visit.refresh_from_db()
    assert visit.status == status
    assert last_event(visit).actor.username == "staff-3"


def test_an_impossible_status_change_reports_why(desk, visit):
    ahead = factories.make_appointment(location=visit.location, practitioner=visit.practitioner)
    response = desk.post(f"{VISITS}{ahead.pk}/no-show/", follow=True)
    assert "This visit hasn't started yet: to free its time, cancel it." in unescape(response.content.decode())
    ahead.refresh_from_db()
    assert ahead.status == "booked"


def test_a_visit_of_a_later_day_is_not_marked_as_arrived(desk, visit):
    ahead = factories.make_appointment(location=visit.location, practitioner=visit.practitioner)
    response = desk.post(f"{VISITS}{ahead.pk}/arrived/", follow=True)
    assert "on a later day: mark it as arrived on that day." in response.content.decode()
    desk.post(VISITS, {"action": "mark_attended", "_selected_action": [ahead.pk], "index": "0"})
    ahead.refresh_from_db()
    assert ahead.status == "booked"


def test_the_page_of_a_marked_visit_offers_the_way_back(desk, visit):
    desk.post(f"{VISITS}{visit.pk}/no-show/")
    steps = desk.get(f"{VISITS}{visit.pk}/change/").context["next_steps"]
    assert [step.slug for step in steps] == ["arrived", "attended", "undo"]


def test_an_action_changes_the_status_of_selected_visits(desk, visit):
    second = factories.make_appointment(location=visit.location, starts_at=STARTED)
    cancelled = factories.make_appointment(location=visit.location, starts_at=STARTED, status="cancelled")
    chosen = {"action": "mark_arrived", "_selected_action": [visit.pk, second.pk, cancelled.pk], "index": "0"}
    response = desk.post(VISITS, chosen, follow=True)
    for appointment, status in ((visit, "arrived"), (second, "arrived"), (cancelled, "cancelled")):
        appointment.refresh_from_db()
        assert appointment.status == status
    assert [message.level_tag for message in response.context["messages"]].count("error") == 1


# Cancelling


def test_cancelling_stores_the_reason_and_queues_a_message(desk, visit):
    assert desk.get(f"{VISITS}{visit.pk}/cancel/").status_code == 200
    response = desk.post(f"{VISITS}{visit.pk}/cancel/", {"reason": "Called in with a cold", "sequence": 0})
    assert response.status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason) == ("cancelled", "Called in with a cold")
    assert last_event(visit).note == "Called in with a cold"
    assert visit.messages.filter(kind="cancelled", state="waiting").exists()


def test_a_refused_cancellation_says_why_and_keeps_the_input(desk, location):
    over = factories.make_appointment(location=location, starts_at=STARTED, status="fulfilled")
    response = desk.post(f"{VISITS}{over.pk}/cancel/", {"reason": "A slip", "sequence": 0})
    assert response.status_code == 409
    assert b"This appointment has started or is over" in response.content
    assert b'value="A slip"' in response.content


@pytest.mark.parametrize("reason", ["line\x00", "a\u202eb", "x" * 201], ids=["nul", "bidi", "long"])
def test_an_invalid_reason_is_refused(desk, visit, reason):
    assert desk.post(f"{VISITS}{visit.pk}/cancel/", {"reason": reason}).status_code == 422
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_selected_visits_are_cancelled_after_a_confirmation(desk, visit):
    second = factories.make_appointment(location=visit.location, starts_at=STARTED)
    chosen = {"action": "cancel_visits", "_selected_action": [visit.pk, second.pk], "index": "0"}
    response = desk.post(VISITS, chosen)
    assert "Cancel 2 visits" in response.content.decode()
    visit.refresh_from_db()
    assert visit.status == "booked"
    desk.post(VISITS, chosen | {"is_sure": "1", "reason": "Steve is ill"})
    for appointment in (visit, second):
        appointment.refresh_from_db()
        assert (appointment.status, appointment.cancel_reason) == ("cancelled", "Steve is ill")


# Moving


@pytest.fixture
def ahead(location):
    service = factories.make_service()
    practitioner = factories.make_practitioner([service])
    factories.make_hours(practitioner, location)
    return factories.make_appointment(location=location, service=service, practitioner=practitioner)


def test_the_move_form_starts_with_the_present_time(desk, ahead):
    page = desk.get(f"{VISITS}{ahead.pk}/move/").content.decode()
    assert 'value="2026-11-24"' in page
    assert 'value="11:15"' in page


def test_moving_books_the_new_time_and_records_both(desk, ahead):
    new = {"sequence": 0, "practitioner": ahead.practitioner_id, "on": "2026-11-25", "at": "09:30"}
    response = desk.post(f"{VISITS}{ahead.pk}/move/", new)
    assert response.url == f"{VISITS}?day=2026-11-25"
    before = ahead.starts_at
    ahead.refresh_from_db()
    assert ahead.starts_at == datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
    event = last_event(ahead)
    assert (event.kind, event.before["starts_at"]) == ("rescheduled", before.isoformat())


def test_moving_to_the_present_time_says_that_nothing_has_moved(desk, ahead):
    new = {"sequence": 0, "practitioner": ahead.practitioner_id, "on": "2026-11-24", "at": "11:15"}
    page = desk.post(f"{VISITS}{ahead.pk}/move/", new, follow=True).content.decode()
    assert "Nothing has moved" in page
    assert "get an email" not in page
    assert not ahead.messages.exists()


def test_a_taken_slot_is_refused_with_free_ones_and_the_visit_stays(desk, ahead):
    taken_at = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
    factories.make_appointment(location=ahead.location, practitioner=ahead.practitioner, starts_at=taken_at)
    new = {"sequence": 0, "practitioner": ahead.practitioner_id, "on": "2026-11-25", "at": "09:30"}
    response = desk.post(f"{VISITS}{ahead.pk}/move/", new)
    page = response.content.decode()
    assert response.status_code == 409
    assert "already has an appointment at that time" in page
    assert 'value="09:30"' in page
    assert page.count('name="take"') == 3
    ahead.refresh_from_db()
    assert ahead.starts_at == factories.VISIT_AT


def test_a_cancelled_visit_cannot_be_moved(desk, ahead):
    desk.post(f"{VISITS}{ahead.pk}/cancel/", {"reason": "", "sequence": 0})
    new = {"sequence": 1, "practitioner": ahead.practitioner_id, "on": "2026-11-25", "at": "09:30"}
    response = desk.post(f"{VISITS}{ahead.pk}/move/", new)
    assert response.status_code == 422
    assert "Only an upcoming appointment can be moved." in response.content.decode()


def test_the_second_of_two_concurrent_moves_gets_a_conflict_page(desk, ahead):
    page = desk.get(f"{VISITS}{ahead.pk}/move/").content.decode()
    assert '<input type="hidden" name="sequence" value="0">' in page
    new = {"sequence": 0, "practitioner": ahead.practitioner_id, "on": "2026-11-25", "at": "09:30"}
    desk.post(f"{VISITS}{ahead.pk}/move/", new)
    response = desk.post(f"{VISITS}{ahead.pk}/move/", new | {"on": "2026-11-26"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Someone changed this visit after you opened this page" in page
    assert "Wednesday, November 25, 2026, 9:30 to 10:15 a.m." in page
    assert 'value="2026-11-26"' in page
    ahead.refresh_from_db()
    assert ahead.starts_at == datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
    assert '<input type="hidden" name="sequence" value="1">' in page
    assert desk.post(f"{VISITS}{ahead.pk}/move/", new | {"on": "2026-11-26", "sequence": 1}).status_code == 302


@pytest.mark.parametrize("sequence", ["1", "", "٠", "0 ", "-0", None])
def test_cancelling_another_version_of_the_visit_changes_nothing(desk, ahead, sequence):
    response = desk.post(f"{VISITS}{ahead.pk}/cancel/", {} if sequence is None else {"sequence": sequence})
    assert response.status_code == 409
    ahead.refresh_from_db()
    assert ahead.status == "booked"


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("alice@patients.example", "The patient will get an email."),
        ("", "The patient has no email address, so please call 403-555-0123."),
    ],
    ids=["with an address", "without one"],
)
def test_staff_are_told_whether_the_patient_is_notified(desk, ahead, email, sentence):
    ahead.patient.email = email
    ahead.patient.save()
    new = {"sequence": 0, "practitioner": ahead.practitioner_id, "on": "2026-11-25", "at": "09:30"}
    assert sentence in desk.post(f"{VISITS}{ahead.pk}/move/", new, follow=True).content.decode()
    cancelled = desk.post(f"{VISITS}{ahead.pk}/cancel/", {"sequence": 1}, follow=True)
    assert sentence in cancelled.content.decode()


def test_no_email_is_promised_about_a_visit_that_is_over(desk, location):
    over = factories.make_appointment(location=location, starts_at=STARTED - timedelta(days=1))
    page = desk.post(f"{VISITS}{over.pk}/cancel/", {"sequence": 0}, follow=True).content.decode()
    assert "No email will be sent." in page
    assert "will get an email" not in page


def test_reminders_by_email_are_not_promised_without_an_address(desk, ahead):
    assert "By email" in desk.get(f"{VISITS}{ahead.pk}/change/").content.decode()
    ahead.patient.email = ""
    ahead.patient.save()
    assert "None: no email address" in desk.get(f"{VISITS}{ahead.pk}/change/").content.decode()


@pytest.mark.parametrize("on", ["9999-12-31", "0001-01-01"])
def test_free_slots_of_an_impossible_date_are_refused_without_a_location(desk, ahead, on):
    factories.make_location(name="Calgary")
    response = desk.post(f"{VISITS}{ahead.pk}/move/", {"sequence": 0, "on": on, "at": "09:30", "look": "1"})
    assert response.status_code == 200
    assert ("Check the year." if on > "2026" else "This day is in the past.") in response.content.decode()


def test_messages_are_shown_in_the_time_zone_of_the_location(admin_client, ahead):
    elsewhere = factories.make_location(name="Vancouver", time_zone="America/Vancouver", time_zone_label="Pacific time")
    visit = factories.make_appointment(location=elsewhere, starts_at=STARTED + timedelta(days=2))
    due = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    message = Message.objects.create(key="reminder-2", kind="reminder", appointment=visit, due_at=due)
    wall_time = f"Wed, Nov 25, 2026, {due.astimezone(elsewhere.zone).hour - 12 or 12}:00 p.m."
    for address in (f"{VISITS}{visit.pk}/change/", "/admin/booking/message/", f"/admin/booking/message/{message.pk}/"):
        assert wall_time in admin_client.get(address, follow=True).content.decode(), address
