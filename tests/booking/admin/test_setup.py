"""The admin: hours, patients, the outbox, sample data, the start page and its time zone."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.utils.formats import date_format

from booking.models import Break, Clinic, Closure, HoursOverride, Message, Patient, SampleRow, Service, WorkingHours
from tests.support import factories


def mark_as_sample(row):
    return SampleRow.objects.create(content_type=ContentType.objects.get_for_model(row), object_id=row.pk)


def errors_in(response):
    return [message for messages in response.context["errors"] for message in messages]


# Hours


def save_working_hours(client, practitioner, location, **row):
    """Submit the practitioner's page with one new row of working hours."""
    address = f"/admin/booking/practitioner/{practitioner.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    data |= {"photo": "", "takes_new_patients": "on", "is_active": "on"}
    for prefix in ("practitioner_services", "breaks", "working_hours"):
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    data["working_hours-TOTAL_FORMS"] = "1"
    new = {"weekday": "0", "start_time": "09:00", "end_time": "17:00", "location": location.pk} | row
    return client.post(address, data | {f"working_hours-0-{name}": value for name, value in new.items()})


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (
            {"start_time": "09:00", "end_time": "09:00"},
            "Start and end are the same. For a whole day, enter 00:00 to 00:00.",
        ),
        (
            {"start_time": "22:00", "end_time": "06:00"},
            "This is before the start. If it runs past midnight, tick the box.",
        ),
        (
            {"ends_next_day": "on"},
            "That would be longer than a day. Untick the box, or split the hours.",
        ),
        ({"starts_on": "2026-12-01", "ends_on": "2026-11-01"}, "The last day is before the first."),
    ],
    ids=["equal", "backwards", "too long", "validity"],
)
def test_invalid_hours_are_refused(admin_client, location, hours, sentence):
    practitioner = factories.make_practitioner()
    response = save_working_hours(admin_client, practitioner, location, **hours)
    assert response.status_code == 200
    assert sentence in errors_in(response)
    assert WorkingHours.objects.count() == 0


@pytest.mark.parametrize(
    "hours",
    [
        {"start_time": "00:00", "end_time": "00:00"},
        {"start_time": "22:00", "end_time": "06:00", "ends_next_day": "on"},
        {"start_time": "9:00 a.m.", "end_time": "5:00 p.m."},
    ],
    ids=["whole day", "past midnight", "as people write it"],
)
def test_valid_hours_are_saved(admin_client, location, hours):
    practitioner = factories.make_practitioner()
    assert save_working_hours(admin_client, practitioner, location, **hours).status_code == 302
    assert WorkingHours.objects.count() == 1


def test_an_hours_override_without_times_is_a_day_off(admin_client, location):
    data = {"practitioner": factories.make_practitioner().pk, "location": location.pk, "on": "2026-12-05"}
    response = admin_client.post("/admin/booking/hoursoverride/add/", data | {"start_time": "09:00"})
    assert "Enter both times, or leave both empty for a day off." in errors_in(response)
    assert admin_client.post("/admin/booking/hoursoverride/add/", data).status_code == 302
    assert HoursOverride.objects.get().start_time is None
    assert b"Day off" in admin_client.get("/admin/booking/hoursoverride/").content


def test_a_location_closes_once_a_day(admin_client, location):
    data = {"location": location.pk, "on": "2026-12-25", "name": "Christmas Day"}
    admin_client.post("/admin/booking/closure/add/", data)
    again = admin_client.post("/admin/booking/closure/add/", data)
    assert "This location is already closed on that day." in errors_in(again)
    assert Closure.objects.count() == 1


# Patients


def test_a_patient_with_visits_cannot_be_deleted(admin_client):
    visit = factories.make_appointment()
    admin_client.post(f"/admin/booking/patient/{visit.patient_id}/delete/", {"post": "yes"})
    assert Patient.objects.filter(pk=visit.patient_id).exists()


# The outbox


