""" "I'll be there": from the link in an e-mail, by a deliberate press, and shown to the desk."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from booking import scheduling
from booking.models import Appointment, AppointmentEvent
from booking.scheduling import Actor
from booking.tokens import manage_token
from tests.conftest import NOW
from tests.support.factories import VISIT_AT, make_appointment
from tests.support.journey import as_shown, book, words_of

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def visit(clinic, client):
    """An appointment whose link this client has opened."""
    visit = make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve)
    client.get(f"/appointment/{manage_token(visit)}/")
    return visit


def confirmed_at():
    return Appointment.objects.values_list("attendance_confirmed_at", flat=True).get()


def test_following_the_link_confirms_nothing(client, visit):
    page = words_of(client.get("/appointment/"))
    assert "Will you be there?" in page
    client.head(f"/appointment/{manage_token(visit)}/")
    assert client.get("/appointment/attend/").status_code == 405
    assert confirmed_at() is None


def test_pressing_the_button_records_it_once(client, visit):
    for _ in range(2):
        assert client.post("/appointment/attend/", as_shown(visit))["Location"] == "/appointment/"
    assert confirmed_at() == NOW
    event = AppointmentEvent.objects.get(kind="attendance")
    assert event.actor_kind == "patient"
    assert "Thank you. We'll see you then." in words_of(client.get("/appointment/"))
    page = words_of(client.get("/appointment/"))
    assert "You've told us you'll be there." in page
    assert "Will you be there?" not in page


@pytest.mark.parametrize("change", [{"reference": "ABCD2345"}, {"sequence": "7"}, {"reference": ["A", "B"]}])
def test_a_form_about_another_visit_or_time_records_nothing(client, visit, change):
    assert client.post("/appointment/attend/", as_shown(visit) | change).status_code == 409
    assert confirmed_at() is None


def test_without_an_open_visit_nothing_is_recorded(visit):
    assert Client().post("/appointment/attend/", as_shown(visit)).status_code == 404
    assert confirmed_at() is None


@pytest.mark.parametrize("status", ["cancelled", "noshow", "fulfilled"])
def test_a_visit_that_is_not_ahead_cannot_be_confirmed(client, visit, status):
    Appointment.objects.update(status=status)
    assert client.post("/appointment/attend/", as_shown(visit)).status_code == 302
    assert confirmed_at() is None


def test_a_move_asks_again(client, visit):
    client.post("/appointment/attend/", as_shown(visit))
    visit.refresh_from_db()
    later = VISIT_AT + timedelta(days=1)
    scheduling.reschedule(appointment=visit, starts_at=later, by=Actor.patient(), now=NOW)
    assert confirmed_at() is None


def test_it_is_asked_from_three_days_before_on(client, clinic):
    visit = make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve,
        starts_at=VISIT_AT + timedelta(days=14),
    )  # fmt: skip
    client.get(f"/appointment/{manage_token(visit)}/")
    assert "Will you be there?" not in words_of(client.get("/appointment/"))
    with time_machine.travel(visit.starts_at - timedelta(days=3), tick=False):
        client.get(f"/appointment/{manage_token(visit)}/")
        assert "Will you be there?" in words_of(client.get("/appointment/"))


def test_who_has_just_booked_is_not_asked(client):
    book(client)
    assert "Will you be there?" not in words_of(client.get("/appointment/"))


def test_pressing_it_verifies_the_address_of_the_link(client, visit):
    Appointment.objects.update(is_unverified=True)
    client.post("/appointment/attend/", as_shown(visit))
    assert Appointment.objects.get().is_unverified is False
