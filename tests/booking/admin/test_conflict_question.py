"""Edits that cause schedule conflicts must be confirmed; the conflicts are listed afterwards."""

import io
from datetime import date, time, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import CheckboxInput
from django.test import Client
from PIL import Image

from booking.models import AppointmentEvent, Closure, HoursOverride, Message, Practitioner, Service, TimeOff
from tests.support import factories

TUESDAY = date(2026, 11, 24)
OFF = {"starts_on": "2026-11-24", "ends_on": "2026-11-24", "note": "A course in Calgary"}


@pytest.fixture
def service(db):
    return factories.make_service(needs_needling_authorisation=True)


@pytest.fixture
def steve(service, location):
    practitioner = factories.make_practitioner([service], authorised_for_needling=True)
    factories.make_hours(practitioner, location)
    return practitioner


@pytest.fixture
def visit(service, location, steve):
    return factories.make_appointment(service=service, location=location, practitioner=steve)


def confirmation(response):
    return {"stranded_seen": response.context["stranded_seen"]}


def conflicts_in(response):
    """The conflicts on a confirmation page: appointments and reasons."""
    days = response.context.get("stranded_days") or []
    return [(row.appointment, row.why) for day in days for row in day.rows]


def messages_in(response):
    return [str(message) for message in response.context["messages"]]


def form_data(client, address):
    """The data that a browser would submit for an unchanged form."""
    page = client.get(address)
    forms = [page.context["adminform"].form]
    sent = {}
    for inline in page.context["inline_admin_formsets"]:
        formset = inline.formset
        forms += [formset.management_form, *formset.forms]
    for form in forms:
        for name, field in form.fields.items():
            value = form[name].value()
            if isinstance(field.widget, CheckboxInput):
                text = "on" if value else None
            else:
                text = None if name == "photo" else field.widget.format_value(value)
            text = text[0] if isinstance(text, list) and text else text
            if text:
                sent[form.add_prefix(name)] = text
    return sent


def is_unchanged(visit):
    before = (visit.status, visit.starts_at, visit.sequence, visit.updated_at)
    visit.refresh_from_db()
    return (visit.status, visit.starts_at, visit.sequence, visit.updated_at) == before


# Before saving


