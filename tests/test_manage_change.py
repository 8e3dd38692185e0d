"""Moving a visit by link: the old time goes only with the new one taken."""

from datetime import timedelta

import pytest
import time_machine

from booking.models import Appointment, AppointmentEvent
from booking.tokens import manage_token
from tests.journey import NINE, as_shown, instant, make_small_clinic, text_of, words_of
from tests.make import VISIT_AT, make_appointment

NEW_TIME = NINE + timedelta(days=1)


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return make_small_clinic()


@pytest.fixture
def visit(clinic, client):
    """A visit at 9:00 on Tuesday whose link is open in this browser."""
    made = make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=NINE
    )
    client.get(f"/appointment/{manage_token(made)}/")
    return made


def move(client, visit, at=NEW_TIME, **changes):
    return client.post("/appointment/change/", as_shown(visit) | {"start": instant(at)} | changes)


def stands_at():
    return Appointment.objects.get(patient__isnull=False, status="booked", patient__name="Alice Martin").starts_at


def test_the_page_shows_the_present_time_and_does_not_offer_it_again(client, visit):
    response = client.get("/appointment/change/")
    offered = [choice.opening.starts_at for day in response.context["week"].days for choice in day.choices]
    assert 'Now: <strong>Tuesday 24 November 2026, <span class="nowrap">9:00 am' in text_of(response)
    assert NINE not in offered
    assert NINE + timedelta(minutes=45) in offered


def test_who_moves_a_visit_is_warned_of_times_that_cannot_be_changed_again(client, visit):
    said = text_of(client.get("/appointment/change/"))
    assert "a time that is less than 24 hours away: once it is yours, you can change or cancel it by phone only" in said
    assert "costs $70" in said


def test_choosing_a_new_time_moves_the_visit_and_tells_once(client, visit):
    assert move(client, visit)["Location"] == "/appointment/"
    assert stands_at() == NEW_TIME
    assert "Your visit has been moved" in text_of(client.get("/appointment/"))
    assert "Your visit has been moved" not in text_of(client.get("/appointment/"))


def test_the_loser_of_a_race_keeps_the_old_time(client, visit, clinic):
    for person in (clinic.steve, clinic.amara):
        make_appointment(
            service=clinic.assessment,
            location=clinic.location,
            practitioner=person,
            starts_at=NEW_TIME,
            patient=Appointment.objects.get(pk=visit.pk).patient,
        )
    response = move(client, visit)
    assert response.status_code == 409
    assert "Your visit stays as it was" in text_of(response)
    assert text_of(response).count('name="start"') == 3
    visit.refresh_from_db()
    assert visit.starts_at == NINE


def test_too_late_to_move_says_to_call(client, visit):
    with time_machine.travel(NINE - timedelta(hours=23), tick=False):
        client.get(f"/appointment/{manage_token(visit)}/")
        assert "call us on" in text_of(client.get("/appointment/change/"))
        assert move(client, visit).status_code == 422
    assert stands_at() == NINE


def test_a_cancelled_visit_has_no_time_to_change(client, visit):
    Appointment.objects.update(status="cancelled")
    assert "no time to change any more" in text_of(client.get("/appointment/change/"))
    assert move(client, visit).status_code == 422


@pytest.mark.parametrize("reference", ["", "ABCD2345"])
def test_a_form_about_another_visit_moves_nothing(client, visit, reference):
    assert move(client, visit, reference=reference).status_code == 409
    assert stands_at() == NINE


@pytest.mark.parametrize("start", ["", "soon", "9999-12-31T23:59Z", "2026-11-25T15:00", "\x00", "9" * 5000])
def test_a_start_that_cannot_be_read_moves_nothing(client, visit, start):
    assert move(client, visit, start=start).status_code == 422
    assert stands_at() == NINE


