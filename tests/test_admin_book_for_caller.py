"""Booking for a caller: an old or a new patient, any time that is free, and overbooking on purpose."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from booking.models import Appointment, Patient
from tests import make

BOOK = "/admin/booking/appointment/add/"


@pytest.fixture(autouse=True)
def _today(stopped_clock):
    """Monday 23 November 2026, 8:00 am in Alberta."""


@pytest.fixture
def desk(client, location):
    user = get_user_model().objects.create_user("desk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_appointment", "view_patient"]))
    client.force_login(user)
    return client


@pytest.fixture
def manager(desk):
    user = get_user_model().objects.get()
    user.user_permissions.add(Permission.objects.get(codename="overbook_appointment"))
    return desk


@pytest.fixture
def service(location):
    return make.make_service()


@pytest.fixture
def practitioner(service, location):
    practitioner = make.make_practitioner([service])
    make.make_hours(practitioner, location)
    return practitioner


@pytest.fixture
def call(service, practitioner):
    """What the desk types for a visit on Tuesday at 9:30 am."""
    return {"service": service.pk, "practitioner": practitioner.pk, "on": "2026-11-24", "at": "09:30"}


NEW_PATIENT = {"name": "Rita Hollow Horn", "phone": "403 555 0177", "email": "rita@patients.example"}
AT_9_30 = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@pytest.fixture
def taken(practitioner, location):
    return make.make_appointment(practitioner=practitioner, location=location, starts_at=AT_9_30)


def errors_of(response):
    return response.context["errors"]


def test_a_known_patient_is_booked_by_a_named_member_of_staff(desk, call):
    patient = make.make_patient()
    response = desk.post(BOOK, call | {"patient": patient.pk})
    assert response.url == "/admin/booking/appointment/?day=2026-11-24"
    appointment = Appointment.objects.get()
    assert (appointment.patient, appointment.starts_at, appointment.status) == (patient, AT_9_30, "booked")
    assert appointment.events.get().actor.username == "desk"
    assert appointment.messages.filter(kind="confirmation").exists()


def test_a_new_patient_is_written_down_with_the_visit(desk, call):
    desk.post(BOOK, call | NEW_PATIENT | {"contact_name": "  Joan   Hollow Horn "})
    patient = Appointment.objects.get().patient
    assert (patient.name, str(patient.phone), patient.contact_name) == (
        "Rita Hollow Horn",
        "+14035550177",
        "Joan Hollow Horn",
    )


def test_the_page_starts_with_the_day_and_the_patient_it_was_opened_for(desk, call):
    patient = make.make_patient()
    page = desk.get(BOOK, {"on": "2026-12-01", "patient": patient.pk}).content.decode()
    assert 'value="2026-12-01"' in page
    assert "Alice Martin, 403-555-0123" in page


@pytest.mark.parametrize("patient", ["0", "abc", "9" * 30, "١", "1,2"])
def test_an_address_that_names_no_patient_opens_an_empty_form(desk, patient):
    assert desk.get(BOOK, {"patient": patient, "practitioner": patient, "on": patient}).status_code == 200


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({}, "patient", "Choose a patient, or write down a new one below."),
        ({"name": "Rita"}, "phone", "Write down a phone number."),
        (NEW_PATIENT | {"phone": "12"}, "phone", None),
        (NEW_PATIENT | {"name": "Ri\x00ta"}, "name", None),
        (NEW_PATIENT | {"on": "2026-11-22"}, "on", "This day is over. Choose today or a later day."),
        (NEW_PATIENT | {"on": "2226-11-24"}, "on", "This is more than two years ahead. Check the year."),
        (NEW_PATIENT | {"on": "soon"}, "on", "Write the date as 2026-11-24."),
        (NEW_PATIENT | {"at": "25:00"}, "at", "Write the time as 9:00 am or 14:30."),
        (NEW_PATIENT | {"service": ""}, "service", "Choose a service."),
        (NEW_PATIENT | {"practitioner": "99999999999999999999"}, "practitioner", None),
        ({"patient": "99999999999999999999"}, "patient", None),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_stored(desk, call, typed, field, sentence):
    response = desk.post(BOOK, call | typed)
    assert response.status_code == 422
    assert field in errors_of(response)
    assert sentence is None or sentence in errors_of(response)[field]
    assert (Patient.objects.count(), Appointment.objects.count()) == (0, 0)


def test_a_patient_is_chosen_or_written_down_but_not_both(desk, call):
    response = desk.post(BOOK, call | NEW_PATIENT | {"patient": make.make_patient().pk})
    assert errors_of(response)["patient"] == ["Choose a patient here or write down a new one below, not both."]
    assert 'value="Rita Hollow Horn"' in response.content.decode()


@pytest.mark.parametrize("same", [{"phone": "+14035550177"}, {"email": "RITA@patients.example"}], ids=["phone", "mail"])
def test_a_patient_of_that_name_and_phone_or_mail_is_not_written_down_twice(desk, call, same):
    make.make_patient(name="rita hollow horn", **same)
    response = desk.post(BOOK, call | NEW_PATIENT)
    assert "name" in errors_of(response)
    assert Patient.objects.count() == 1


@pytest.mark.parametrize("at", ["9:30 am", "09:30", "9:30AM"])
def test_a_time_is_read_as_people_write_it(desk, call, at):
    desk.post(BOOK, call | NEW_PATIENT | {"at": at})
    assert Appointment.objects.get().starts_at == AT_9_30


@pytest.mark.parametrize(
    ("on", "at", "sentence"),
    [
        (date(2027, 3, 14), "02:30", "skip 2:30 am"),
        (date(2027, 11, 7), "01:30", "1:30 am comes twice"),
    ],
    ids=["skipped", "twice"],
)
def test_a_time_that_the_clock_skips_or_shows_twice_is_refused(desk, call, on, at, sentence):
    """Rule R2, in a place that still changes its clocks."""
    location = make.make_location(time_zone="America/Toronto", time_zone_label="Ontario time")
    response = desk.post(BOOK, call | NEW_PATIENT | {"location": location.pk, "on": on.isoformat(), "at": at})
    assert response.status_code == 422
    assert sentence in errors_of(response)["at"][0]
    assert Appointment.objects.count() == 0


def test_sending_the_form_twice_books_once(desk, call):
    typed = call | {"patient": make.make_patient().pk}
    desk.post(BOOK, typed)
    response = desk.post(BOOK, typed)
    assert response.status_code == 409
    assert "Nothing was booked twice." in response.content.decode()
    assert Appointment.objects.count() == 1


def test_a_taken_time_is_refused_with_free_ones_and_stores_no_patient(desk, call, taken):
    response = desk.post(BOOK, call | NEW_PATIENT)
    page = response.content.decode()
    assert response.status_code == 409
    assert errors_of(response)["__all__"] == ["Steve Hansen already has an appointment at that time."]
    assert page.count('name="take"') == 3
    assert 'value="rita@patients.example"' in page
    assert not Patient.objects.filter(name="Rita Hollow Horn").exists()


def test_overbooking_is_offered_only_to_who_may_and_only_once_the_time_is_taken(desk, call, taken):
    assert "overbooked_reason" not in desk.post(BOOK, call | NEW_PATIENT).content.decode()
    reasoned = call | NEW_PATIENT | {"overbooked_reason": "In pain"}
    assert desk.post(BOOK, reasoned).status_code == 409
    assert Appointment.objects.count() == 1


def test_a_manager_overbooks_with_a_reason(manager, call, taken):
    assert "overbooked_reason" not in manager.get(BOOK).content.decode()
    refused = manager.post(BOOK, call | NEW_PATIENT).content.decode()
    assert 'name="overbooked_reason"' in refused
    manager.post(BOOK, call | NEW_PATIENT | {"overbooked_reason": "In pain"})
    made = Appointment.objects.exclude(pk=taken.pk).get()
    assert (made.starts_at, made.overbooked_reason) == (AT_9_30, "In pain")


def test_a_practitioner_who_does_not_offer_the_service_is_refused_with_a_sentence(desk, call):
    other = make.make_practitioner(name="Maya Okafor")
    response = desk.post(BOOK, call | NEW_PATIENT | {"practitioner": other.pk})
    assert response.status_code == 422
    assert "Maya Okafor does not offer" in errors_of(response)["__all__"][0]


def test_free_times_of_a_week_are_shown_on_request_and_everything_typed_stays(desk, call, taken):
    response = desk.post(BOOK, call | NEW_PATIENT | {"practitioner": "", "look": "Show free times"})
    page = response.content.decode()
    assert response.status_code == 200
    assert 'value="Rita Hollow Horn"' in page
    assert len(response.context["free"]) == 5  # Tuesday to the Monday after: five working days.
    assert response.context["free"][0].heading == "Tuesday 24 November 2026"
    assert "9:00 am" not in [time.label for time in response.context["free"][0].times]
    assert Appointment.objects.count() == 1


def test_pressing_a_free_time_fills_it_in_and_books_nothing(desk, call, practitioner, location):
    choice = f"2026-11-25 14:15 {practitioner.pk} {location.pk}"
    page = desk.post(BOOK, call | NEW_PATIENT | {"take": choice}).content.decode()
    assert 'value="2026-11-25"' in page
    assert 'value="14:15"' in page
    assert 'value="Rita Hollow Horn"' in page
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize("choice", ["", "x", "2026-11-25 14:15 a b c", "9999-99-99 14:15 1 1"])
def test_a_free_time_that_makes_no_sense_fills_in_nothing(desk, call, choice):
    response = desk.post(BOOK, call | NEW_PATIENT | {"take": choice})
    assert response.status_code == 200
    assert 'value="2026-11-24"' in response.content.decode()


def test_suggested_patients_are_told_apart_by_phone(desk):
    make.make_patient(name="John Crowfoot", phone="+14035550141")
    make.make_patient(name="John Crowfoot", phone="+14035550142")
    asked = {"app_label": "booking", "model_name": "appointment", "field_name": "patient", "term": "crowfoot"}
    found = desk.get("/admin/autocomplete/", asked).json()["results"]
    assert [suggestion["text"] for suggestion in found] == [
        "John Crowfoot, 403-555-0141",
        "John Crowfoot, 403-555-0142",
    ]


def test_a_visit_may_begin_earlier_today(desk, call):
    """Somebody who walked in is written down afterwards."""
    desk.post(BOOK, call | NEW_PATIENT | {"on": "2026-11-23", "at": "07:00"})
    assert Appointment.objects.get().starts_at == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    assert Appointment.objects.get().duration == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [("09:05", "is offered at other times"), ("20:00", "does not fit into the hours"), ("09:45", "")],
    ids=["off the grid", "outside hours", "offered"],
)
def test_staff_are_told_why_patients_are_not_offered_a_time(desk, call, at, sentence):
    response = desk.post(BOOK, call | NEW_PATIENT | {"at": at, "look": "Show free times"})
    assert sentence in response.context["why_not"]
    assert bool(response.context["why_not"]) is bool(sentence)


def test_a_caller_without_mail_is_reminded_by_text_where_the_clinic_can(desk, call, settings):
    settings.SMS = {"SENDER": "booking.messages.texting.console.ConsoleSender", "OPTIONS": {}}
    patient = make.make_patient(email="")
    desk.post(BOOK, call | {"patient": patient.pk, "reminders": "on", "reminders_by": "text"})
    appointment = Appointment.objects.get()
    assert appointment.reminders_by == "text"
    told = set(appointment.messages.values_list("kind", "channel"))
    assert told == {("clinic_notice", "email"), ("reminder", "text")}


def test_nobody_is_asked_about_texts_where_the_clinic_cannot(desk):
    assert "reminders_by" not in desk.get(BOOK).content.decode()
