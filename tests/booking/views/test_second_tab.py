"""Two tabs: what was typed is kept, and the time that was held first is named and offered back."""

import pytest
from django.test import Client

from booking.models import Appointment
from tests.support.journey import ALICE, NINE, QUARTER_TO_TEN, choose, confirm, type_details, words_of

pytestmark = pytest.mark.usefixtures("clinic")
LET_GO = "We no longer hold Tuesday, November 24, 9:00 a.m., because you chose this time."


def form_of_first_tab(client):
    """Hold nine o'clock, open the details, and choose another time in a second tab."""
    choose(client)
    form = client.get("/book/details/").context["form"]
    data = {"hold": form["hold"].value(), "shown": form["shown"].value()} | ALICE
    choose(client, QUARTER_TO_TEN)
    return data


def go_back_to_first_time(client, response):
    page = response.context
    return client.post(page["let_go_at"], {"start": page["let_go_start"]})


def test_the_next_page_names_the_time_that_was_let_go(client):
    choose(client)
    assert "no longer hold" not in words_of(client.get("/book/details/"))
    choose(client, QUARTER_TO_TEN)
    assert LET_GO in words_of(client.get("/book/details/"))


def test_only_the_first_page_names_the_time_that_was_let_go(client):
    choose(client)
    choose(client, QUARTER_TO_TEN)
    assert LET_GO in words_of(client.get("/book/details/"))
    type_details(client)
    assert "no longer hold" not in words_of(client.get("/book/check/"))
    assert LET_GO in words_of(client.get("/book/details/"))


def test_the_review_names_it_when_it_is_the_first_page(client):
    choose(client)
    type_details(client)
    assert choose(client, QUARTER_TO_TEN)["Location"] == "/book/check/"
    assert LET_GO in words_of(client.get("/book/check/"))


def test_the_first_time_can_be_held_again(client):
    choose(client)
    choose(client, QUARTER_TO_TEN)
    assert go_back_to_first_time(client, client.get("/book/details/")).status_code == 302
    hold = Appointment.objects.get(status="held")
    assert hold.starts_at == NINE
    assert "We no longer hold Tuesday, November 24, 9:45 a.m." in words_of(client.get("/book/details/"))


def test_choosing_the_same_time_again_names_nothing(client):
    choose(client)
    choose(client)
    assert "no longer hold" not in words_of(client.get("/book/details/"))


def test_the_old_tab_keeps_what_was_typed_and_offers_the_first_time(client):
    response = client.post("/book/details/", form_of_first_tab(client))
    assert response.status_code == 409
    page = words_of(response)
    assert "9:45 a.m." in page
    assert LET_GO in page
    assert client.get("/book/details/").context["form"]["email"].value() == "alice@patients.example"
    assert go_back_to_first_time(client, response).status_code == 302
    type_details(client)
    confirm(client)
    assert Appointment.objects.get(status="booked").starts_at == NINE


def test_the_old_tab_overwrites_no_accepted_answers(client):
    data = form_of_first_tab(client)
    type_details(client, email="new@patients.example")
    assert client.post("/book/details/", data | {"email": "old@patients.example"}).status_code == 409
    assert "new@patients.example" in words_of(client.get("/book/check/"))


def test_a_time_that_was_let_go_and_booked_by_another_leads_to_the_nearest(client, clinic):
    clinic.amara.working_hours.all().delete()
    form_of_first_tab(client)
    page = client.get("/book/details/")
    choose(Client(), NINE)
    assert go_back_to_first_time(client, page).status_code == 409


def test_after_booking_no_time_is_offered_back(client):
    form_of_first_tab(client)
    type_details(client)
    confirm(client)
    choose(client, NINE)
    assert "no longer hold" not in words_of(client.get("/book/details/"))
