"""The details step: only the questions that a booking needs, and no input is lost."""

import re
from datetime import timedelta

import pytest
import time_machine

from booking import scheduling
from booking.models import Appointment, Clinic, Patient
from tests.conftest import NOW
from tests.support.factories import make_appointment, make_service
from tests.support.journey import ALICE, NINE, QUARTER_TO_TEN, choose, confirm, text_of, type_details, words_of

pytestmark = pytest.mark.usefixtures("clinic")


def fields(client, query=""):
    return [field.name for field in client.get(f"/book/details/{query}").context["form"].visible_fields()]


def test_only_the_needed_fields_are_shown(client):
    choose(client)
    assert fields(client) == ["name", "preferred_name", "pronouns", "email", "phone", "reminders", "homepage"]


def test_the_first_visit_is_asked_about_only_if_not_answered_before(client):
    choose(client, query="")
    assert "visit" in fields(client)


def test_the_date_of_birth_is_asked_only_where_the_visit_needs_it(client, clinic):
    clinic.assessment.needs_date_of_birth = True
    clinic.assessment.save()
    choose(client)
    assert "date_of_birth" in fields(client)


def test_booking_for_somebody_else_asks_for_patient_and_contact(client):
    choose(client)
    assert fields(client, "?for=other")[:1] == ["name"]
    assert "contact_name" in fields(client, "?for=other")


def test_autofill_applies_to_the_person_who_books_and_never_to_another_patient(client, clinic):
    clinic.assessment.needs_date_of_birth = True
    clinic.assessment.save()
    choose(client)
    for_me, for_other = (autocomplete_tokens(client.get(f"/book/details/{query}")) for query in ("", "?for=other"))
    assert for_me == {
        "name": "name", "preferred_name": "nickname", "date_of_birth": "bday", "email": "email", "phone": "tel"
    }  # fmt: skip
    assert for_other == dict.fromkeys(("name", "preferred_name", "date_of_birth"), "off") | {
        "contact_name": "section-booker name", "email": "section-booker email", "phone": "section-booker tel"
    }  # fmt: skip


def autocomplete_tokens(page):
    form = page.context["form"]
    tokens = {name: field.widget.attrs.get("autocomplete") for name, field in form.fields.items() if name != "homepage"}
    return {name: token for name, token in tokens.items() if token}


def test_the_notice_is_shown_and_the_hold_as_a_time_of_day(client):
    choose(client)
    page = text_of(client.get("/book/details/"))
    assert "under the Health Information Act" in page
    assert "Held for you until <strong>8:10 a.m.</strong>" in page


def test_valid_answers_lead_to_the_check(client):
    choose(client)
    response = type_details(client)
    assert (response.status_code, response["Location"]) == (302, "/book/check/")
    assert not Patient.objects.exists()  # Nothing is stored before it is booked.


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"name": ""}, "Enter your name."),
        ({"name": "..."}, "Enter a name that has letters."),
        ({"name": "http://spam.example/buy"}, "Enter a name, not a web address."),
        ({"name": "Best pills www.pills.example"}, "Enter a name, not a web address."),
        ({"preferred_name": "cheap-pills.com"}, "Enter a name, not a web address."),
        ({"name": "Alice\u202eMartin"}, "“Full name”: This has an invisible character in it"),
        ({"pronouns": "she\ufffd"}, "read part of this"),
        ({"preferred_name": "A" * 121}, "“Preferred name” is too long: use up to 120 characters."),
        ({"email": "alice@"}, "such as name@example.ca"),
        ({"email": "alice"}, "This email is missing an @."),
        ({"phone": "four 0 three"}, "Use digits only, such as 403-555-0123."),
        ({"phone": "555-0123"}, "with its area code"),
        ({"phone": "403-555-0123 ext. 12"}, "dial an extension: enter a direct number"),
        ({"phone": "(403) 555 0123 x7"}, "dial an extension: enter a direct number"),
        ({"phone": "٤٠٣٥٥٥٠١٢٣"}, "with its area code"),
    ],
    ids=[
        "no name",
        "no letter",
        "an address",
        "words and an address",
        "a bare address",
        "turned around",
        "unreadable",
        "too long",
        "half an address",
        "no at",
        "letters",
        "no area code",
        "extension",
        "extension with x",
        "other digits",
    ],
)
def test_an_invalid_answer_is_explained_and_the_input_is_kept(client, answers, message):
    choose(client)
    response = type_details(client, **answers)
    page = text_of(response)
    assert response.status_code == 422
    assert page.count(message) == 2  # In the error summary and at the field.
    assert f'value="{ALICE["name" if "email" in answers else "email"]}"' in page
    assert "<title>Error:" in page