def make_message(**fields):
    return Message.objects.create(
        **{
            "key": f"confirmation-{Message.objects.count()}",
            "kind": "confirmation",
            "appointment": factories.make_appointment(),
            "due_at": datetime(2026, 11, 20, tzinfo=UTC),
        }
        | fields
    )


def send_again(client, *rows):
    ids = [row.pk for row in rows]
    return client.post("/admin/booking/message/", {"action": "send_again", "_selected_action": ids, "index": "0"})


def test_a_parked_message_can_be_queued_again(admin_client, now):
    parked = make_message(state="parked", attempts=6, last_error="The email server refuses this address (550).")
    send_again(admin_client, parked)
    parked.refresh_from_db()
    assert (parked.state, parked.due_at, parked.attempts) == ("waiting", now, 0)


def test_a_sent_message_is_not_queued_again(admin_client, now):
    sent = make_message(state="sent", sent_at=now)
    response = send_again(admin_client, sent)
    sent.refresh_from_db()
    assert sent.state == "sent"
    assert "Only messages that could not be sent" in admin_client.get(response.url).content.decode()


def test_markup_in_a_contact_message_is_escaped(admin_client):
    content = {"name": "Eve <b>", "reply_to": "eve@patients.example", "phone": "", "body": "<script>x()</script>\n\nHi"}
    contact = make_message(kind="contact", appointment=None, content=content)
    page = admin_client.get(f"/admin/booking/message/{contact.pk}/change/").content.decode()
    assert "<p>&lt;script&gt;x()&lt;/script&gt;</p>" in page
    assert "Eve &lt;b&gt;" in page


# Sample data


def test_keeping_sample_data_deletes_the_marker_only(admin_client, location):
    mark = mark_as_sample(location)
    page = admin_client.get("/admin/booking/samplerow/").content.decode()
    assert f'<a href="/admin/booking/location/{location.pk}/change/">Okotoks</a>' in page
    admin_client.post("/admin/booking/samplerow/", {"action": "keep", "_selected_action": [mark.pk], "index": "0"})
    assert SampleRow.objects.count() == 0
    location.refresh_from_db()


def test_the_list_of_sample_data_runs_one_query_for_each_model(admin_client, django_assert_max_num_queries):
    location = factories.make_location()
    for _ in range(6):
        mark_as_sample(factories.make_room(location))
    ContentType.objects.clear_cache()
    with django_assert_max_num_queries(12):
        admin_client.get("/admin/booking/samplerow/")


# The start page and the time zone


def test_the_start_page_has_notes_on_visits_messages_and_sample_data(admin_client, location):
    factories.make_clinic()
    factories.make_appointment(location=location, starts_at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC))
    factories.make_appointment(
        location=location, starts_at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC), status="cancelled"
    )
    make_message(state="parked")
    mark_as_sample(location)
    notes = [(note.heading, note.text) for note in admin_client.get("/admin/").context["notes"]]
    assert [heading for heading, _text in notes] == [
        "1 message could not be sent",
        "2 appointments outside hours",
        "The sample clinic is still here",
        "1 visit today",
    ]
    assert notes[-1][1] == "1 booked. Next: Alice Martin, 11:00 to 11:45 a.m., with Steve Hansen."


def test_the_start_page_of_an_empty_site_says_where_to_begin(admin_client):
    context = admin_client.get("/admin/").context
    assert [note.heading for note in context["notes"]] == ["0 visits today"]
    assert context["setup"].reasons[0] == "The clinic has no name and no phone number."


def test_the_start_page_is_limited_by_permission(client, db):
    make_message(state="parked")
    client.force_login(get_user_model().objects.create_user("new", is_staff=True))
    assert client.get("/admin/").context["notes"] == []


