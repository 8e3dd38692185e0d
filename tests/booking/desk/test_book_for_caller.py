"""Book for a caller from the desk: known or new, in a gap or at any time, outside the rules with a reason."""

import html
import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import AccessLogEntry, Appointment, Break, Closure, Message, Patient, PatientNote, Service, TimeOff
from tests.support import factories

BOOK, DESK, OLD = "/desk/book/", "/desk/", "/admin/booking/appointment/add/"
AT_9_30 = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
NEW_PATIENT = {"is_new": "1", "name": "Rita Hollow Horn", "phone": "403 555 0177", "email": "rita@patients.example"}
TICKS = {"tell": "on", "reminders": "on"}


@pytest.fixture
def desk(client, location):
    user = get_user_model().objects.create_user("desk", is_staff=True)
    names = ["view_appointment", "add_appointment", "view_patient", "view_waitlistentry"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
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
    practitioner = factories.make_practitioner([service], slug="steve")
    factories.make_hours(practitioner, location)
    return practitioner


@pytest.fixture
def call(service, practitioner):
    """Form data for a visit on Tuesday at 9:30 a.m., in an empty day."""
    when = {"service": service.pk, "practitioner": practitioner.slug, "on": "2026-11-24", "at": "09:30"}
    return when | TICKS | {"back": "/desk/?day=2026-11-24&do=book"}


@pytest.fixture
def taken_visit(practitioner, location):
    other = factories.make_patient(name="Bob Berg", phone="+14035550199")
    return factories.make_appointment(practitioner=practitioner, location=location, starts_at=AT_9_30, patient=other)


def asked_in(response):
    """The hidden fields that name what a question was about."""
    return dict(re.findall(r'<input type="hidden" name="(asked_\w+)" value="([^"]*)"', response.content.decode()))


def words_of(response):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def errors_of(response):
    return response.context["form"].errors


def free_in(response):
    return [f"{each.label} {each.detail}" for each in response.context["free"]]


# Who


def test_a_known_patient_is_booked_by_a_named_member_of_staff(desk, call):
    patient = factories.make_patient()
    response = desk.post(BOOK, call | {"patient": patient.pk, "note": "Uses a walker", "is_first_visit": "on"})
    visit = Appointment.objects.get()
    assert response.url == f"/desk/?day=2026-11-24&appointment={visit.reference}"
    assert (visit.patient, visit.starts_at, visit.status, visit.is_first_visit) == (patient, AT_9_30, "booked", True)
    assert visit.events.get().actor.username == "desk"
    assert visit.messages.filter(kind="confirmation").exists()
    note = PatientNote.objects.get()
    assert (note.text, note.appointment, note.audience, note.author.username) == (
        "Uses a walker",
        visit,
        "desk",
        "desk",
    )


def test_the_patient_is_told_only_if_the_box_is_ticked(desk, call):
    patient = factories.make_patient()
    del call["tell"]
    response = desk.post(BOOK, call | {"patient": patient.pk}, follow=True)
    assert "No email goes out now." in words_of(response)
    queued = Message.objects.values_list("kind", flat=True)
    assert "confirmation" not in queued
    assert {"reminder", "clinic_notice"} <= set(queued)


def test_a_patient_without_email_is_not_said_to_be_told(desk, call):
    patient = factories.make_patient(email="")
    assert "No email address, so no email" in words_of(desk.post(BOOK, call | {"choose": patient.pk}))
    assert "No email goes out now." in words_of(desk.post(BOOK, call | {"patient": patient.pk}, follow=True))


def test_a_new_patient_is_created_with_the_visit(desk, call):
    desk.post(BOOK, call | NEW_PATIENT | {"contact_name": "  Joan   Hollow Horn "})
    patient = Appointment.objects.get().patient
    assert (patient.name, str(patient.phone), patient.contact_name) == (
        "Rita Hollow Horn",
        "+14035550177",
        "Joan Hollow Horn",
    )


def test_copied_contact_details_of_a_new_patient_are_normalized(desk, call):
    copied = {"phone": "tel:(403) 555\u20110177", "email": "Rita <rita@patients.example>\u200b"}
    desk.post(BOOK, call | NEW_PATIENT | copied)
    patient = Appointment.objects.get().patient
    assert (str(patient.phone), patient.email) == ("+14035550177", "rita@patients.example")


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({}, "words", "Choose a patient, or add a new one."),
        ({"is_new": "1", "name": "Rita"}, "phone", "Enter a phone number."),
        (NEW_PATIENT | {"phone": "12"}, "phone", None),
        (NEW_PATIENT | {"name": "Ri\x00ta"}, "name", None),
        (NEW_PATIENT | {"on": "2024-11-22"}, "on", "This is more than a year ago. Check the year."),
        (NEW_PATIENT | {"on": "2226-11-24"}, "on", "This is more than two years ahead. Check the year."),
        (NEW_PATIENT | {"on": "soon"}, "on", "Enter the date as 2026-11-24."),
        (NEW_PATIENT | {"email": "root@localhost"}, "email", None),
        (NEW_PATIENT | {"at": "25:00"}, "at", "Write the time as 9:00 a.m. or 14:30."),
        (NEW_PATIENT | {"service": ""}, "service", "Choose a visit."),
        (NEW_PATIENT | {"service": "9" * 20}, "service", None),
        (NEW_PATIENT | {"practitioner": "nobody\x00"}, "practitioner", None),
        (NEW_PATIENT | {"note": "x" * 301}, "note", None),
        ({"patient": "99999999999999999999"}, "patient", None),
        ({"patient": "\x00"}, "patient", None),
    ],
)
def test_errors_are_shown_at_the_field_and_nothing_is_stored(desk, call, typed, field, sentence):
    response = desk.post(BOOK, call | typed)
    assert response.status_code == 422
    assert field in errors_of(response)
    assert sentence is None or sentence in errors_of(response)[field]
    assert (Patient.objects.count(), Appointment.objects.count()) == (0, 0)