def test_the_error_summary_counts_the_fields_to_mend(client):
    choose(client)
    assert "There are 2 problems" in text_of(type_details(client, name="", email="alice"))
    assert "There is a problem" in text_of(type_details(client, name=""))


def test_a_choice_that_nobody_has_touched_is_not_announced_as_invalid(client):
    choose(client, query="")
    page = text_of(client.get("/book/details/"))
    radios = re.findall(r'<input type="radio"[^>]*>', page)
    assert radios
    assert all('aria-invalid="false"' in radio for radio in radios)


def test_the_page_of_emergency_signs_says_until_when_the_time_is_held(client, clinic):
    Clinic.objects.update(emergency_signs="Numbness")
    clinic.assessment.shows_emergency_signs = True
    clinic.assessment.save()
    choose(client)
    page = words_of(client.get("/book/safety/"))
    assert "Tuesday, November 24, 9:00 a.m. is held for you until 8:10 a.m." in page
    assert "You don't need to answer" not in page


def test_a_repeated_field_is_refused(client):
    choose(client)
    response = type_details(client, name=["Alice", "Bob"])
    assert response.status_code == 422
    assert "fill it in once." in text_of(response)


def test_a_form_sent_within_two_seconds_must_be_confirmed(client):
    choose(client)
    response = type_details(client, seconds=1)
    page = text_of(response)
    assert response.status_code == 422
    assert page.count("Please check your answers") == 1
    assert 'value="Alice Martin"' in page
    assert "There is a problem" not in page
    form = response.context["form"]
    data = ALICE | {"hold": form["hold"].value(), "shown": form["shown"].value()}
    with time_machine.travel(NOW + timedelta(seconds=6), tick=False):
        assert client.post("/book/details/", data)["Location"] == "/book/check/"


def test_a_filled_honeypot_must_be_confirmed_and_is_emptied(client):
    choose(client)
    response = type_details(client, homepage="https://spam.example")
    assert response.status_code == 422
    assert "spam.example" not in text_of(response)


@pytest.mark.parametrize("shown", [None, "", "forged", "2026-11-01:1vMzzz:AAAA"])
def test_a_form_without_a_valid_token_must_be_confirmed(client, shown):
    choose(client)
    assert type_details(client, shown=shown).status_code == 422


def test_a_form_about_another_hold_changes_nothing_and_says_why(client):
    choose(client)
    response = type_details(client, hold="ABCD2345")
    assert response.status_code == 409
    assert "You've chosen another time since" in text_of(response)
    assert client.get("/book/check/")["Location"] == "/book/details/"


def test_extending_the_hold_keeps_the_input(client):
    choose(client)
    first = Appointment.objects.get()
    with time_machine.travel(NOW + timedelta(minutes=8), tick=False):
        response = client.post(
            "/book/details/", {"hold": first.reference, "longer": "yes", "name": "Ali", "email": "no"}
        )
        page = text_of(client.get(response["Location"]))
    assert 'value="Ali"' in page
    assert 'value="no"' in page
    assert "8:18 a.m." in page
    assert Appointment.objects.get(status="held").hold_expires_at == NOW + timedelta(minutes=18)


def test_invalid_input_is_kept_when_the_hold_is_extended(client):
    choose(client, query="")
    first = Appointment.objects.get()
    data = {
        "hold": first.reference,
        "longer": "yes",
        "visit": "banana",
        "phone": "x\x00",
        "date_of_birth": "9" * 400,
    }
    assert client.post("/book/details/", data)["Location"] == "/book/details/#held"
    assert client.get("/book/details/").status_code == 200
    assert client.get("/book/check/")["Location"] == "/book/details/"


def test_a_hold_can_be_extended_inside_the_lead_time(client, clinic):
    with time_machine.travel(NINE - timedelta(hours=2), tick=False):
        choose(client)
        hold = Appointment.objects.get()
    with time_machine.travel(NINE - timedelta(hours=1, minutes=55), tick=False):
        response = client.post("/book/details/", {"hold": hold.reference, "longer": "yes"})
    assert response["Location"] == "/book/details/#held"
    assert Appointment.objects.get().hold_expires_at == hold.hold_expires_at + timedelta(minutes=5)


def test_a_hold_that_lapsed_while_typing_can_still_be_booked(client):
    choose(client)
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert "We held this time until 8:10 a.m." in text_of(client.get("/book/details/"))
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
def test_an_invalid_booking_for_parameter_is_refused(client, query):
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