def test_instants_are_shown_in_the_clinics_time_zone(admin_client, location):
    waiting = make_message(due_at=datetime(2026, 11, 24, 5, 30, tzinfo=UTC))
    page = admin_client.get(f"/admin/booking/message/{waiting.pk}/change/").content.decode()
    assert "Mon, Nov 23, 2026, 11:30 p.m." in page


@pytest.mark.parametrize(("hour", "written"), [(9, "9:05 a.m."), (13, "1:05 p.m.")])
def test_the_datetime_format_of_lists_matches_the_pages(hour, written):
    assert date_format(datetime(2026, 11, 24, hour, 5), "DATETIME_FORMAT") == f"November 24, 2026, {written}"


def test_the_list_of_clinics_redirects_to_the_only_clinic(admin_client):
    assert admin_client.get("/admin/booking/clinic/").status_code == 200
    factories.make_clinic()
    assert admin_client.get("/admin/booking/clinic/").url == "/admin/booking/clinic/1/change/"
    assert admin_client.get("/admin/booking/clinic/add/").status_code == 403
    assert admin_client.post("/admin/booking/clinic/1/delete/", {"post": "yes"}).status_code == 403
    assert Clinic.objects.count() == 1


def test_midnight_to_midnight_is_a_whole_day():
    assert WorkingHours(start_time=time(0), end_time=time(0)).clean() is None


def test_copied_contact_details_of_the_clinic_are_normalized(admin_client):
    clinic = factories.make_clinic()
    address = f"/admin/booking/clinic/{clinic.pk}/change/"
    form = admin_client.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    copied = {"phone": "\u202d(403) 555\u20110199\u202c", "email": "mailto:desk@clinic.example"}
    assert admin_client.post(address, data | copied).status_code == 302
    clinic.refresh_from_db()
    assert (str(clinic.phone), clinic.email) == ("+14035550199", "desk@clinic.example")


class TestCapacity:
    """Beside the step, staff see what it costs (R5)."""

    @pytest.fixture
    def service(self, location):
        service = factories.make_service(buffer_after=timedelta(minutes=10), step=timedelta(minutes=45))
        practitioner = factories.make_practitioner([service])
        factories.make_hours(practitioner, location, start_time=time(9), end_time=time(18))
        for weekday in range(5):
            Break.objects.create(practitioner=practitioner, weekday=weekday, start_time=time(12), end_time=time(13))
        return service

    def page(self, client, service):
        return client.get(f"/admin/booking/service/{service.pk}/change/").content.decode()

    def test_the_service_says_what_is_lost_and_offers_fifteen_minutes_with_one_press(self, admin_client, service):
        page = self.page(admin_client, service)
        assert "Steve Hansen: Monday holds 5 visits with these settings. 8 could fit." in page
        address = f"/admin/booking/service/{service.pk}/step/"
        assert f'formaction="{address}"' in page
        assert admin_client.get(address).status_code == 405
        admin_client.post(address)
        service.refresh_from_db()
        assert service.step == timedelta(minutes=15)
        page = self.page(admin_client, service)
        assert "Monday holds 8 visits with these settings, as many as can fit." in page
        assert "formaction" not in page

    def test_the_start_page_says_so_until_staff_choose(self, admin_client, service):
        assert "Monday holds 5, and 8 could fit" in admin_client.get("/admin/").content.decode()
        admin_client.post(f"/admin/booking/service/{service.pk}/step/")
        assert "could fit" not in admin_client.get("/admin/").content.decode()

    def test_a_difference_of_one_visit_is_no_note(self, admin_client, service):
        Service.objects.update(step=timedelta(minutes=65))
        assert "8 could fit" in self.page(admin_client, service)
        assert "could fit" not in admin_client.get("/admin/").content.decode()

    def test_without_the_permission_the_step_stays(self, client, service, django_user_model):
        client.force_login(django_user_model.objects.create_user("desk", is_staff=True))
        assert client.post(f"/admin/booking/service/{service.pk}/step/").status_code == 403
        service.refresh_from_db()
        assert service.step == timedelta(minutes=45)