def test_a_merged_patient_is_not_booked(desk, call):
    merged = factories.make_patient(merged_into=factories.make_patient())
    assert desk.post(BOOK, call | {"patient": merged.pk}).status_code == 422
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "known",
    [
        {"name": "Somebody Else", "phone": "+14035550177"},
        {"name": "Somebody Else", "email": "RITA@patients.example"},
        {"name": "Ríta Hollowhorn"},
        {"name": "Hollow Horn, Rita"},
    ],
    ids=["phone", "email", "near-same name", "order of names"],
)
def test_a_possible_duplicate_is_asked_about_once(desk, call, known):
    patient = factories.make_patient(**{"email": "", "phone": "+14035550100"} | known)
    question = desk.post(BOOK, call | NEW_PATIENT)
    assert question.status_code == 409
    assert f"Use {patient.name}" in words_of(question)
    assert not Appointment.objects.exists()
    unticked = call | NEW_PATIENT | asked_in(question)
    assert desk.post(BOOK, unticked).status_code == 409
    assert desk.post(BOOK, call | NEW_PATIENT | {"is_really_new": "on"}).status_code == 409  # Asked about nobody.
    assert desk.post(BOOK, unticked | {"is_really_new": "on"}).status_code == 302
    assert Appointment.objects.get().patient != patient


def test_other_names_are_no_duplicates(desk, call):
    for name in ("Rita Horn", "Ritva Hollander", "Rosa Hollow Horn"):
        factories.make_patient(name=name, phone="+14035550100", email="")
    assert desk.post(BOOK, call | NEW_PATIENT).status_code == 302


def test_the_patient_who_is_there_already_is_used_instead(desk, call):
    patient = factories.make_patient(name="Rita Hollow Horn")
    response = desk.post(BOOK, call | NEW_PATIENT | {"choose": patient.pk})
    assert f'name="patient" value="{patient.pk}"' in response.content.decode()
    assert 'name="is_new"' not in response.content.decode()


# The panel without JavaScript


def test_find_brings_results_as_buttons_and_keeps_what_was_typed(desk, call):
    patient = factories.make_patient(name="Margaret Olsen")
    response = desk.post(BOOK, call | {"words": "olse", "note": "By the window", "look": "1"})
    page = response.content.decode()
    assert f'name="choose" value="{patient.pk}"' in page
    assert "New patient “olse”" in page
    for kept in ('value="olse"', 'value="By the window"', 'value="2026-11-24"', 'value="09:30"'):
        assert kept in page
    assert not Appointment.objects.exists()


