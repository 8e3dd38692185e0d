"""Book for a caller: a known or a new patient, any free slot, and overbooking with a reason."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from booking.models import Appointment, Break, Closure, Patient, Service, TimeOff
from tests.support import factories

BOOK = "/admin/booking/appointment/add/"


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
    return factories.make_service()


@pytest.fixture
def practitioner(service, location):
    practitioner = factories.make_practitioner([service])
    factories.make_hours(practitioner, location)
    return practitioner


@pytest.fixture
def call(service, practitioner):
    """Form data for an appointment on Tuesday at 9:30 a.m."""
    return {"service": service.pk, "practitioner": practitioner.pk, "on": "2026-11-24", "at": "09:30"}


NEW_PATIENT = {"name": "Rita Hollow Horn", "phone": "403 555 0177", "email": "rita@patients.example"}
AT_9_30 = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@pytest.fixture
def taken_visit(practitioner, location):
    return factories.make_appointment(practitioner=practitioner, location=location, starts_at=AT_9_30)


def asked_in(page):
    """The hidden fields that name what a question was about."""
    return dict(re.findall(r'<input type="hidden" name="(asked_\w+)" value="([^"]*)"', page))


def errors_of(response):
    return response.context["errors"]


def test_a_known_patient_is_booked_by_a_named_member_of_staff(desk, call):
    patient = factories.make_patient()
    response = desk.post(BOOK, call | {"patient": patient.pk})
    assert response.url == "/admin/booking/appointment/?day=2026-11-24"
    appointment = Appointment.objects.get()
    assert (appointment.patient, appointment.starts_at, appointment.status) == (patient, AT_9_30, "booked")
    assert appointment.events.get().actor.username == "desk"
    assert appointment.messages.filter(kind="confirmation").exists()


def test_a_new_patient_is_created_with_the_visit(desk, call):
    desk.post(BOOK, call | NEW_PATIENT | {"contact_name": "  Joan   Hollow Horn "})
    patient = Appointment.objects.get().patient
    assert (patient.name, str(patient.phone), patient.contact_name) == (
        "Rita Hollow Horn",
        "+14035550177",
        "Joan Hollow Horn",
    )


def test_the_form_is_prefilled_from_the_query_string(desk, call):
    patient = factories.make_patient()
    page = desk.get(BOOK, {"on": "2026-12-01", "patient": patient.pk}).content.decode()
    assert 'value="2026-12-01"' in page
    assert "Alice Martin, 403-555-0123" in page


@pytest.mark.parametrize("patient", ["0", "abc", "9" * 30, "١", "1,2"])
def test_invalid_parameters_open_an_empty_form(desk, patient):
    assert desk.get(BOOK, {"patient": patient, "practitioner": patient, "on": patient}).status_code == 200


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({}, "patient", "Choose a patient, or add a new one below."),
        ({"name": "Rita"}, "phone", "Enter a phone number."),
        (NEW_PATIENT | {"phone": "12"}, "phone", None),
        (NEW_PATIENT | {"name": "Ri\x00ta"}, "name", None),
        (NEW_PATIENT | {"on": "2026-11-22"}, "on", "This day is in the past. Choose today or a later day."),
        (NEW_PATIENT | {"on": "2226-11-24"}, "on", "This is more than two years ahead. Check the year."),
        (NEW_PATIENT | {"on": "soon"}, "on", "Enter the date as 2026-11-24."),
        (
            NEW_PATIENT | {"on": "02/03/2027"},
            "on",
            "This could be February 3 or March 2. Enter it as 2027-02-03 or 2027-03-02.",
        ),
        (NEW_PATIENT | {"email": "root@localhost"}, "email", None),
        (NEW_PATIENT | {"at": "25:00"}, "at", "Write the time as 9:00 a.m. or 14:30."),
        (NEW_PATIENT | {"service": ""}, "service", "Choose a service."),
        (NEW_PATIENT | {"practitioner": "99999999999999999999"}, "practitioner", None),
        ({"patient": "99999999999999999999"}, "patient", None),
    ],
)
def test_errors_are_shown_at_the_field_and_nothing_is_stored(desk, call, typed, field, sentence):
    response = desk.post(BOOK, call | typed)
    assert response.status_code == 422
    assert field in errors_of(response)
    assert sentence is None or sentence in errors_of(response)[field]
    assert (Patient.objects.count(), Appointment.objects.count()) == (0, 0)


def test_copied_contact_details_of_a_new_patient_are_normalized(desk, call):
    copied = {"phone": "tel:(403) 555\u20110177", "email": "Rita <rita@patients.example>\u200b"}
    desk.post(BOOK, call | NEW_PATIENT | copied)
    patient = Appointment.objects.get().patient
    assert (str(patient.phone), patient.email) == ("+14035550177", "rita@patients.example")


@pytest.mark.parametrize("typed", ["24/11/2026", "11/24/2026", "2026-11-24"])
def test_a_date_that_can_be_read_in_one_way_is_accepted(desk, call, typed):
    desk.post(BOOK, call | {"patient": factories.make_patient().pk, "on": typed})
    assert Appointment.objects.get().starts_at == AT_9_30


def test_a_patient_is_chosen_or_created_but_not_both(desk, call):
    response = desk.post(BOOK, call | NEW_PATIENT | {"patient": factories.make_patient().pk})
    assert errors_of(response)["patient"] == ["Choose a patient here or add a new one below, not both."]
    assert 'value="Rita Hollow Horn"' in response.content.decode()


@pytest.mark.parametrize("same", [{"phone": "+14035550177"}, {"email": "RITA@patients.example"}], ids=["phone", "mail"])
def test_a_patient_of_the_same_name_and_phone_or_email_is_not_created_twice(desk, call, same):
    factories.make_patient(name="rita hollow horn", **same)
    response = desk.post(BOOK, call | NEW_PATIENT)
    assert "name" in errors_of(response)
    assert Patient.objects.count() == 1


@pytest.mark.parametrize("at", ["9:30 a.m.", "9:30 am", "09:30", "9:30AM"])
def test_common_time_formats_are_accepted(desk, call, at):
    desk.post(BOOK, call | NEW_PATIENT | {"at": at})
    assert Appointment.objects.get().starts_at == AT_9_30


@pytest.mark.parametrize(
    ("on", "at", "sentence"),
    [
        (date(2027, 3, 14), "02:30", "2:30 a.m. doesn't exist"),
        (date(2027, 11, 7), "01:30", "1:30 a.m. comes twice"),
    ],
    ids=["skipped", "twice"],
)
def test_a_nonexistent_or_ambiguous_time_is_refused(desk, call, on, at, sentence):
    """Rule R2, in a time zone with daylight saving time."""
    location = factories.make_location(time_zone="America/Toronto", time_zone_label="Ontario time")
    response = desk.post(BOOK, call | NEW_PATIENT | {"location": location.pk, "on": on.isoformat(), "at": at})
    assert response.status_code == 422
    assert sentence in errors_of(response)["at"][0]
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize("fold", ["0", "1"])
def test_a_time_that_comes_twice_is_booked_once_staff_say_which(desk, call, practitioner, fold):
    location = factories.make_location(time_zone="America/Toronto", time_zone_label="Ontario time")
    factories.make_hours(practitioner, location, weekdays=[6], start_time=time(0), end_time=time(4))
    typed = call | NEW_PATIENT | {"location": location.pk, "on": "2027-11-07", "at": "01:30"}
    assert 'name="fold"' in desk.post(BOOK, typed).content.decode()
    assert desk.post(BOOK, typed | {"fold": fold}).status_code == 302
    assert Appointment.objects.get().starts_at == datetime(2027, 11, 7, 5 + int(fold), 30, tzinfo=UTC)


def test_a_time_that_comes_once_asks_for_nothing_more(desk, call):
    assert 'name="fold"' not in desk.get(BOOK).content.decode()
    assert 'name="fold"' not in desk.post(BOOK, call).content.decode()


def test_a_free_time_that_comes_twice_fills_in_which_one_it_is(desk, call, practitioner, service):
    location = factories.make_location(time_zone="America/Toronto", time_zone_label="Ontario time")
    factories.make_hours(practitioner, location, weekdays=[6], start_time=time(0), end_time=time(4))
    Service.objects.update(horizon_days=700, step=timedelta(minutes=30))
    shown = desk.post(BOOK, call | {"location": location.pk, "on": "2027-11-07", "look": "1"})
    choices = {button.label: button.choice for day in shown.context["free"] for button in day.times}
    page = desk.post(BOOK, call | {"take": choices["1:30 a.m., after the clock change"]}).content.decode()
    assert '<option value="1" selected>After the clock change</option>' in page


def test_submitting_the_form_twice_books_once(desk, call):
    typed = call | {"patient": factories.make_patient().pk}
    desk.post(BOOK, typed)
    response = desk.post(BOOK, typed)
    assert response.status_code == 409
    assert "Nothing was booked twice." in response.content.decode()
    assert Appointment.objects.count() == 1


def test_a_taken_slot_is_refused_with_free_ones_and_stores_no_patient(desk, call, taken_visit):
    response = desk.post(BOOK, call | NEW_PATIENT)
    page = response.content.decode()
    assert response.status_code == 409
    assert errors_of(response)["__all__"] == ["Steve Hansen already has an appointment at that time."]
    assert page.count('name="take"') == 3
    assert 'value="rita@patients.example"' in page
    assert not Patient.objects.filter(name="Rita Hollow Horn").exists()


def test_overbooking_needs_a_permission_and_a_taken_slot(desk, call, taken_visit):
    assert "overbooked_reason" not in desk.post(BOOK, call | NEW_PATIENT).content.decode()
    with_reason = call | NEW_PATIENT | {"overbooked_reason": "In pain"}
    assert desk.post(BOOK, with_reason).status_code == 409
    assert Appointment.objects.count() == 1


def test_a_manager_overbooks_with_a_reason(manager, call, taken_visit):
    assert "overbooked_reason" not in manager.get(BOOK).content.decode()
    page = manager.post(BOOK, call | NEW_PATIENT).content.decode()
    assert 'name="overbooked_reason"' in page
    manager.post(BOOK, call | NEW_PATIENT | asked_in(page) | {"overbooked_reason": "In pain"})
    visit = Appointment.objects.exclude(pk=taken_visit.pk).get()
    assert (visit.starts_at, visit.overbooked_reason) == (AT_9_30, "In pain")


def test_a_practitioner_who_does_not_offer_the_service_is_refused_with_a_sentence(desk, call):
    other = factories.make_practitioner(name="Maya Okafor")
    response = desk.post(BOOK, call | NEW_PATIENT | {"practitioner": other.pk})
    assert response.status_code == 422
    assert "Maya Okafor doesn't offer" in errors_of(response)["__all__"][0]


def test_free_slots_of_a_week_are_shown_and_the_input_is_kept(desk, call, taken_visit):
    response = desk.post(BOOK, call | NEW_PATIENT | {"practitioner": "", "look": "Show free times"})
    page = response.content.decode()
    assert response.status_code == 200
    assert 'value="Rita Hollow Horn"' in page
    assert len(response.context["free"]) == 5  # Tuesday to the Monday after: five working days.
    assert response.context["free"][0].heading == "Tuesday, November 24, 2026"
    assert "9:00 a.m." not in [time.label for time in response.context["free"][0].times]
    assert Appointment.objects.count() == 1


def test_choosing_a_free_slot_fills_in_the_form_and_books_nothing(desk, call, practitioner, location):
    choice = f"2026-11-25 14:15 {practitioner.pk} {location.pk}"
    page = desk.post(BOOK, call | NEW_PATIENT | {"take": choice}).content.decode()
    assert 'value="2026-11-25"' in page
    assert 'value="14:15"' in page
    assert 'value="Rita Hollow Horn"' in page
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize("choice", ["", "x", "2026-11-25 14:15 a b c", "9999-99-99 14:15 1 1"])
def test_a_malformed_slot_fills_in_nothing(desk, call, choice):
    response = desk.post(BOOK, call | NEW_PATIENT | {"take": choice})
    assert response.status_code == 200
    assert 'value="2026-11-24"' in response.content.decode()


def test_suggested_patients_show_a_phone_number(desk):
    factories.make_patient(name="John Crowfoot", phone="+14035550141")
    factories.make_patient(name="John Crowfoot", phone="+14035550142")
    params = {"app_label": "booking", "model_name": "appointment", "field_name": "patient", "term": "crowfoot"}
    results = desk.get("/admin/autocomplete/", params).json()["results"]
    assert [suggestion["text"] for suggestion in results] == [
        "John Crowfoot, 403-555-0141",
        "John Crowfoot, 403-555-0142",
    ]


def test_a_visit_may_start_earlier_today(desk, call):
    """A walk-in is entered afterwards."""
    typed = call | NEW_PATIENT | {"on": "2026-11-23", "at": "07:00"}
    question = desk.post(BOOK, typed)
    assert question.status_code == 409
    assert errors_of(question)["__all__"] == [
        "This time is in the past. The visit doesn't fit Steve Hansen's hours at Okotoks."
    ]
    desk.post(BOOK, typed | asked_in(question.content.decode()) | {"overbooked_reason": "Walked in"})
    assert Appointment.objects.get().exception_reason == "Walked in"
    assert Appointment.objects.get().starts_at == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    assert Appointment.objects.get().duration == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [("09:05", "is offered at other times"), ("20:00", "doesn't fit"), ("09:45", "")],
    ids=["off the grid", "outside hours", "offered"],
)
def test_staff_are_told_why_patients_are_not_offered_a_time(desk, call, at, sentence):
    response = desk.post(BOOK, call | NEW_PATIENT | {"at": at, "look": "Show free times"})
    assert sentence in response.context["why_not"]
    assert bool(response.context["why_not"]) is bool(sentence)


def test_a_caller_without_email_is_reminded_by_text_message(desk, call, settings):
    settings.SMS = {"SENDER": "booking.messages.sms.console.ConsoleGateway", "OPTIONS": {}}
    patient = factories.make_patient(email="")
    desk.post(BOOK, call | {"patient": patient.pk, "reminders": "on", "reminders_by": "text"})
    appointment = Appointment.objects.get()
    assert appointment.reminders_by == "text"
    queued = set(appointment.messages.values_list("kind", "channel"))
    assert queued == {("clinic_notice", "email"), ("reminder", "text")}


def test_without_an_sms_gateway_the_channel_is_not_asked_for(desk):
    assert "reminders_by" not in desk.get(BOOK).content.decode()


# Outside a rule: asked about once, with the rule in words


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ({"on": "2026-12-25"}, "Okotoks is closed on that day."),
        ({"at": "03:00"}, "doesn't fit"),
        ({"on": "2026-11-29"}, "doesn't fit"),
        ({"on": "2026-11-23", "at": "07:00"}, "This time is in the past."),
        ({"at": "12:15"}, "has a break then"),
        ({"on": "2026-11-26"}, "has time off then"),
    ],
    ids=["Christmas", "3 a.m.", "Sunday", "over", "break", "time off"],
)
def test_a_time_outside_a_rule_is_asked_about_once(desk, call, practitioner, location, when, sentence):
    Closure.objects.create(location=location, on=date(2026, 12, 25), name="Christmas Day")
    Break.objects.create(practitioner=practitioner, weekday=1, start_time=time(12), end_time=time(13))
    TimeOff.objects.create(practitioner=practitioner, starts_on=date(2026, 11, 26), ends_on=date(2026, 11, 26))
    typed = call | NEW_PATIENT | when
    question = desk.post(BOOK, typed)
    assert question.status_code == 409
    assert sentence in errors_of(question)["__all__"][0]
    assert not Appointment.objects.exists()
    page = question.content.decode()
    assert 'name="overbooked_reason"' in page
    answered = typed | asked_in(page)
    assert desk.post(BOOK, answered).status_code == 409  # No reason yet.
    assert desk.post(BOOK, answered | {"overbooked_reason": "Only day off work"}).status_code == 302
    visit = Appointment.objects.get()
    assert (visit.exception_reason, visit.overbooked_reason) == ("Only day off work", "")
    assert visit.events.get().note == "Only day off work"


def test_an_answer_counts_only_for_the_time_and_the_rules_that_were_asked_about(desk, call, practitioner, taken_visit):
    typed = call | NEW_PATIENT | {"at": "19:00"}
    answer = asked_in(desk.post(BOOK, typed).content.decode()) | {"overbooked_reason": "After work"}
    assert desk.post(BOOK, typed | answer | {"at": "03:00"}).status_code == 409
    factories.make_appointment(
        practitioner=practitioner,
        location=taken_visit.location,
        starts_at=datetime(2026, 11, 25, 1, 0, tzinfo=UTC),
    )
    assert desk.post(BOOK, typed | answer).status_code == 409


def test_a_patient_with_another_visit_then_is_asked_about(desk, call, location):
    patient = factories.make_patient()
    factories.make_appointment(location=location, starts_at=AT_9_30, patient=patient)
    question = desk.post(BOOK, call | {"patient": patient.pk})
    assert errors_of(question)["__all__"] == ["Alice Martin has another visit then: 9:30 a.m., with Steve Hansen."]
    answer = asked_in(question.content.decode()) | {"overbooked_reason": "Seen by both"}
    assert desk.post(BOOK, call | answer | {"patient": patient.pk}).status_code == 302


def test_a_visit_that_is_going_on_is_no_time_in_the_past(desk, call, practitioner, location):
    factories.make_hours(practitioner, location, weekdays=[0], start_time=time(6), end_time=time(9))
    assert desk.post(BOOK, call | NEW_PATIENT | {"on": "2026-11-23", "at": "07:30"}).status_code == 302


def test_free_times_for_staff_ignore_the_rules_for_patients_and_show_each_gap(desk, call, practitioner, location):
    Service.objects.update(lead_time=timedelta(days=10), horizon_days=1, step=timedelta(hours=2))
    factories.make_hours(practitioner, location, weekdays=[0], start_time=time(8), end_time=time(10))
    factories.make_appointment(
        practitioner=practitioner,
        location=location,
        starts_at=datetime(2026, 11, 24, 15, 5, tzinfo=UTC),
    )
    shown = desk.post(BOOK, call | {"on": "2026-11-23", "look": "1"}).context["free"]
    monday, tuesday = [[button.label for button in day.times] for day in shown[:2]]
    assert monday[:3] == ["8:00 a.m.", "8:15 a.m.", "8:30 a.m."]  # It is 8:00 now.
    assert tuesday[:3] == ["9:50 a.m.", "10:00 a.m.", "10:15 a.m."]
    assert desk.post(BOOK, call | {"on": "2027-11-22", "look": "1"}).context["free"]
