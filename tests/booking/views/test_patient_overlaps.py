"""A visitor with a visit at the same time is asked, as far as they have proved who they are (R16)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from booking import tokens
from booking.messages import send_due
from booking.models import Appointment
from tests.support.journey import (
    NINE,
    QUARTER_TO_TEN,
    as_shown,
    book,
    choose,
    confirmation,
    instant,
    type_details,
    words_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic", "stopped_clock")]


def reach_check(client, **answers):
    choose(client, NINE)
    type_details(client, **answers)
    return confirmation(client)


def test_a_second_booking_of_one_session_at_the_same_time_is_asked_about_without_naming_the_time(client):
    book(client)
    data = reach_check(client, name="Bob Martin")
    response = client.post("/book/check/", data)
    assert response.status_code == 409
    assert "You may have another appointment then. Book both?" in words_of(response)
    assert Appointment.objects.filter(status="booked").count() == 1
    response = client.post("/book/check/", data | {"both": "yes"})
    assert response["Location"] == "/book/done/"
    assert Appointment.objects.filter(status="booked", starts_at=NINE).count() == 2


def test_a_stranger_is_not_told_that_somebody_is_a_patient(client, now):
    book(client)
    stranger = Client()
    data = reach_check(stranger)
    assert stranger.post("/book/check/", data)["Location"] == "/book/done/"
    send_due(now=now + timedelta(minutes=5))
    told = [message.body for message in mail.outbox if "You have another appointment at the same time" in message.body]
    assert len(told) == 2  # Both confirmations leave after both were booked.
    assert all(message.to == ["alice@patients.example"] for message in mail.outbox if message.body in told)
    assert "Tuesday, November 24, 2026 at 9:00 a.m." in told[0]


def test_a_visitor_by_the_manage_link_is_told_the_time(client):
    visit = book(client)
    patient = Client()
    patient.get(f"/appointment/{tokens.manage_token(visit)}/")
    response = patient.post("/book/check/", reach_check(patient))
    assert response.status_code == 409
    assert "You have another appointment then: Tuesday, November 24, 9:00 a.m." in words_of(response)


def test_a_move_onto_another_visit_is_asked_about_and_can_be_confirmed(client):
    first = book(client, NINE)
    visit = book(Client(), QUARTER_TO_TEN)
    patient = Client()
    patient.get(f"/appointment/{tokens.manage_token(visit)}/")
    person = "" if first.practitioner != visit.practitioner else " amara-okafor"
    data = as_shown(visit) | {"start": f"{instant(NINE)}{person}"}
    response = patient.post("/appointment/change/", data)
    assert response.status_code == 409
    assert "You have another appointment then" in words_of(response)
    visit.refresh_from_db()
    assert visit.starts_at == QUARTER_TO_TEN
    assert patient.post("/appointment/change/", data | {"both": "yes"}).status_code == 302
    visit.refresh_from_db()
    assert visit.starts_at == NINE