def test_unticked_boxes_stay_unticked(desk, call):
    patient = factories.make_patient()
    typed = {name: value for name, value in call.items() if name not in TICKS}
    page = desk.post(BOOK, typed | {"choose": patient.pk, "shown_for": ""}).content.decode()
    assert re.search(r'name="tell"\s*>', page)
    assert re.search(r'name="tell" checked', desk.post(BOOK, call | {"choose": patient.pk}).content.decode())


def test_a_chosen_patient_comes_with_their_usual_visit_and_a_tick_if_it_is_the_first(
    desk, call, practitioner, location
):
    follow_up = factories.make_service(name="Follow-up", position=5)
    practitioner.practitioner_services.create(service=follow_up)
    regular, stranger = factories.make_patient(name="Margaret Olsen"), factories.make_patient(name="Nora Novak")
    past = {"practitioner": practitioner, "location": location, "service": follow_up, "status": "fulfilled"}
    factories.make_appointment(**past, patient=regular, starts_at=AT_9_30 - timedelta(days=30))
    del call["service"]
    page = desk.post(BOOK, call | {"choose": regular.pk})
    assert page.context["choices"].service == follow_up
    assert (page.context["is_first_visit"], "Last seen Oct 25 by Steve, nothing ahead" in words_of(page)) == (
        False,
        True,
    )
    page = desk.post(BOOK, call | {"choose": stranger.pk})
    assert (page.context["choices"].service.name, page.context["is_first_visit"]) == ("Physiotherapy assessment", True)


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [("Bev Olsen", "name", "Bev Olsen"), ("403-555-0171", "phone", "403-555-0171"), ("b@c.ca", "email", "b@c.ca")],
)
def test_a_new_patient_starts_with_what_was_searched_for(desk, words, field, value):
    page = desk.post(BOOK, {"words": words, "new": "1"})
    assert page.status_code == 200
    assert page.context["form"][field].value() == value
    assert page.context["is_new"]


@pytest.mark.parametrize("patient", ["0", "abc", "9" * 30, "١", "1,2", "\x00"])
def test_invalid_parameters_open_an_empty_panel(desk, practitioner, patient):
    page = desk.get(DESK, {"do": "book", "patient": patient, "with": patient, "at": patient, "day": patient})
    assert page.status_code == 200
    assert page.context["patient"] is None
    assert (
        desk.post(BOOK, {"choose": patient, "at": patient, "on": patient, "practitioner": patient}).status_code == 200
    )


def test_the_address_of_a_form_opens_the_panel(desk):
    assert desk.get(BOOK).url == "/desk/?do=book"


def test_the_old_page_leads_to_the_panel_with_what_it_named(desk, practitioner):
    query = {"patient": 12, "practitioner": practitioner.pk, "on": "2026-12-01", "at": "09:30", "location": 1}
    assert desk.get(OLD, query).url == "/desk/?do=book&day=2026-12-01&at=09%3A30&patient=12&with=steve"
    assert desk.get(OLD, {"practitioner": "x", "on": "\x00"}).status_code == 302


# When


def test_a_gap_offers_its_starts_and_greys_what_does_not_fit(desk, practitioner, location, taken_visit):
    long = factories.make_service(name="Long assessment", duration=timedelta(minutes=60))
    practitioner.practitioner_services.create(service=long)
    factories.make_service(name="Pelvic health")
    short = factories.make_service(name="Check", duration=timedelta(minutes=20))
    practitioner.practitioner_services.create(service=short, own_price=50)
    page = desk.get(DESK, {"day": "2026-11-24", "with": "steve", "at": "09:00"})
    assert [f"{start:%H:%M}" for start in page.context["choices"].starts] == ["09:00", "09:05", "09:10"]
    words = words_of(page)
    assert "Check 20 min · $50" in words
    assert "Long assessment too long: 1 hour" in words
    assert "Pelvic health not with Steve" in words


