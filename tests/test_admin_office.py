"""The rest of the office: hours, the outbox, sample data, the start page and its clock."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.utils.formats import date_format

from booking.models import Clinic, Closure, HoursOverride, Message, Patient, SampleRow, WorkingHours
from tests import make


@pytest.fixture(autouse=True)
def _today(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""


def mark_as_sample(row):
    return SampleRow.objects.create(content_type=ContentType.objects.get_for_model(row), object_id=row.pk)


def errors_in(response):
    return [message for messages in response.context["errors"] for message in messages]


# Hours


def with_one_row_of_hours(office, practitioner, location, **row):
    """What the practitioner's page sends with one new row of working hours."""
    address = f"/admin/booking/practitioner/{practitioner.pk}/change/"
    form = office.get(address).context["adminform"].form
    typed = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    typed |= {"photo": "", "takes_new_patients": "on", "is_active": "on"}
    for prefix in ("practitioner_services", "breaks", "working_hours"):
        typed |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    typed["working_hours-TOTAL_FORMS"] = "1"
    new = {"weekday": "0", "start_time": "09:00", "end_time": "17:00", "location": location.pk} | row
    return office.post(address, typed | {f"working_hours-0-{name}": value for name, value in new.items()})


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (
            {"start_time": "09:00", "end_time": "09:00"},
            "Start and end are the same. For a whole day, write 00:00 to 00:00.",
        ),
        (
            {"start_time": "22:00", "end_time": "06:00"},
            "This is before the start. If it runs past midnight, tick that it does.",
        ),
        (
            {"ends_next_day": "on"},
            "That would be longer than a day. Untick it, or split the hours.",
        ),
        ({"starts_on": "2026-12-01", "ends_on": "2026-11-01"}, "The last day is before the first."),
    ],
    ids=["equal", "backwards", "too long", "validity"],
)
def test_hours_that_say_nothing_or_say_it_doubtfully_are_refused(admin_client, location, hours, sentence):
    practitioner = make.make_practitioner()
    response = with_one_row_of_hours(admin_client, practitioner, location, **hours)
    assert response.status_code == 200
    assert sentence in errors_in(response)
    assert WorkingHours.objects.count() == 0


@pytest.mark.parametrize(
    "hours",
    [
        {"start_time": "00:00", "end_time": "00:00"},
        {"start_time": "22:00", "end_time": "06:00", "ends_next_day": "on"},
        {"start_time": "9:00 am", "end_time": "5:00 pm"},
    ],
    ids=["whole day", "past midnight", "as people write it"],
)
def test_hours_that_are_clear_are_saved(admin_client, location, hours):
    practitioner = make.make_practitioner()
    assert with_one_row_of_hours(admin_client, practitioner, location, **hours).status_code == 302
    assert WorkingHours.objects.count() == 1


def test_hours_for_one_date_without_times_are_a_day_off(admin_client, location):
    typed = {"practitioner": make.make_practitioner().pk, "location": location.pk, "on": "2026-12-05"}
    half = admin_client.post("/admin/booking/hoursoverride/add/", typed | {"start_time": "09:00"})
    assert "Give both times, or leave both empty for a day off." in errors_in(half)
    assert admin_client.post("/admin/booking/hoursoverride/add/", typed).status_code == 302
    assert HoursOverride.objects.get().start_time is None
    assert b"Day off" in admin_client.get("/admin/booking/hoursoverride/").content


def test_a_location_closes_once_a_day(admin_client, location):
    typed = {"location": location.pk, "on": "2026-12-25", "name": "Christmas Day"}
    admin_client.post("/admin/booking/closure/add/", typed)
    again = admin_client.post("/admin/booking/closure/add/", typed)
    assert "This location is already closed on that day." in errors_in(again)
    assert Closure.objects.count() == 1


# People


def test_a_patient_is_found_by_any_spelling_of_their_phone_number(admin_client):
    make.make_patient(name="Alice Martin", phone="+14035550123")
    make.make_patient(name="Bogdan Ionescu", phone="+14035550124")
    for term in ("403-555-0123", "(403) 555 0123", "5550123", "+1 403 555 0123"):
        found = admin_client.get("/admin/booking/patient/", {"q": term}).context["cl"].result_list
        assert [patient.name for patient in found] == ["Alice Martin"]


def test_a_patients_page_lists_their_visits_to_follow(admin_client):
    visit = make.make_appointment()
    page = admin_client.get(f"/admin/booking/patient/{visit.patient_id}/change/").content.decode()
    assert f'<a href="/admin/booking/appointment/{visit.pk}/change/">Tue 24 Nov 2026, 11:15 am</a>' in page
    assert f"/admin/booking/appointment/add/?patient={visit.patient_id}" in page


def test_a_patients_page_needs_no_more_queries_for_ten_visits_than_for_one(admin_client, django_assert_max_num_queries):
    visit = make.make_appointment()
    for week in range(1, 10):
        make.make_appointment(patient=visit.patient, starts_at=visit.starts_at + timedelta(weeks=week))
    with django_assert_max_num_queries(12):
        admin_client.get(f"/admin/booking/patient/{visit.patient_id}/change/")


def test_a_patient_with_visits_cannot_be_deleted(admin_client):
    visit = make.make_appointment()
    admin_client.post(f"/admin/booking/patient/{visit.patient_id}/delete/", {"post": "yes"})
    assert Patient.objects.filter(pk=visit.patient_id).exists()


