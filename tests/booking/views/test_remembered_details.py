"""After a booking, this browser session offers its details again for 30 minutes, masked until they are used."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from booking.models import Appointment, Patient
from booking.tokens import manage_token
from tests.conftest import NOW
from tests.support.factories import make_appointment, make_patient
from tests.support.journey import (
    NINE,
    QUARTER_TO_TEN,
    book,
    choose,
    confirm,
    text_of,
    words_of,
)

pytestmark = pytest.mark.usefixtures("clinic")
MASKED = "A. M., a...@patients.example, ...0123"
SECRETS = ("Alice", "Martin", "alice@", "555-0123", "5550123")


def press(client, deed, **answers):
    """Press a button about the remembered details on the details page."""
    form = client.get("/book/details/").context["form"]
    data = {"hold": form["hold"].value(), "shown": form["shown"].value(), "remembered": deed, "reminders": "on"}
    return client.post("/book/details/", data | answers)


def again(client, visit, deed):
    return client.post("/appointment/again/", {"reference": visit.reference, "for": deed})


def test_the_details_are_offered_masked(client):
    book(client)
    choose(client, QUARTER_TO_TEN)
    page = text_of(client.get("/book/details/"))
    assert MASKED in page
    assert [secret for secret in SECRETS if secret in page] == []


def test_using_them_books_for_the_same_patient_without_showing_them(client):
    first = book(client)
    choose(client, QUARTER_TO_TEN)
    assert press(client, "use")["Location"] == "/book/check/"
    review = text_of(client.get("/book/check/"))
    assert "A. M." in review
    assert [secret for secret in SECRETS if secret in review] == []
    confirm(client)
    second = Appointment.objects.exclude(pk=first.pk).get(status="booked")
    assert second.patient == first.patient
    assert second.notice_version == "2026-11-01"


def test_what_is_missing_is_asked(client):
    book(client)
    choose(client, QUARTER_TO_TEN, query="")
    assert press(client, "use")["Location"] == "/book/details/"
    form = client.get("/book/details/").context["form"]
    assert [name for name in form.fields if not form[name].is_hidden] == ["visit", "reminders", "homepage"]


def test_changing_them_fills_in_the_form(client):
    book(client)
    choose(client, QUARTER_TO_TEN)
    press(client, "change")
    response = client.get("/book/details/")
    assert response.context["form"]["email"].value() == "alice@patients.example"
    assert MASKED not in text_of(response)


def test_they_can_be_forgotten(client):
    book(client)
    choose(client, QUARTER_TO_TEN)
    press(client, "use")
    press(client, "forget")
    response = client.get("/book/details/")
    assert response.context["form"]["email"].value() in {"", None}
    assert MASKED not in text_of(response)
    assert client.get("/book/check/")["Location"] == "/book/details/"


def test_they_are_offered_for_30_minutes(client):
    book(client)
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        choose(client, QUARTER_TO_TEN)
        page = text_of(client.get("/book/details/"))
    assert MASKED not in page
    assert [secret for secret in SECRETS if secret in page] == []


def test_details_in_use_are_not_shown_after_30_minutes(client):
    book(client)
    choose(client, QUARTER_TO_TEN)
    press(client, "use")
    with time_machine.travel(NOW + timedelta(minutes=31), tick=False):
        page = text_of(client.get("/book/details/"))
    assert [secret for secret in SECRETS if secret in page] == []


def test_another_browser_is_offered_nothing(client):
    book(client)
    other = Client()
    choose(other, QUARTER_TO_TEN)
    assert "booked before" not in words_of(other.get("/book/details/"))


def test_the_session_stores_which_booking_and_no_detail(client):
    book(client)
    assert [secret for secret in SECRETS if secret in str(dict(client.session))] == []
    assert set(client.cookies) <= {"session", "csrf"}


def test_clearing_the_details_ends_everything_in_this_browser(client):
    book(client)
    choose(client, QUARTER_TO_TEN)
    assert client.post("/appointment/forget/")["Location"] == "/appointment/forget/"
    assert "Your details are cleared" in words_of(client.get("/appointment/forget/"))
    assert client.get("/book/done/").status_code == 410
    assert client.get("/appointment/").status_code == 404
    assert not Appointment.objects.filter(status="held").exists()
    choose(client, QUARTER_TO_TEN)
    assert "booked before" not in words_of(client.get("/book/details/"))


def test_details_can_be_cleared_from_the_page_of_an_appointment_booked_here_and_from_no_other(client, clinic):
    visit = book(client)
    assert "Clear my details" in words_of(client.get("/appointment/"))
    other = Client()
    assert "Clear my details" not in words_of(other.get(f"/appointment/{manage_token(visit)}/", follow=True))


def test_the_review_says_that_masked_details_are_those_used_before(client):
    book(client)
    choose(client, QUARTER_TO_TEN)
    press(client, "use")
    assert "The details you used before" in words_of(client.get("/book/check/"))


def test_a_link_to_clear_clears_nothing(client):
    book(client)
    assert client.get("/appointment/forget/")["Location"] == "/book/done/"
    assert client.get("/book/done/").status_code == 200


def test_someone_else_keeps_phone_and_email_of_who_books(client):
    visit = book(client)
    assert again(client, visit, "other")["Location"] == "/book/"
    choose(client, QUARTER_TO_TEN)
    response = client.get("/book/details/")
    form = response.context["form"]
    assert not {"email", "phone", "contact_name"} & set(form.fields)
    assert MASKED in text_of(response)
    data = {"hold": form["hold"].value(), "shown": form["shown"].value(), "booking_for": "other"}
    with time_machine.travel(NOW + timedelta(seconds=30), tick=False):
        client.post("/book/details/", data | {"name": "Ben Martin", "reminders": "on"})
    confirm(client)
    ben = Patient.objects.get(name="Ben Martin")
    assert (ben.contact_name, ben.email, str(ben.phone)) == ("Alice Martin", "alice@patients.example", "+14035550123")


class TestFromTheManageLink:
    @pytest.fixture
    def visit(self, clinic, client):
        patient = make_patient(date_of_birth="1980-02-03")
        visit = make_appointment(
            service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, patient=patient
        )
        client.get(f"/appointment/{manage_token(visit)}/")
        return visit

    def test_book_again_leads_to_the_same_service_and_person(self, client, visit):
        assert "Book again with Steve" in words_of(client.get("/appointment/"))
        assert again(client, visit, "same")["Location"].startswith("/book/assessment/?visit=")
        assert "practitioner=steve-hansen" in again(client, visit, "same")["Location"]

    def test_the_details_stay_masked_on_every_page(self, client, visit):
        again(client, visit, "same")
        choose(client, NINE)
        shown = text_of(client.get("/book/details/"))
        press(client, "use")
        shown += text_of(client.get("/book/check/")) + text_of(client.get("/book/details/"))
        confirm(client)
        shown += text_of(client.get("/book/done/"))
        again(client, Appointment.objects.exclude(pk=visit.pk).get(), "me")
        choose(client, QUARTER_TO_TEN)
        press(client, "change")
        shown += text_of(client.get("/book/details/"))
        assert [secret for secret in (*SECRETS, "1980") if secret in shown] == []
        assert Appointment.objects.exclude(pk=visit.pk).get(status="booked").patient == visit.patient

    def test_a_person_who_left_is_not_offered_again(self, client, clinic, visit):
        clinic.steve.is_active = False
        clinic.steve.save()
        assert "practitioner" not in again(client, visit, "same")["Location"]

    def test_a_form_about_another_visit_is_refused(self, client, visit):
        assert client.post("/appointment/again/", {"reference": "ABCD2345", "for": "same"}).status_code == 409

    def test_without_an_open_visit_nothing_is_remembered(self, visit):
        other = Client()
        assert again(other, visit, "same").status_code == 404


def test_a_booking_to_be_confirmed_stays_masked_too(client):
    first = book(client)
    choose(client, QUARTER_TO_TEN)
    press(client, "use")
    confirm(client)
    Appointment.objects.exclude(pk=first.pk).update(
        status="unconfirmed", hold_expires_at=NOW + timedelta(hours=1), is_unverified=True
    )
    page = text_of(client.get("/book/done/"))
    assert "One more step" in page
    assert [secret for secret in SECRETS if secret in page] == []
