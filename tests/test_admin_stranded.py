"""Before an edit is saved, staff see whom it would leave outside; afterwards, where these are listed."""

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
from tests import make

TUESDAY = date(2026, 11, 24)
OFF = {"starts_on": "2026-11-24", "ends_on": "2026-11-24", "note": "A course in Calgary"}


@pytest.fixture(autouse=True)
def _today(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""


@pytest.fixture
def service(db):
    return make.make_service(needs_needling_authorisation=True)


@pytest.fixture
def steve(service, location):
    made = make.make_practitioner([service], authorised_for_needling=True)
    make.make_hours(made, location)
    return made


@pytest.fixture
def visit(service, location, steve):
    return make.make_appointment(service=service, location=location, practitioner=steve)


def seen(response):
    return {"stranded_seen": response.context["stranded_seen"]}


def asked_about(response):
    """The appointments that a page asks about, with the reasons."""
    days = response.context.get("stranded_days") or []
    return [(row.appointment, row.why) for day in days for row in day.rows]


def said(response):
    return [str(message) for message in response.context["messages"]]


def form_of(office, address):
    """What a browser would send of a form as it stands."""
    page = office.get(address)
    forms = [page.context["adminform"].form]
    sent = {}
    for inline in page.context["inline_admin_formsets"]:
        formset = inline.formset
        forms += [formset.management_form, *formset.forms]
    for form in forms:
        for name, field in form.fields.items():
            value = form[name].value()
            if isinstance(field.widget, CheckboxInput):
                written = "on" if value else None
            else:
                written = None if name == "photo" else field.widget.format_value(value)
            written = written[0] if isinstance(written, list) and written else written
            if written:
                sent[form.add_prefix(name)] = written
    return sent


def untouched(visit):
    before = (visit.status, visit.starts_at, visit.sequence, visit.updated_at)
    visit.refresh_from_db()
    return (visit.status, visit.starts_at, visit.sequence, visit.updated_at) == before


# Before saving


def test_time_off_over_a_visit_is_asked_about_and_not_saved(admin_client, visit, steve):
    response = admin_client.post("/admin/booking/timeoff/add/", {"practitioner": steve.pk, **OFF})
    assert response.status_code == 422
    assert asked_about(response) == [(visit, "Time off")]
    page = response.content.decode()
    assert "1 appointment would fall outside" in page
    assert "Alice Martin" in page
    assert 'value="A course in Calgary"' in page
    assert "Please correct" not in page
    assert said(response) == []
    assert (TimeOff.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_once_seen_it_is_saved_and_the_list_is_a_link_away(admin_client, visit, steve):
    typed = {"practitioner": steve.pk, **OFF}
    asked = admin_client.post("/admin/booking/timeoff/add/", typed)
    response = admin_client.post("/admin/booking/timeoff/add/", typed | seen(asked), follow=True)
    assert TimeOff.objects.get().note == "A course in Calgary"
    assert LogEntry.objects.count() == 1
    assert said(response)[-1] == (
        '1 appointment is now outside hours. <a href="/admin/booking/appointment/outside/">See to it</a>'
    )
    assert untouched(visit)
    assert (AppointmentEvent.objects.count(), Message.objects.count()) == (0, 0)


def test_a_visit_booked_after_the_question_is_asked_about_again(admin_client, visit, steve, service, location):
    typed = {"practitioner": steve.pk, **OFF}
    asked = admin_client.post("/admin/booking/timeoff/add/", typed)
    later = make.make_appointment(
        service=service, location=location, practitioner=steve, starts_at=visit.starts_at + timedelta(hours=2)
    )
    again = admin_client.post("/admin/booking/timeoff/add/", typed | seen(asked))
    assert again.status_code == 422
    assert [appointment for appointment, _ in asked_about(again)] == [visit, later]
    assert TimeOff.objects.count() == 0


@pytest.mark.parametrize("answer", ["", "x", "-1", "\u0661", "1,,", "9" * 400])
def test_a_made_up_answer_saves_nothing(admin_client, visit, steve, answer):
    typed = {"practitioner": steve.pk, "stranded_seen": answer, **OFF}
    visit_pk = str(visit.pk)
    if answer.split(",")[0] != visit_pk:
        assert admin_client.post("/admin/booking/timeoff/add/", typed).status_code == 422
        assert TimeOff.objects.count() == 0


def test_what_strands_nobody_is_saved_at_once(admin_client, visit, steve):
    other_day = {"practitioner": steve.pk, "starts_on": "2026-11-25", "ends_on": "2026-11-25"}
    assert admin_client.post("/admin/booking/timeoff/add/", other_day).status_code == 302
    assert TimeOff.objects.count() == 1


def test_only_what_falls_outside_anew_is_asked_about(admin_client, visit, steve, service, location):
    Closure.objects.create(location=location, on=TUESDAY, name="Staff day")
    response = admin_client.post("/admin/booking/timeoff/add/", {"practitioner": steve.pk, **OFF}, follow=True)
    assert TimeOff.objects.count() == 1
    assert len(said(response)) == 1


def test_a_slip_in_the_form_comes_before_the_question(admin_client, visit, steve):
    typed = {"practitioner": steve.pk, **OFF, "ends_on": "2026-11-20"}
    response = admin_client.post("/admin/booking/timeoff/add/", typed)
    assert response.status_code == 200
    assert response.context["errors"]
    assert asked_about(response) == []


def test_a_closure_is_asked_about(admin_client, visit, location):
    typed = {"location": location.pk, "on": "2026-11-24", "name": "Staff day"}
    response = admin_client.post("/admin/booking/closure/add/", typed)
    assert asked_about(response) == [(visit, "The location is closed")]
    assert Closure.objects.count() == 0


def test_hours_for_one_date_are_asked_about(admin_client, visit, location, steve):
    typed = {"practitioner": steve.pk, "location": location.pk, "on": "2026-11-24"}
    response = admin_client.post("/admin/booking/hoursoverride/add/", typed)
    assert asked_about(response) == [(visit, "Other hours on this date")]
    assert HoursOverride.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"authorised_for_needling": None}, "Not authorised for needling"),
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
def test_every_row_on_a_practitioners_page_is_asked_about(admin_client, visit, steve, change, why):
    address = f"/admin/booking/practitioner/{steve.pk}/change/"
    typed = {name: value for name, value in (form_of(admin_client, address) | change).items() if value is not None}
    counts = (steve.working_hours.count(), steve.breaks.count(), steve.practitioner_services.count())
    response = admin_client.post(address, typed)
    assert (response.status_code, asked_about(response)) == (422, [(visit, why)])
    stored = Practitioner.objects.get()
    assert (stored.is_active, stored.authorised_for_needling) == (True, True)
    assert steve.working_hours.get(weekday=1).end_time == time(17)
    assert (steve.working_hours.count(), steve.breaks.count(), steve.practitioner_services.count()) == counts
    assert admin_client.post(address, typed | seen(response)).status_code == 302
    assert untouched(visit)