def test_a_gap_that_has_begun_offers_what_is_left_of_it(desk, practitioner, location):
    factories.make_hours(practitioner, location, weekdays=[0], start_time=time(7), end_time=time(9))
    page = desk.get(DESK, {"with": "steve", "at": "07:30"})
    assert f"{page.context['gap'].starts_at:%H:%M}" == "08:00"
    assert "no longer free" in words_of(desk.get(DESK, {"with": "steve", "at": "17:30"}))


def test_those_who_are_free_now_come_first(desk, practitioner, service, location):
    """A walk-in. It is 8:00 a.m."""
    early = factories.make_practitioner([service], name="Maya Okafor", slug="maya", position=2)
    factories.make_hours(early, location, weekdays=[0], start_time=time(7), end_time=time(9))
    page = desk.get(DESK, {"do": "book"})
    assert free_in(page) == ["Now Maya, until 9:00 a.m.", "9:00 a.m. Steve, until 5:00 p.m."]
    taken = desk.post(BOOK, {"take": page.context["free"][0].value, "back": "/desk/?do=book"})
    assert words_of(taken).count("Book with Maya") == 1
    assert f"{taken.context['choices'].start:%H:%M}" == "08:00"


def test_free_times_of_a_service_ignore_the_rules_for_patients(desk, call, practitioner, location):
    Service.objects.update(lead_time=timedelta(days=10), horizon_days=1, step=timedelta(hours=2))
    factories.make_hours(practitioner, location, weekdays=[0], start_time=time(8), end_time=time(9))
    factories.make_appointment(
        practitioner=practitioner, location=location, starts_at=datetime(2026, 11, 23, 15, 5, tzinfo=UTC)
    )
    page = desk.post(BOOK, call | {"on": "2026-11-23", "free": "1", "note": "kept"})
    assert free_in(page)[:3] == [f"Mon, Nov 23, {each} a.m. Steve" for each in ("8:00", "8:15", "9:50")]
    assert 'value="kept"' in page.content.decode()
    assert desk.post(BOOK, call | {"on": "2027-11-22", "free": "1"}).context["free"]


def test_choosing_a_free_time_fills_in_the_form_and_books_nothing(desk, call, location):
    choice = f"2026-11-25 14:15 steve {location.slug}"
    page = desk.post(BOOK, call | NEW_PATIENT | {"take": choice})
    source = page.content.decode()
    assert page.context["params"].day == date(2026, 11, 25)
    assert '<option value="14:15" selected>' in source
    assert 'value="Rita Hollow Horn"' in source
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize("choice", ["", "x", "2026-11-25 14:15 a b c", "9999-99-99 14:15 1 1", "2026-11-25 14:15 a b"])
def test_a_malformed_time_fills_in_nothing_that_is_wrong(desk, call, choice):
    assert desk.post(BOOK, call | NEW_PATIENT | {"take": choice}).status_code == 200


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
    response = desk.post(BOOK, call | NEW_PATIENT | {"location": location.slug, "on": on.isoformat(), "at": at})
    assert response.status_code == 422
    assert sentence in errors_of(response)["at"][0]
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize("fold", ["0", "1"])
def test_a_time_that_comes_twice_is_booked_once_staff_say_which(desk, call, practitioner, fold):
    location = factories.make_location(time_zone="America/Toronto", time_zone_label="Ontario time")
    factories.make_hours(practitioner, location, weekdays=[6], start_time=time(0), end_time=time(4))
    typed = call | NEW_PATIENT | {"location": location.slug, "on": "2027-11-07", "at": "01:30"}
    assert 'name="fold"' in desk.post(BOOK, typed).content.decode()
    assert desk.post(BOOK, typed | {"fold": fold}).status_code == 302
    assert Appointment.objects.get().starts_at == datetime(2027, 11, 7, 5 + int(fold), 30, tzinfo=UTC)


def test_a_time_that_comes_once_asks_for_nothing_more(desk, call):
    assert 'name="fold"' not in desk.post(BOOK, call).content.decode()


# Refused, or asked about once


def test_submitting_the_form_twice_books_once(desk, call):
    for patient in ({"patient": factories.make_patient().pk}, NEW_PATIENT | {"at": "11:30"}):
        desk.post(BOOK, call | patient)
        assert "Nothing was booked twice." in words_of(desk.post(BOOK, call | patient, follow=True))
    assert Appointment.objects.count() == 2