def switch_booking_for(client, to, **answers):
    hold = client.get("/book/details/").context["hold"].reference
    whom = {"me": "other", "other": "me"}[to]
    return client.post("/book/details/", ALICE | {"hold": hold, "booking_for": whom, "for": to} | answers)


def form_values(client, *names):
    form = client.get("/book/details/").context["form"]
    return [form[name].value() for name in names]


def test_switching_to_somebody_else_keeps_the_input_and_moves_the_own_name(client):
    choose(client)
    response = switch_booking_for(client, "other", pronouns="she/her", email="not an address")
    assert response["Location"] == "/book/details/#for-whom"
    assert fields(client)[0] == "name"
    assert form_values(client, "name", "contact_name", "pronouns", "email", "phone") == [
        "", "Alice Martin", "", "not an address", "403-555-0123"
    ]  # fmt: skip
    assert 'autocomplete="name"' not in text_of(client.get("/book/details/"))


def test_switching_back_restores_the_answers_about_each_person(client):
    choose(client)
    switch_booking_for(client, "other", pronouns="she/her")
    switch_booking_for(client, "me", name="Ben Martin", pronouns="he/him", contact_name="Alice Martin")
    assert form_values(client, "name", "pronouns") == ["Alice Martin", "she/her"]
    switch_booking_for(client, "other", pronouns="she/her")
    assert form_values(client, "name", "pronouns", "contact_name") == ["Ben Martin", "he/him", "Alice Martin"]


def test_pressing_enter_in_a_field_submits_the_form(client):
    choose(client)
    page = text_of(client.get("/book/details/"))
    form = page[page.index('action="/book/details/"') :]
    first = form[form.index("<button") : form.index("</button>")]
    assert "Continue" in first
    assert "name=" not in first


def test_the_label_names_only_reminders_that_will_be_sent(client):
    choose(client)
    assert client.get("/book/details/").context["form"].fields["reminders"].label == (
        "Email me a reminder 3 hours before the appointment"
    )
    choose(client, NINE + timedelta(days=3))
    assert client.get("/book/details/").context["form"].fields["reminders"].label == (
        "Email me reminders 2 days before and 3 hours before the appointment"
    )


def test_submitting_the_details_reacquires_a_lapsed_hold(client):
    choose(client)
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        type_details(client)
        assert "Held for you until <strong>8:40 a.m." in text_of(client.get("/book/check/"))


def test_details_submitted_while_another_tab_books_get_a_conflict_page(client, monkeypatch):
    def booked_elsewhere(**_):
        raise scheduling.AlreadyBooked("This time was booked in another window.")

    choose(client)
    monkeypatch.setattr(scheduling, "extend", booked_elsewhere)
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        response = type_details(client)
    assert response.status_code == 409
    assert "This time was booked in another window." in text_of(response)


def test_a_slot_lost_while_typing_is_reported_at_once_and_the_answers_are_kept(client, clinic):
    choose(client)
    Appointment.objects.update(status="expired")
    for person in (clinic.steve, clinic.amara):
        make_appointment(service=clinic.assessment, practitioner=person, location=clinic.location, starts_at=NINE)
    response = type_details(client)
    assert response.status_code == 409
    assert "We kept what you typed." in text_of(response)
    assert choose(client, QUARTER_TO_TEN)["Location"] == "/book/check/"


def test_after_ten_extensions_the_page_offers_no_more(client):
    choose(client)
    hold = Appointment.objects.get()
    for _ in range(11):
        client.post("/book/details/", {"hold": hold.reference, "longer": "yes"})
    page = text_of(client.get("/book/details/"))
    assert "We can't hold it any longer" in page
    assert 'name="longer"' not in page


def test_the_check_page_can_extend_the_hold_too(client):
    choose(client)
    type_details(client)
    hold = Appointment.objects.get()
    with time_machine.travel(NOW + timedelta(minutes=9), tick=False):
        assert client.post("/book/check/", {"hold": hold.reference, "longer": "yes"})["Location"] == "/book/check/#held"
        assert "until <strong>8:19 a.m." in text_of(client.get("/book/check/"))
    assert Appointment.objects.get().status == "held"


def test_the_version_of_the_notice_is_on_the_page(client):
    choose(client)
    assert "This notice is version 2026-11-01" in text_of(client.get("/book/details/"))


def test_quickly_changing_one_accepted_answer_needs_no_confirmation(client):
    choose(client)
    type_details(client)
    assert type_details(client, seconds=0, phone="403-555-0199")["Location"] == "/book/check/"
    assert type_details(client, seconds=0, homepage="https://spam.example").status_code == 422