@pytest.mark.parametrize(
    "hours", [0.5, -48, 24 * 90, 12], ids=["off the grid", "past", "beyond the horizon", "at night"]
)
def test_a_start_that_is_not_offered_moves_nothing(client, visit, hours):
    assert move(client, visit, at=NINE + timedelta(hours=hours)).status_code == 409
    assert stands_at() == NINE


def test_a_visit_open_in_another_tab_is_not_the_one_that_moves(client, visit, clinic):
    other = make_appointment(
        service=clinic.assessment,
        location=clinic.location,
        practitioner=clinic.amara,
        starts_at=VISIT_AT,
        patient=visit.patient,
    )
    client.get(f"/appointment/{manage_token(other)}/")
    assert move(client, visit).status_code == 409
    assert list(Appointment.objects.order_by("starts_at").values_list("starts_at", flat=True)) == [NINE, VISIT_AT]


def offered(response):
    return {
        choice.opening.starts_at: (choice.value, choice.people, choice.other_person)
        for day in response.context["week"].days
        for choice in day.choices
    }


def take_steve_at(clinic, at):
    make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=at)


def test_each_time_names_the_person_who_would_be_taken(client, visit, clinic):
    take_steve_at(clinic, NEW_TIME)
    response = client.get("/appointment/change/")
    times = offered(response)
    quarter_to_ten = NINE + timedelta(minutes=45)
    assert times[quarter_to_ten] == (instant(quarter_to_ten), "Steve Hansen", "")
    assert times[NEW_TIME] == (f"{instant(NEW_TIME)} amara-okafor", "somebody else: Amara Okafor", "Amara Okafor")
    assert "These times are with Steve Hansen, unless another name stands below the time." in text_of(response)


def test_where_all_times_are_with_the_same_person_nobody_else_is_spoken_of(client, visit):
    assert "another name" not in text_of(client.get("/appointment/change/"))


def test_whoever_chooses_a_time_with_somebody_else_sees_that_person(client, visit, clinic):
    assert move(client, visit, start=f"{instant(NEW_TIME)} amara-okafor").status_code == 302
    assert Appointment.objects.values_list("practitioner", "starts_at").get() == (clinic.amara.pk, NEW_TIME)


def test_nobody_is_passed_on_unasked(client, visit, clinic):
    take_steve_at(clinic, NEW_TIME)
    response = move(client, visit)
    assert response.status_code == 409
    assert f'value="{instant(NEW_TIME)} amara-okafor"' in text_of(response)
    assert "with somebody else: Amara Okafor" in text_of(response)
    visit.refresh_from_db()
    assert (visit.practitioner, visit.starts_at) == (clinic.steve, NINE)


@pytest.mark.parametrize("person", ["nobody", "Amara", "1", "amara-okafor x", "\x00"])
def test_a_person_who_cannot_be_read_moves_nothing(client, visit, person):
    assert move(client, visit, start=f"{instant(NEW_TIME)} {person}").status_code == 422
    assert stands_at() == NINE


def test_of_two_who_move_one_visit_the_second_is_shown_where_it_stands(client, visit):
    assert '<input type="hidden" name="sequence" value="0">' in text_of(client.get("/appointment/change/"))
    move(client, visit)
    response = move(client, visit, at=NEW_TIME + timedelta(hours=3))
    assert response.status_code == 409
    assert "This visit has changed since" in words_of(response)
    assert "Wednesday 25 November 2026, 9:00 am" in words_of(response)
    assert stands_at() == NEW_TIME


def test_a_second_press_of_the_button_is_no_change(client, visit):
    move(client, visit)
    assert move(client, visit).status_code == 302
    assert AppointmentEvent.objects.filter(kind="rescheduled").count() == 1


@pytest.mark.parametrize("sequence", ["", "1", "-0", "0.0", "٠", ["0", "0"]])
def test_a_form_about_the_visit_as_it_is_not_moves_nothing(client, visit, sequence):
    assert move(client, visit, sequence=sequence).status_code == 409
    assert stands_at() == NINE
