"""Who comes, and how we reach them: asked as little as a booking needs, and nothing typed is lost."""

from datetime import timedelta

import pytest
import time_machine

from booking.models import Appointment, Patient
from tests.conftest import NOW
from tests.journey import ALICE, NINE, QUARTER_TO_TEN, choose, confirm, make_small_clinic, text_of, type_details
from tests.make import make_service


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return make_small_clinic()


def fields(client, query=""):
    return [field.name for field in client.get(f"/book/details/{query}").context["form"].visible_fields()]


def test_only_what_is_needed_is_asked(client):
    choose(client)
    assert fields(client) == ["name", "preferred_name", "pronouns", "email", "phone", "reminders", "homepage"]


def test_whether_it_is_the_first_visit_is_asked_only_if_nobody_has(client):
    choose(client, query="")
    assert "visit" in fields(client)


def test_the_date_of_birth_is_asked_only_where_the_visit_needs_it(client, clinic):
    clinic.assessment.needs_date_of_birth = True
    clinic.assessment.save()
    choose(client)
    assert "date_of_birth" in fields(client)


def test_somebody_else_is_named_beside_the_one_who_books(client):
    choose(client)
    assert fields(client, "?for=other")[:1] == ["name"]
    assert "contact_name" in fields(client, "?for=other")


def test_the_browser_fills_in_its_owner_only_when_they_come_themselves(client, clinic):
    clinic.assessment.needs_date_of_birth = True
    clinic.assessment.save()
    choose(client)
    mine, others = (text_of(client.get(f"/book/details/{query}")) for query in ("", "?for=other"))
    for token in ("name", "email", "tel", "bday"):
        assert f'autocomplete="{token}"' in mine
        assert f'autocomplete="{token}"' not in others


def test_the_notice_is_shown_and_the_hold_as_a_time_of_day(client):
    choose(client)
    page = text_of(client.get("/book/details/"))
    assert "under the Health Information Act" in page
    assert "We hold this time for you until <strong>8:10 am</strong>" in page


def test_good_answers_go_on_to_the_check(client):
    choose(client)
    response = type_details(client)
    assert (response.status_code, response["Location"]) == (302, "/book/check/")
    assert not Patient.objects.exists()  # Nothing is stored before it is booked.


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"name": ""}, "Write your name."),
        ({"name": "..."}, "Write a name, with letters."),
        ({"name": "Alice\u202eMartin"}, "cannot be seen"),
        ({"email": "alice@"}, "such as name@example.ca"),
        ({"phone": "555-0123"}, "with its area code"),
        ({"phone": "٤٠٣٥٥٥٠١٢٣"}, "with its area code"),
    ],
    ids=["no name", "no letter", "turned around", "half an address", "no area code", "other digits"],
)
def test_a_refused_answer_is_explained_and_all_that_was_typed_kept(client, answers, message):
    choose(client)
    response = type_details(client, **{"pronouns": "she/her"} | answers)
    page = text_of(response)
    assert response.status_code == 422
    assert page.count(message) == 2  # In the summary, and beside the field.
    assert 'value="she/her"' in page
    assert "<title>Error:" in page


def test_a_field_that_arrives_twice_is_refused(client):
    choose(client)
    response = type_details(client, name=["Alice", "Bob"])
    assert response.status_code == 422
    assert "Fill it in once." in text_of(response)


def test_a_form_sent_within_two_seconds_is_asked_for_once_more(client):
    choose(client)
    response = type_details(client, seconds=1)
    page = text_of(response)
    assert response.status_code == 422
    assert "That was quick" in page
    assert 'value="Alice Martin"' in page
    assert "There is a problem" not in page
    form = response.context["form"]
    again = ALICE | {"hold": form["hold"].value(), "shown": form["shown"].value()}
    with time_machine.travel(NOW + timedelta(seconds=6), tick=False):
        assert client.post("/book/details/", again)["Location"] == "/book/check/"