def test_a_practitioners_form_as_it_stands_is_saved_without_a_question(admin_client, visit, steve):
    address = f"/admin/booking/practitioner/{steve.pk}/change/"
    assert admin_client.post(address, form_of(admin_client, address)).status_code == 302


def test_a_service_withdrawn_is_asked_about(admin_client, visit, service):
    address = f"/admin/booking/service/{service.pk}/change/"
    typed = form_of(admin_client, address)
    del typed["is_active"]
    response = admin_client.post(address, typed)
    assert asked_about(response) == [(visit, "Service withdrawn")]
    assert Service.objects.get().is_active


def test_a_room_out_of_use_is_asked_about(admin_client, location):
    service = make.make_service(needs_room=True)
    steve = make.make_practitioner([service])
    make.make_hours(steve, location)
    room = make.make_room(location)
    visit = make.make_appointment(service=service, location=location, practitioner=steve, room=room)
    address = f"/admin/booking/location/{location.pk}/change/"
    typed = form_of(admin_client, address)
    del typed["rooms-0-is_active"]
    response = admin_client.post(address, typed)
    assert asked_about(response) == [(visit, "No room that can be used")]
    room.refresh_from_db()
    assert room.is_active


def test_no_picture_is_stored_for_an_edit_that_is_only_tried_out(admin_client, visit, steve, settings):
    address = f"/admin/booking/practitioner/{steve.pk}/change/"
    typed = form_of(admin_client, address)
    del typed["is_active"]
    file = io.BytesIO()
    Image.new("RGB", (400, 400), "green").save(file, "PNG")

    def photo():
        return {"photo": SimpleUploadedFile("steve.png", file.getvalue(), "image/png")}

    response = admin_client.post(address, typed | photo())
    assert response.status_code == 422
    assert "Choose the picture again" in response.content.decode()
    assert not settings.MEDIA_ROOT.exists() or not list(settings.MEDIA_ROOT.rglob("*.png"))
    assert admin_client.post(address, typed | photo() | seen(response)).status_code == 302
    assert len(list(settings.MEDIA_ROOT.rglob("*.png"))) == 1


# Deleting