def test_time_off_over_a_visit_needs_confirmation(admin_client, visit, steve):
    response = admin_client.post("/admin/booking/timeoff/add/", {"practitioner": steve.pk, **OFF})
    assert response.status_code == 422
    assert conflicts_in(response) == [(visit, "Time off")]
    page = response.content.decode()
    assert "1 appointment would fall outside" in page
    assert "Alice Martin" in page
    assert 'value="A course in Calgary"' in page
    assert "Please correct" not in page
    assert messages_in(response) == []
    assert (TimeOff.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_once_confirmed_it_is_saved_with_a_link_to_the_list(admin_client, visit, steve):
    data = {"practitioner": steve.pk, **OFF}
    question = admin_client.post("/admin/booking/timeoff/add/", data)
    response = admin_client.post("/admin/booking/timeoff/add/", data | confirmation(question), follow=True)
    assert TimeOff.objects.get().note == "A course in Calgary"
    assert LogEntry.objects.count() == 1
    assert messages_in(response)[-1] == ('1 appointment is now outside hours. <a href="/desk/conflicts/">Review it</a>')
    assert is_unchanged(visit)
    assert (AppointmentEvent.objects.count(), Message.objects.count()) == (0, 0)


def test_a_visit_booked_after_the_question_needs_another_confirmation(admin_client, visit, steve, service, location):
    data = {"practitioner": steve.pk, **OFF}
    question = admin_client.post("/admin/booking/timeoff/add/", data)
    later = factories.make_appointment(
        service=service, location=location, practitioner=steve, starts_at=visit.starts_at + timedelta(hours=2)
    )
    response = admin_client.post("/admin/booking/timeoff/add/", data | confirmation(question))
    assert response.status_code == 422
    assert [appointment for appointment, _ in conflicts_in(response)] == [visit, later]
    assert TimeOff.objects.count() == 0


@pytest.mark.parametrize("answer", ["", "x", "-1", "\u0661", "1,,", "9" * 400])
def test_an_invalid_confirmation_saves_nothing(admin_client, visit, steve, answer):
    data = {"practitioner": steve.pk, "stranded_seen": answer, **OFF}
    visit_pk = str(visit.pk)
    if answer.split(",")[0] != visit_pk:
        assert admin_client.post("/admin/booking/timeoff/add/", data).status_code == 422
        assert TimeOff.objects.count() == 0


def test_an_edit_without_conflicts_is_saved_at_once(admin_client, visit, steve):
    other_day = {"practitioner": steve.pk, "starts_on": "2026-11-25", "ends_on": "2026-11-25"}
    assert admin_client.post("/admin/booking/timeoff/add/", other_day).status_code == 302
    assert TimeOff.objects.count() == 1


def test_only_new_conflicts_need_confirmation(admin_client, visit, steve, service, location):
    Closure.objects.create(location=location, on=TUESDAY, name="Staff day")
    response = admin_client.post("/admin/booking/timeoff/add/", {"practitioner": steve.pk, **OFF}, follow=True)
    assert TimeOff.objects.count() == 1
    assert len(messages_in(response)) == 1


def test_form_errors_come_before_the_question(admin_client, visit, steve):
    data = {"practitioner": steve.pk, **OFF, "ends_on": "2026-11-20"}
    response = admin_client.post("/admin/booking/timeoff/add/", data)
    assert response.status_code == 200
    assert response.context["errors"]
    assert conflicts_in(response) == []


def test_a_closure_needs_confirmation(admin_client, visit, location):
    data = {"location": location.pk, "on": "2026-11-24", "name": "Staff day"}
    response = admin_client.post("/admin/booking/closure/add/", data)
    assert conflicts_in(response) == [(visit, "The location is closed")]
    assert Closure.objects.count() == 0


def test_an_hours_override_needs_confirmation(admin_client, visit, location, steve):
    data = {"practitioner": steve.pk, "location": location.pk, "on": "2026-11-24"}
    response = admin_client.post("/admin/booking/hoursoverride/add/", data)
    assert conflicts_in(response) == [(visit, "Other hours on this date")]
    assert HoursOverride.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"authorised_for_needling": None}, "Not authorized for needling"),
        ({"is_active": None}, "No longer sees patients"),
        ({"working_hours-1-end_time": "11:00"}, "Outside working hours"),
        ({"working_hours-1-DELETE": "on"}, "Outside working hours"),
        ({"practitioner_services-0-DELETE": "on"}, "Does not offer this service"),
        (
            {
                "breaks-TOTAL_FORMS": "1",
                "breaks-0-weekday": "1",
                "breaks-0-start_time": "11:00",
                "breaks-0-end_time": "11:30",
            },
            "A break",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_row_on_a_practitioners_page_is_checked(admin_client, visit, steve, change, why):
    address = f"/admin/booking/practitioner/{steve.pk}/change/"
    data = {name: value for name, value in (form_data(admin_client, address) | change).items() if value is not None}
    counts = (steve.working_hours.count(), steve.breaks.count(), steve.practitioner_services.count())
    response = admin_client.post(address, data)
    assert (response.status_code, conflicts_in(response)) == (422, [(visit, why)])
    stored = Practitioner.objects.get()
    assert (stored.is_active, stored.authorised_for_needling) == (True, True)
    assert steve.working_hours.get(weekday=1).end_time == time(17)
    assert (steve.working_hours.count(), steve.breaks.count(), steve.practitioner_services.count()) == counts
    assert admin_client.post(address, data | confirmation(response)).status_code == 302
    assert is_unchanged(visit)


def test_an_unchanged_form_is_saved_without_a_question(admin_client, visit, steve):
    address = f"/admin/booking/practitioner/{steve.pk}/change/"
    assert admin_client.post(address, form_data(admin_client, address)).status_code == 302


def test_deactivating_a_service_needs_confirmation(admin_client, visit, service):
    address = f"/admin/booking/service/{service.pk}/change/"
    data = form_data(admin_client, address)
    del data["is_active"]
    response = admin_client.post(address, data)
    assert conflicts_in(response) == [(visit, "Service withdrawn")]
    assert Service.objects.get().is_active


def test_deactivating_a_room_needs_confirmation(admin_client, location):
    service = factories.make_service(needs_room=True)
    steve = factories.make_practitioner([service])
    factories.make_hours(steve, location)
    room = factories.make_room(location)
    visit = factories.make_appointment(service=service, location=location, practitioner=steve, room=room)
    address = f"/admin/booking/location/{location.pk}/change/"
    data = form_data(admin_client, address)
    del data["rooms-0-is_active"]
    response = admin_client.post(address, data)
    assert conflicts_in(response) == [(visit, "No room that can be used")]
    room.refresh_from_db()
    assert room.is_active


def test_a_dry_run_stores_no_upload(admin_client, visit, steve, settings):
    address = f"/admin/booking/practitioner/{steve.pk}/change/"
    data = form_data(admin_client, address)
    del data["is_active"]
    file = io.BytesIO()
    Image.new("RGB", (400, 400), "green").save(file, "PNG")

    def photo():
        return {"photo": SimpleUploadedFile("steve.png", file.getvalue(), "image/png")}

    response = admin_client.post(address, data | photo())
    assert response.status_code == 422
    assert "Choose the picture again" in response.content.decode()
    assert not settings.MEDIA_ROOT.exists() or not list(settings.MEDIA_ROOT.rglob("*.png"))
    assert admin_client.post(address, data | photo() | confirmation(response)).status_code == 302
    assert len(list(settings.MEDIA_ROOT.rglob("*.png"))) == 1


# Deleting


def test_deleting_an_override_lists_the_conflicts(admin_client, visit, steve, location):
    Closure.objects.create(location=location, on=TUESDAY, name="Staff day")
    override = HoursOverride.objects.create(
        practitioner=steve, location=location, on=TUESDAY, start_time=time(9), end_time=time(17)
    )
    address = f"/admin/booking/hoursoverride/{override.pk}/delete/"
    question = admin_client.get(address)
    assert conflicts_in(question) == [(visit, "The location is closed")]
    assert HoursOverride.objects.count() == 1
    response = admin_client.post(address, {"post": "yes"}, follow=True)
    assert HoursOverride.objects.count() == 0
    assert messages_in(response)[-1].startswith("1 appointment is now outside hours.")


def test_deleting_several_lists_the_conflicts(admin_client, visit, steve, location):
    Closure.objects.create(location=location, on=TUESDAY, name="Staff day")
    override = HoursOverride.objects.create(
        practitioner=steve, location=location, on=TUESDAY, start_time=time(9), end_time=time(17)
    )
    data = {"action": "delete_selected", "_selected_action": [override.pk], "index": "0"}
    question = admin_client.post("/admin/booking/hoursoverride/", data)
    assert conflicts_in(question) == [(visit, "The location is closed")]
    assert HoursOverride.objects.count() == 1
    response = admin_client.post("/admin/booking/hoursoverride/", data | {"post": "yes"}, follow=True)
    assert HoursOverride.objects.count() == 0
    assert messages_in(response)[-1].startswith("1 appointment is now outside hours.")


def test_deleting_without_conflicts_shows_the_usual_page(admin_client, visit, steve):
    time_off = TimeOff.objects.create(practitioner=steve, starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 1))
    response = admin_client.get(f"/admin/booking/timeoff/{time_off.pk}/delete/")
    assert conflicts_in(response) == []
    assert "would fall outside" not in response.content.decode()
    assert admin_client.get(f"/admin/booking/practitioner/{steve.pk}/delete/").status_code == 200