def test_the_hidden_field_filled_in_is_asked_for_once_more_and_emptied(client):
    choose(client)
    response = type_details(client, homepage="https://spam.example")
    assert response.status_code == 422
    assert "spam.example" not in text_of(response)


@pytest.mark.parametrize("shown", [None, "", "forged", "2026-11-01:1vMzzz:AAAA"])
def test_a_form_that_we_never_showed_is_asked_for_once_more(client, shown):
    choose(client)
    assert type_details(client, shown=shown).status_code == 422


def test_a_form_about_another_hold_changes_nothing_and_says_why(client):
    choose(client)
    response = type_details(client, hold="ABCD2345")
    assert response.status_code == 409
    assert "You have chosen another time since" in text_of(response)
    assert client.get("/book/check/")["Location"] == "/book/details/"


def test_the_hold_can_be_made_longer_and_keeps_what_was_typed(client):
    choose(client)
    first = Appointment.objects.get()
    with time_machine.travel(NOW + timedelta(minutes=8), tick=False):
        response = client.post(
            "/book/details/", {"hold": first.reference, "longer": "yes", "name": "Ali", "email": "no"}
        )
        page = text_of(client.get(response["Location"]))
    assert 'value="Ali"' in page
    assert 'value="no"' in page
    assert "8:18 am" in page
    assert Appointment.objects.get(status="held").hold_expires_at == NOW + timedelta(minutes=18)


def test_what_was_typed_badly_before_asking_for_longer_harms_nothing(client):
    choose(client, query="")
    first = Appointment.objects.get()
    typed = {"hold": first.reference, "longer": "yes", "visit": "banana", "phone": "x\x00", "date_of_birth": "9" * 400}
    assert client.post("/book/details/", typed)["Location"] == "/book/details/"
    assert client.get("/book/details/").status_code == 200
    assert client.get("/book/check/")["Location"] == "/book/details/"


def test_a_hold_too_near_to_the_visit_is_not_made_longer_but_stands(client, clinic):
    with time_machine.travel(NINE - timedelta(hours=2), tick=False):
        choose(client)
        hold = Appointment.objects.get()
    with time_machine.travel(NINE - timedelta(hours=1, minutes=55), tick=False):
        response = client.post("/book/details/", {"hold": hold.reference, "longer": "yes"})
    assert response["Location"] == "/book/details/"
    assert Appointment.objects.get().hold_expires_at == hold.hold_expires_at


def test_a_hold_that_ran_out_while_typing_loses_nothing(client):
    choose(client)
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert "We held this time until 8:10 am" in text_of(client.get("/book/details/"))
        assert type_details(client)["Location"] == "/book/check/"
        assert confirm(client)["Location"] == "/book/done/"
    assert Appointment.objects.get(status="booked").starts_at == NINE


def test_without_a_chosen_time_the_page_says_to_choose_one(client):
    for address in ("/book/details/", "/book/check/", "/book/safety/", "/book/done/"):
        response = client.get(address)
        assert response.status_code == 410
        assert 'href="/book/"' in text_of(response)


def test_another_time_chosen_later_keeps_the_answers_and_returns_to_the_check(client):
    choose(client)
    type_details(client)
    assert choose(client, QUARTER_TO_TEN)["Location"] == "/book/check/"


@pytest.mark.parametrize("query", ["?for=everybody", "?for=me&for=other", "?for[]=me"])
def test_an_address_that_says_not_clearly_for_whom_is_refused(client, query):
    choose(client)
    assert client.get(f"/book/details/{query}").status_code == 400


@pytest.mark.parametrize(
    ("audience", "new_patient", "shows"),
    [("anyone", True, True), ("anyone", None, True), ("anyone", False, False), ("returning", False, True)],
    ids=["new", "not asked", "returning", "a service for returning patients"],
)
def test_emergency_signs_come_before_a_first_visit_and_before_any_needling(audience, new_patient, shows):
    service = make_service(shows_emergency_signs=True, audience=audience, first_visit_service=make_service())
    assert service.shows_signs_to(new_patient) is shows
    assert make_service(shows_emergency_signs=False).shows_signs_to(new_patient) is False