def test_a_taken_time_is_refused_with_free_ones_and_stores_no_patient(desk, call, taken_visit):
    response = desk.post(BOOK, call | NEW_PATIENT)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Steve Hansen already has an appointment at that time." in page
    assert "Your login may not book over another visit." in page
    assert len(response.context["findings"].nearest) == 3
    assert 'value="rita@patients.example"' in page
    assert not Patient.objects.filter(name="Rita Hollow Horn").exists()


def test_overbooking_needs_a_permission(desk, call, taken_visit):
    question = desk.post(BOOK, call | NEW_PATIENT)
    assert 'name="anyway"' not in question.content.decode()
    asked = {"asked_for": question.context["question"].asked_for, "asked_rules": "visit"}
    answer = call | NEW_PATIENT | asked | {"anyway": "on", "reason": "In pain"}
    assert desk.post(BOOK, answer).status_code == 409
    assert Appointment.objects.count() == 1


def test_a_manager_overbooks_with_a_reason(manager, call, taken_visit):
    question = manager.post(BOOK, call | NEW_PATIENT)
    manager.post(BOOK, call | NEW_PATIENT | asked_in(question) | {"anyway": "on", "reason": "In pain"})
    visit = Appointment.objects.exclude(pk=taken_visit.pk).get()
    assert (visit.starts_at, visit.overbooked_reason) == (AT_9_30, "In pain")


def test_a_practitioner_who_does_not_offer_the_service_is_refused_with_a_sentence(desk, call):
    factories.make_practitioner(name="Maya Okafor", slug="maya")
    response = desk.post(BOOK, call | NEW_PATIENT | {"practitioner": "maya"})
    assert response.status_code == 422
    assert "Maya Okafor doesn't offer" in errors_of(response)["service"][0]


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ({"on": "2026-12-25"}, "Okotoks is closed on that day."),
        ({"at": "03:00"}, "doesn't fit"),
        ({"on": "2026-11-29"}, "doesn't fit"),
        ({"on": "2026-11-23", "at": "07:00"}, "This time is in the past."),
        ({"on": "2026-11-20"}, "This time is in the past."),
        ({"at": "12:15"}, "has a break then"),
        ({"on": "2026-11-26"}, "has time off then"),
    ],
    ids=["Christmas", "3 a.m.", "Sunday", "over", "last week", "break", "time off"],
)
def test_a_time_outside_a_rule_is_asked_about_once(desk, call, practitioner, location, when, sentence):
    Closure.objects.create(location=location, on=date(2026, 12, 25), name="Christmas Day")
    Break.objects.create(practitioner=practitioner, weekday=1, start_time=time(12), end_time=time(13))
    TimeOff.objects.create(practitioner=practitioner, starts_on=date(2026, 11, 26), ends_on=date(2026, 11, 26))
    typed = call | NEW_PATIENT | when
    question = desk.post(BOOK, typed)
    assert question.status_code == 409
    assert sentence in words_of(question)
    assert not Appointment.objects.exists()
    answered = typed | asked_in(question)
    assert desk.post(BOOK, answered | {"reason": "Only day off work"}).status_code == 409  # Not ticked.
    without_reason = desk.post(BOOK, answered | {"anyway": "on"})
    assert (without_reason.status_code, errors_of(without_reason)["reason"]) == (409, ["Enter a reason."])
    assert desk.post(BOOK, answered | {"anyway": "on", "reason": "Only day off work"}).status_code == 302
    visit = Appointment.objects.get()
    assert (visit.exception_reason, visit.overbooked_reason) == ("Only day off work", "")
    assert visit.events.get().note == "Only day off work"


def test_an_answer_counts_only_for_the_time_and_the_rules_that_were_asked_about(desk, call, practitioner, taken_visit):
    typed = call | NEW_PATIENT | {"at": "19:00"}
    answer = asked_in(desk.post(BOOK, typed)) | {"anyway": "on", "reason": "After work"}
    assert desk.post(BOOK, typed | answer | {"at": "03:00"}).status_code == 409
    factories.make_appointment(
        practitioner=practitioner,
        location=taken_visit.location,
        starts_at=datetime(2026, 11, 25, 1, 0, tzinfo=UTC),
        patient=taken_visit.patient,
    )
    assert desk.post(BOOK, typed | answer).status_code == 409