# Permissions


def test_patients_are_named_only_with_permission(visit, steve):
    user = get_user_model().objects.create_user("planner", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_timeoff", "view_practitioner"]))
    client = Client()
    client.force_login(user)
    data = {"practitioner": steve.pk, **OFF}
    question = client.post("/admin/booking/timeoff/add/", data)
    assert question.status_code == 422
    assert "11:15 a.m." in question.content.decode()
    for secret in ("Alice", "555-0123", f"appointment/{visit.pk}"):
        assert secret not in question.content.decode()
    response = client.post("/admin/booking/timeoff/add/", data | confirmation(question), follow=True)
    assert messages_in(response)[-1] == "1 appointment is now outside hours. Tell the front desk."
    assert client.get("/desk/conflicts/").status_code == 403


def test_a_dry_run_needs_the_same_permission_as_saving(visit, steve):
    client = Client()
    client.force_login(get_user_model().objects.create_user("new", is_staff=True))
    assert client.post("/admin/booking/timeoff/add/", {"practitioner": steve.pk, **OFF}).status_code == 403


# The list of conflicts


def test_the_list_shows_conflicts_and_requests_to_move(admin_client, visit, steve, service, location, now):
    assert "None. All upcoming appointments" in admin_client.get("/desk/conflicts/").content.decode()
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, ends_on=TUESDAY)
    requested = factories.make_appointment(
        service=service,
        location=location,
        practitioner=steve,
        starts_at=visit.starts_at + timedelta(days=1),
        asked_to_move_at=now,
    )
    page = admin_client.get("/desk/conflicts/")
    assert [(row.visit, row.why) for row in page.context["inside"]] == [(visit, "Time off"), (requested, "")]
    assert "Asked to choose a new time on Mon, Nov 23, 8:00 a.m." in page.content.decode()
    assert f"appointment={visit.reference}&amp;do=move" in page.content.decode()
    notes = [note.heading for note in admin_client.get("/admin/").context["notes"]]
    assert "2 appointments outside hours" in notes


