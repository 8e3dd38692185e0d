"""Patients who book by phone only: online booking ends in "Please call us", which never says why."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from booking import scheduling
from booking.models import Appointment, Clinic, Patient
from booking.scheduling import Actor
from tests.support import factories
from tests.support.journey import ALICE, NINE, QUARTER_TO_TEN, book, choose, confirm, type_details, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]
PHONE = "+14035550123"


def mark(**fields):
    return factories.make_patient(
        **{"name": "Alice Martin", "email": "alice@patients.example", "phone": PHONE} | fields, books_by_phone_only=True
    )


def try_to_book(client, **answers):
    choose(client)
    type_details(client, **answers)
    return confirm(client)


def neutral(response):
    """Return the page without what differs between any two requests."""
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())
    return response.status_code, response["Retry-After"], html


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"name": "ALICE MARTIN", "email": "ALICE@patients.example"},
        {"name": "Álice Martin", "phone": "403-555-0199"},
        {"email": "another@patients.example"},
    ],
    ids=["the same details", "another case", "the same email", "the same phone"],
)
def test_who_books_by_phone_only_is_asked_to_call(client, typed):
    mark()
    response = try_to_book(client, **typed)
    assert response.status_code == 429
    assert "Please call us to book this appointment" in words_of(response)
    assert "Call 403-555-0100" in words_of(response)
    assert not Appointment.objects.filter(status="booked").exists()


def test_a_relative_with_the_same_email_and_phone_books_as_always(client):
    mark()
    assert book(client, name="Ben Martin").status == "booked"


def test_a_namesake_with_other_contact_details_books_as_always(client):
    mark()
    assert book(client, email="other@patients.example", phone="403-555-0199").status == "booked"


def test_the_page_is_the_same_as_for_too_many_visits_ahead(client):
    Clinic.objects.update(visits_ahead_per_email=1, own_networks="127.0.0.1")
    book(client)
    at_limit, by_phone = Client(), Client()
    choose(at_limit, QUARTER_TO_TEN)
    type_details(at_limit, name="Ben Martin")
    mark(name="Chloe Roy", email="chloe@patients.example")
    choose(by_phone, QUARTER_TO_TEN)
    type_details(by_phone, name="Chloe Roy", email="chloe@patients.example")
    pages = {neutral(confirm(visitor)) for visitor in (at_limit, by_phone)}
    assert len(pages) == 1


def test_each_guess_counts_towards_the_limit_of_bookings(client, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"book": (2, timedelta(hours=1))}
    mark()
    for _ in range(2):
        assert "Please call us to book" in words_of(try_to_book(client))
    assert "Please wait a moment" in words_of(try_to_book(client, name="Dana Roy"))


def test_a_patient_merged_into_one_who_books_by_phone_is_asked_to_call_too(client, clinic):
    kept = mark(name="Alice Roy", email="roy@patients.example")
    merged = factories.make_patient(name=ALICE["name"], email=ALICE["email"], phone=PHONE)
    Patient.objects.filter(pk=merged.pk).update(merged_into=kept)
    assert try_to_book(client).status_code == 429
    Patient.objects.filter(pk=kept.pk).update(books_by_phone_only=False)
    assert book(client).status == "booked"


def test_a_booking_that_waits_for_its_email_is_not_confirmed_once_staff_have_marked_the_patient(clinic):
    visit = factories.make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=NINE,
        status="unconfirmed", patient=mark(), hold_key="",
    )  # fmt: skip
    now = timezone.now()
    Appointment.objects.filter(pk=visit.pk).update(hold_expires_at=now + timedelta(hours=1))
    visit.refresh_from_db()
    with pytest.raises(scheduling.CallToBook):
        scheduling.confirm(appointment=visit, by=Actor.patient(), now=now)
    visit.refresh_from_db()
    assert visit.status == "unconfirmed"


def test_staff_can_book_them(client, clinic):
    staff = get_user_model().objects.create_user("dana", is_staff=True, is_superuser=True)
    now = timezone.now()
    visit = scheduling.book_by_staff(
        service=clinic.assessment, practitioner=clinic.steve, location=clinic.location, patient=mark(),
        starts_at=NINE, by=Actor.staff(staff), now=now, reminders=False,
    )  # fmt: skip
    assert visit.status == "booked"


def test_the_office_keeps_why_and_who_set_it_and_when(admin_client):
    patient = factories.make_patient()
    data = {"name": patient.name, "books_by_phone_only": "on", "phone_only_note": "Did not come four times."}
    admin_client.post(f"/desk/patients/{patient.pk}/edit/", data)
    patient.refresh_from_db()
    assert (patient.books_by_phone_only, patient.phone_only_note) == (True, "Did not come four times.")
    assert (patient.phone_only_by.username, patient.phone_only_at) == ("admin", timezone.now())
    words = words_of(admin_client.get(f"/desk/patients/{patient.pk}/"))
    assert "Books by phone only Did not come four times. admin, Mon, Nov 23, 2026, 8:00 a.m." in words