def test_a_patient_with_another_visit_then_is_asked_about(desk, call, location):
    patient = factories.make_patient()
    factories.make_appointment(location=location, starts_at=AT_9_30, patient=patient)
    question = desk.post(BOOK, call | {"patient": patient.pk})
    assert "Alice Martin has another visit then: 9:30 a.m., with Steve Hansen." in words_of(question)
    answer = asked_in(question) | {"anyway": "on", "reason": "Seen by both"}
    assert desk.post(BOOK, call | answer | {"patient": patient.pk}).status_code == 302


def test_a_visit_that_is_going_on_is_no_time_in_the_past(desk, call, practitioner, location):
    factories.make_hours(practitioner, location, weekdays=[0], start_time=time(6), end_time=time(9))
    assert desk.post(BOOK, call | NEW_PATIENT | {"on": "2026-11-23", "at": "07:30"}).status_code == 302


# Reminders


def test_a_caller_without_email_is_reminded_by_text_message(desk, call, settings):
    settings.SMS = {"SENDER": "booking.messages.sms.console.ConsoleGateway", "OPTIONS": {}}
    patient = factories.make_patient(email="")
    desk.post(BOOK, call | {"patient": patient.pk, "reminders_by": "text"})
    appointment = Appointment.objects.get()
    assert appointment.reminders_by == "text"
    queued = set(appointment.messages.values_list("kind", "channel"))
    assert queued == {("clinic_notice", "email"), ("reminder", "text")}


def test_without_an_sms_gateway_the_channel_is_not_asked_for(desk):
    assert "reminders_by" not in desk.get(DESK, {"do": "book"}).content.decode()


# Access


@pytest.mark.parametrize("missing", ["add_appointment", "view_patient"])
def test_booking_needs_the_right_to_book_and_to_see_patients(desk, call, missing):
    user = get_user_model().objects.get()
    user.user_permissions.remove(Permission.objects.get(codename=missing))
    assert desk.post(BOOK, call | NEW_PATIENT).status_code == 403
    words = words_of(desk.get(DESK, {"day": "2026-11-24", "with": "steve", "at": "09:00"}))
    assert "Free with Steve" in words
    assert "Find" not in words.partition("Free with Steve")[2]
    assert 'name="look"' not in desk.get(DESK, {"do": "book"}).content.decode()


def test_everyone_whom_the_panel_names_is_in_the_access_log(desk, call, service, location, practitioner, now):
    chosen, twin = factories.make_patient(), factories.make_patient(name="Rita Hollow Horn", phone="+14035550111")
    entry = scheduling.join(wish=factories.make_wish(service, location, name="Ruth Sampson"), now=now)

    def logged():
        people = [person for row in AccessLogEntry.objects.all() for person in row.people.all()]
        return {person.patient or person.waitlist_entry for person in people}

    desk.get(DESK, {"day": "2026-11-24", "with": "steve", "at": "09:00"})
    assert logged() == {entry}
    desk.post(BOOK, call | {"choose": chosen.pk})
    assert chosen in logged()
    desk.post(BOOK, call | NEW_PATIENT)
    assert twin in logged()


def test_the_panel_takes_the_same_queries_for_one_patient_and_many(desk, call, practitioner):
    def count(**data):
        with CaptureQueriesContext(connection) as queries:
            desk.post(BOOK, call | data)
        return len(queries)

    def add(name):
        patient = factories.make_patient(name=name)
        factories.make_appointment(patient=patient, location=practitioner.working_hours.first().location)
        return patient

    patient = add("Margaret Olsen")
    few = count(words="olsen", look="1")
    for number in range(7):
        add(f"Peter Olsen {number}")
    assert count(words="olsen", look="1") == few
    with CaptureQueriesContext(connection) as queries:
        desk.get(DESK, {"day": "2026-11-24", "with": "steve", "at": "09:00", "patient": patient.pk})
    assert len(queries) <= 33