def test_users_with_view_permission_see_no_buttons(visit, steve):
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, ends_on=TUESDAY)
    user = get_user_model().objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_appointment"))
    client = Client()
    client.force_login(user)
    page = client.get("/desk/conflicts/").content.decode()
    assert "Alice Martin" in page
    assert "do=move" not in page
    assert "Give to" not in page


def test_the_list_of_twenty_stays_within_a_query_limit(
    admin_client, steve, service, location, django_assert_max_num_queries
):
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, ends_on=date(2027, 12, 31))
    for week in range(20):
        factories.make_appointment(
            service=service,
            location=location,
            practitioner=steve,
            starts_at=factories.VISIT_AT + timedelta(weeks=week),
        )
    with django_assert_max_num_queries(33):  # Five of them write the access log, ten find who else is free.
        assert len(admin_client.get("/desk/conflicts/").context["inside"]) == 20


# A corrected time zone


def test_with_a_corrected_zone_appointments_keep_their_time_on_the_clock(admin_client, visit, location):
    address = f"/admin/booking/location/{location.pk}/change/"
    before = visit.starts_at
    promised = visit.local_on, visit.local_time
    data = form_data(admin_client, address)
    assert admin_client.post(address, data | {"time_zone": "America/Toronto"}, follow=True).status_code == 200
    visit = type(visit).objects.get()
    assert (visit.local_on, visit.local_time) == promised
    assert visit.starts_at != before
    assert (visit.local_start.date(), visit.local_start.time()) == promised
    response = admin_client.post(address, data | {"time_zone": "America/Edmonton"}, follow=True)
    assert "1 appointment keeps its time of day" in " ".join(messages_in(response))
    assert type(visit).objects.get().starts_at == before


def test_the_list_says_why_staff_booked_a_visit_outside_hours(admin_client, visit, steve):
    TimeOff.objects.create(practitioner=steve, starts_on=visit.local_on, ends_on=visit.local_on)
    type(visit).objects.update(exception_reason="Only day off work")
    page = admin_client.get("/desk/conflicts/").content.decode()
    assert "Time off. Booked outside hours: Only day off work" in page