def test_deleting_hours_that_opened_a_closed_day_shows_whom_it_strands(admin_client, visit, steve, location):
    Closure.objects.create(location=location, on=TUESDAY, name="Staff day")
    opened = HoursOverride.objects.create(
        practitioner=steve, location=location, on=TUESDAY, start_time=time(9), end_time=time(17)
    )
    address = f"/admin/booking/hoursoverride/{opened.pk}/delete/"
    asked = admin_client.get(address)
    assert asked_about(asked) == [(visit, "The location is closed")]
    assert HoursOverride.objects.count() == 1
    response = admin_client.post(address, {"post": "yes"}, follow=True)
    assert HoursOverride.objects.count() == 0
    assert said(response)[-1].startswith("1 appointment is now outside hours.")


def test_deleting_several_at_once_shows_whom_it_strands(admin_client, visit, steve, location):
    Closure.objects.create(location=location, on=TUESDAY, name="Staff day")
    opened = HoursOverride.objects.create(
        practitioner=steve, location=location, on=TUESDAY, start_time=time(9), end_time=time(17)
    )
    typed = {"action": "delete_selected", "_selected_action": [opened.pk], "index": "0"}
    asked = admin_client.post("/admin/booking/hoursoverride/", typed)
    assert asked_about(asked) == [(visit, "The location is closed")]
    assert HoursOverride.objects.count() == 1
    response = admin_client.post("/admin/booking/hoursoverride/", typed | {"post": "yes"}, follow=True)
    assert HoursOverride.objects.count() == 0
    assert said(response)[-1].startswith("1 appointment is now outside hours.")


def test_deleting_what_strands_nobody_asks_as_always(admin_client, visit, steve):
    away = TimeOff.objects.create(practitioner=steve, starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 1))
    response = admin_client.get(f"/admin/booking/timeoff/{away.pk}/delete/")
    assert asked_about(response) == []
    assert "would fall outside" not in response.content.decode()
    assert admin_client.get(f"/admin/booking/practitioner/{steve.pk}/delete/").status_code == 200


# Who may see whom


def test_patients_are_named_only_to_who_may_see_the_diary(visit, steve):
    user = get_user_model().objects.create_user("planner", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_timeoff", "view_practitioner"]))
    client = Client()
    client.force_login(user)
    typed = {"practitioner": steve.pk, **OFF}
    asked = client.post("/admin/booking/timeoff/add/", typed)
    assert asked.status_code == 422
    assert "11:15 am" in asked.content.decode()
    for secret in ("Alice", "555-0123", f"appointment/{visit.pk}"):
        assert secret not in asked.content.decode()
    response = client.post("/admin/booking/timeoff/add/", typed | seen(asked), follow=True)
    assert said(response)[-1] == "1 appointment is now outside hours. Tell the front desk."
    assert client.get("/admin/booking/appointment/outside/").status_code == 403


def test_trying_out_needs_the_same_permission_as_saving(visit, steve):
    client = Client()
    client.force_login(get_user_model().objects.create_user("new", is_staff=True))
    assert client.post("/admin/booking/timeoff/add/", {"practitioner": steve.pk, **OFF}).status_code == 403


# The list


def test_the_list_shows_what_is_outside_and_who_was_asked(admin_client, visit, steve, service, location, now):
    assert "None. Every appointment" in admin_client.get("/admin/booking/appointment/outside/").content.decode()
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, ends_on=TUESDAY)
    asked = make.make_appointment(
        service=service,
        location=location,
        practitioner=steve,
        starts_at=visit.starts_at + timedelta(days=1),
        asked_to_move_at=now,
    )
    page = admin_client.get("/admin/booking/appointment/outside/")
    rows = [(row.appointment, row.why, row.asked_at) for day in page.context["days"] for row in day.rows]
    assert rows == [(visit, "Time off", ""), (asked, "", "Mon 23 Nov 2026, 8:00 am")]
    assert f"/admin/booking/appointment/{visit.pk}/move/" in page.content.decode()
    notes = [note.heading for note in admin_client.get("/admin/").context["notes"]]
    assert "2 appointments outside hours" in notes


def test_who_may_only_look_sees_the_list_without_buttons(visit, steve):
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, ends_on=TUESDAY)
    user = get_user_model().objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_appointment"))
    client = Client()
    client.force_login(user)
    page = client.get("/admin/booking/appointment/outside/").content.decode()
    assert "Alice Martin" in page
    assert "/move/" not in page
    assert "/day/" not in page


def test_the_list_needs_no_more_queries_for_twenty_than_for_two(
    admin_client, steve, service, location, django_assert_max_num_queries
):
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, ends_on=date(2027, 12, 31))
    for week in range(20):
        make.make_appointment(
            service=service,
            location=location,
            practitioner=steve,
            starts_at=make.VISIT_AT + timedelta(weeks=week),
        )
    with django_assert_max_num_queries(16):
        assert admin_client.get("/admin/booking/appointment/outside/").context["count"] == 20
