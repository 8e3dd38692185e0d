"""Check and book: booking is idempotent, and a lost race keeps every answer."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from booking.models import Appointment, Message, Patient, Service
from tests.conftest import NOW
from tests.support.factories import make_appointment, make_location
from tests.support.journey import (
    NINE,
    QUARTER_TO_TEN,
    as_shown,
    book,
    choose,
    confirm,
    confirmation,
    text_of,
    type_details,
    words_of,
)

pytestmark = pytest.mark.usefixtures("clinic")


def complete_details(client, **answers):
    """Hold a slot and fill in the details, up to the check page."""
    choose(client)
    type_details(client, **answers)


def let_others_book_the_slot(clinic):
    """Let the hold expire, and book the slot with both practitioners."""
    Appointment.objects.filter(status="held").update(status="expired")
    for person in (clinic.steve, clinic.amara):
        make_appointment(service=clinic.assessment, practitioner=person, location=clinic.location, starts_at=NINE)


def test_all_answers_are_shown_with_links_to_change_them(client):
    complete_details(client, preferred_name="Ali", pronouns="she/her")
    response = client.get("/book/check/")
    page, text = text_of(response), words_of(response)
    for words in ("Tuesday, November 24, 9:00 a.m.", "Alice Martin", "Ali", "she/her", "alice@patients.example",
                  "403-555-0123", "$140", "Okotoks"):  # fmt: skip
        assert words in text
    assert 'href="/book/details/#id_email"' in page
    assert 'href="/book/assessment/?visit=new' in page


def test_changing_an_answer_returns_to_the_check(client):
    complete_details(client)
    assert type_details(client, email="martin@patients.example")["Location"] == "/book/check/"
    assert "martin@patients.example" in words_of(client.get("/book/check/"))


def test_confirming_books_the_visit(client):
    complete_details(client, preferred_name="Ali")
    assert confirm(client)["Location"] == "/book/done/"
    visit = Appointment.objects.get()
    assert (visit.status, visit.starts_at, visit.is_first_visit, visit.notice_version) == (
        "booked",
        NINE,
        True,
        "2026-11-01",
    )
    assert (visit.patient.name, visit.patient.preferred_name, str(visit.patient.phone)) == (
        "Alice Martin",
        "Ali",
        "+14035550123",
    )


def test_reminders_are_the_patient_s_choice(client):
    assert book(client, reminders=None).reminders is False
    assert not Message.objects.filter(kind="reminder").exists()


def test_booking_for_somebody_else_stores_patient_and_contact(client):
    visit = book(client, booking_for="other", name="Ben Martin", contact_name="Alice Martin")
    assert (visit.patient.name, visit.patient.contact_name, visit.patient.email) == (
        "Ben Martin",
        "Alice Martin",
        "alice@patients.example",
    )


def test_the_answer_new_or_returning_given_in_the_form_is_stored(client):
    choose(client, query="")
    type_details(client, visit="returning")
    confirm(client)
    assert Appointment.objects.get().is_first_visit is False


def test_a_date_of_birth_is_stored_where_it_is_needed(client, clinic):
    clinic.assessment.needs_date_of_birth = True
    clinic.assessment.save()
    visit = book(client, date_of_birth="1980-11-24")
    assert str(visit.patient.date_of_birth) == "1980-11-24"


def test_submitting_twice_books_one_appointment(client):
    complete_details(client)
    form = confirmation(client)
    answers = [client.post("/book/check/", form)["Location"] for _ in range(3)]
    assert answers == ["/book/done/"] * 3
    assert (Appointment.objects.count(), Patient.objects.count()) == (1, 1)


def test_two_concurrent_submissions_book_one_appointment(client):
    complete_details(client)
    form = confirmation(client)
    # The second request loads the session before the first has saved it.
    second_client = Client()
    session = client.session
    before = dict(session["booking"])
    second_client.cookies = client.cookies
    client.post("/book/check/", form)
    session = client.session
    session["booking"] = before
    session.save()
    assert second_client.post("/book/check/", form)["Location"] == "/book/done/"
    assert Appointment.objects.count() == 1


def test_going_back_after_booking_shows_the_same_visit(client):
    visit = book(client)
    for address in ("/book/check/", "/book/details/", "/book/safety/"):
        assert client.get(address)["Location"] == "/book/done/"
    assert visit.reference in text_of(client.get("/book/done/"))


def test_booking_deletes_the_answers_from_the_session(client):
    book(client)
    assert "alice" not in str(dict(client.session)).lower()


def test_a_lost_race_keeps_every_answer_and_a_new_time_returns_to_the_check(client, clinic):
    complete_details(client, preferred_name="Ali")
    form = confirmation(client)
    let_others_book_the_slot(clinic)
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        response = client.post("/book/check/", form)
        assert response.status_code == 409
        page = text_of(response)
        assert "We kept what you typed." in page
        assert len(response.context["nearest"]) == 3
        action = response.context["here"]
        assert client.post(action, {"start": "2026-11-24T15:45Z"})["Location"] == "/book/check/"
        assert "Ali" in text_of(client.get("/book/check/"))
        assert confirm(client)["Location"] == "/book/done/"
    assert Appointment.objects.get(submission_key__isnull=False).starts_at == QUARTER_TO_TEN


@pytest.mark.parametrize(
    "change", [{"hold": "ABCD2345"}, {"hold": ""}, {"submission_key": "other"}, {"submission_key": ""}]
)
def test_a_form_about_another_hold_books_nothing(client, change):
    complete_details(client)
    response = client.post("/book/check/", confirmation(client) | change)
    assert response.status_code == 409
    assert Appointment.objects.get().status == "held"


def test_the_old_tab_of_a_visitor_who_chose_again_books_nothing(client):
    complete_details(client)
    old = confirmation(client)
    choose(client, QUARTER_TO_TEN)
    response = client.post("/book/check/", old)
    assert response.status_code == 409
    assert "9:45 a.m." in text_of(response)
    assert not Appointment.objects.filter(status="booked").exists()


def test_a_second_visit_can_be_booked_after_the_first(client):
    first = book(client)
    second = book(client, QUARTER_TO_TEN)
    assert first.pk != second.pk
    assert second.reference in text_of(client.get("/book/done/"))


def test_the_last_page_says_what_was_booked_and_what_comes_next(client):
    visit = book(client)
    page = text_of(client.get("/book/done/")).replace("<wbr>", "")
    for words in ("See you tomorrow, Alice", "Tuesday, November 24, ", "9:00 a.m.", visit.practitioner.name,
                  visit.reference, "alice@patients.example", "Loose clothing", "Free parking",
                  "calendar.ics"):  # fmt: skip
        assert words in page


def test_the_last_page_no_longer_says_booked_once_the_visit_is_cancelled(client):
    visit = book(client)
    client.post("/appointment/cancel/", as_shown(visit))
    assert "Your appointment is cancelled" in text_of(client.get("/book/done/", follow=True))


def test_private_pages_are_not_cached_or_indexed(client):
    book(client)
    choose(client, QUARTER_TO_TEN)
    for address in ("/book/", "/book/assessment/", "/book/details/", "/book/check/", "/book/done/", "/appointment/",
                    "/appointment/cancel/", "/appointment/change/", "/appointment/calendar.ics"):  # fmt: skip
        headers = client.get(address).headers
        assert headers["Cache-Control"] == "no-store", address
        assert (headers["X-Robots-Tag"], headers["Referrer-Policy"]) == ("noindex", "same-origin"), address


def test_every_form_needs_a_csrf_token(clinic):
    strict = Client(enforce_csrf_checks=True)
    for address in (
        "/book/assessment/",
        "/book/details/",
        "/book/check/",
        "/appointment/cancel/",
        "/appointment/change/",
    ):
        assert strict.post(address, {}).status_code == 403
    assert not Appointment.objects.exists()


def test_a_session_ends_two_hours_after_its_last_change(client):
    choose(client)
    assert client.session.get_expiry_age() == 2 * 60 * 60


def test_a_visit_too_soon_to_change_online_says_so_before_and_after_booking(client):
    Service.objects.update(cancellation_window=timedelta(days=30))
    choose(client)
    type_details(client)
    check = text_of(client.get("/book/check/"))
    assert "This appointment is less than 30 days away. To change or cancel it, please" in check
    confirm(client)
    done = text_of(client.get("/book/done/"))
    assert "Change or cancel" not in done
    assert "Free to change or cancel" not in check + done


def test_the_place_can_be_changed_only_where_there_are_several(client):
    complete_details(client)
    assert "Change the time or the person" in words_of(client.get("/book/check/"))
    make_location(name="Calgary", slug="calgary", position=1)
    assert "Change the time, person or place" in words_of(client.get("/book/check/"))


def test_a_submission_key_that_was_used_already_gets_a_conflict_page(client):
    book(client)
    choose(client, QUARTER_TO_TEN)
    type_details(client)
    form = confirmation(client)
    # As if another tab had booked an appointment with this form's submission key.
    Appointment.objects.filter(status="booked").update(submission_key=form["submission_key"])
    response = client.post("/book/check/", form)
    assert response.status_code == 409
    assert "nothing was booked twice" in text_of(response)