def test_a_name_is_tidied_and_refused_where_it_cannot_be_meant(admin_client):
    patient = make.make_patient()
    address = f"/admin/booking/patient/{patient.pk}/change/"
    typed = {"email": patient.email, "phone": "403-555-0123", "appointments-TOTAL_FORMS": "0"}
    typed["appointments-INITIAL_FORMS"] = "0"
    assert admin_client.post(address, typed | {"name": "  Alice   Martin "}).status_code == 302
    patient.refresh_from_db()
    assert patient.name == "Alice Martin"
    assert admin_client.post(address, typed | {"name": "Alice\u202eMartin"}).status_code == 200


# The outbox


def message(**fields):
    return Message.objects.create(
        **{
            "key": f"confirmation-{Message.objects.count()}",
            "kind": "confirmation",
            "appointment": make.make_appointment(),
            "due_at": datetime(2026, 11, 20, tzinfo=UTC),
        }
        | fields
    )


def send_again(office, *chosen):
    ids = [one.pk for one in chosen]
    return office.post("/admin/booking/message/", {"action": "send_again", "_selected_action": ids, "index": "0"})


def test_a_message_that_could_not_be_sent_goes_back_into_the_queue(admin_client, now):
    parked = message(state="parked", attempts=6, last_error="The mail server refuses this address (550).")
    send_again(admin_client, parked)
    parked.refresh_from_db()
    assert (parked.state, parked.due_at, parked.attempts) == ("waiting", now, 0)


def test_what_was_sent_is_not_sent_again(admin_client, now):
    sent = message(state="sent", sent_at=now)
    response = send_again(admin_client, sent)
    sent.refresh_from_db()
    assert sent.state == "sent"
    assert "Only messages that could not be sent" in admin_client.get(response.url).content.decode()


def test_a_contact_message_is_shown_as_text_and_never_as_markup(admin_client):
    content = {"name": "Eve <b>", "reply_to": "eve@patients.example", "phone": "", "body": "<script>x()</script>\n\nHi"}
    contact = message(kind="contact", appointment=None, content=content)
    page = admin_client.get(f"/admin/booking/message/{contact.pk}/change/").content.decode()
    assert "<p>&lt;script&gt;x()&lt;/script&gt;</p>" in page
    assert "Eve &lt;b&gt;" in page


# Sample data


def test_keeping_sample_data_takes_the_mark_off_and_leaves_the_row(admin_client, location):
    mark = mark_as_sample(location)
    page = admin_client.get("/admin/booking/samplerow/").content.decode()
    assert f'<a href="/admin/booking/location/{location.pk}/change/">Okotoks</a>' in page
    admin_client.post("/admin/booking/samplerow/", {"action": "keep", "_selected_action": [mark.pk], "index": "0"})
    assert SampleRow.objects.count() == 0
    location.refresh_from_db()


def test_the_list_of_sample_data_needs_one_query_for_each_kind(admin_client, django_assert_max_num_queries):
    location = make.make_location()
    for _ in range(6):
        mark_as_sample(make.make_room(location))
    ContentType.objects.clear_cache()
    with django_assert_max_num_queries(12):
        admin_client.get("/admin/booking/samplerow/")


# The start page and the office's clock


def test_the_start_page_tells_of_today_of_unsent_messages_and_of_sample_data(admin_client, location):
    make.make_clinic()
    make.make_appointment(location=location, starts_at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC))
    make.make_appointment(location=location, starts_at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC), status="cancelled")
    message(state="parked")
    mark_as_sample(location)
    notes = [(note.heading, note.text) for note in admin_client.get("/admin/").context["notes"]]
    assert [heading for heading, _text in notes] == [
        "1 message could not be sent",
        "2 appointments outside hours",
        "The sample clinic is still here",
        "1 visit today",
    ]
    assert notes[-1][1] == "1 booked. Next: Alice Martin, 11:00 to 11:45 am, with Steve Hansen."


def test_an_empty_office_says_where_to_begin(admin_client):
    headings = [note.heading for note in admin_client.get("/admin/").context["notes"]]
    assert headings == ["The clinic has no name yet", "0 visits today"]


def test_the_start_page_tells_nobody_what_they_may_not_see(client, db):
    message(state="parked")
    client.force_login(get_user_model().objects.create_user("new", is_staff=True))
    assert client.get("/admin/").context["notes"] == []


def test_instants_are_shown_and_read_on_the_clinics_clock(admin_client, location):
    waiting = message(due_at=datetime(2026, 11, 24, 5, 30, tzinfo=UTC))
    page = admin_client.get(f"/admin/booking/message/{waiting.pk}/change/").content.decode()
    assert "Mon 23 Nov 2026, 11:30 pm" in page


@pytest.mark.parametrize(("hour", "written"), [(9, "9:05 am"), (13, "1:05 pm")])
def test_lists_write_times_as_pages_do(hour, written):
    assert date_format(datetime(2026, 11, 24, hour, 5), "DATETIME_FORMAT") == f"24 November 2026, {written}"


def test_there_is_one_clinic_and_its_list_leads_to_it(admin_client):
    assert admin_client.get("/admin/booking/clinic/").status_code == 200
    make.make_clinic()
    assert admin_client.get("/admin/booking/clinic/").url == "/admin/booking/clinic/1/change/"
    assert admin_client.get("/admin/booking/clinic/add/").status_code == 403
    assert admin_client.post("/admin/booking/clinic/1/delete/", {"post": "yes"}).status_code == 403
    assert Clinic.objects.count() == 1


def test_whole_days_are_kept_as_midnight_to_midnight():
    assert WorkingHours(start_time=time(0), end_time=time(0)).clean() is None
