"""Move an appointment by its link: the old slot is released only when the new one is booked."""

import re
from datetime import date, timedelta

import pytest
import time_machine

from booking.models import Appointment, AppointmentEvent, WorkingHours
from booking.tokens import manage_token
from tests.conftest import NOW
from tests.support.factories import VISIT_AT, make_appointment
from tests.support.journey import NINE, as_shown, instant, text_of, words_of

pytestmark = pytest.mark.usefixtures("clinic")

NEW_TIME = NINE + timedelta(days=1)


@pytest.fixture
def visit(clinic, client):
    """An appointment at 9:00 on Tuesday whose link this client has opened."""
    visit = make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=NINE
    )
    client.get(f"/appointment/{manage_token(visit)}/")
    return visit


def move(client, visit, at=NEW_TIME, **changes):
    return client.post("/appointment/change/", as_shown(visit) | {"start": instant(at)} | changes)


def booked_start():
    return Appointment.objects.get(patient__isnull=False, status="booked", patient__name="Alice Martin").starts_at


def test_the_page_shows_the_present_time_and_does_not_offer_it_again(client, visit):
    response = client.get("/appointment/change/?day=2026-11-24")
    starts = [choice.starts_at for choice in response.context["calendar"].choices]
    assert 'Now: <strong>Tuesday, November 24, <span class="nowrap">9:00 a.m.' in text_of(response)
    assert NINE not in starts
    assert NINE + timedelta(minutes=45) in starts


def test_choosing_a_time_shows_a_button_that_says_the_move(client, visit):
    page = text_of(client.get("/appointment/change/?day=2026-11-25"))
    (address,) = re.findall(r'href="(/appointment/change/[^"]*start=2026-11-25T15%3A00Z[^"]*)"', page)
    response = client.get(address.replace("&amp;", "&"))
    assert "Move to Wed, Nov 25, 9:00 a.m. with Steve" in words_of(response)
    assert f'name="start" value="{instant(NEW_TIME)} steve-hansen"' in text_of(response)
    assert booked_start() == NINE


def test_the_page_opens_on_the_day_of_the_appointment_or_the_next_with_times(client, visit, clinic):
    assert client.get("/appointment/change/").context["calendar"].selected == date(2026, 11, 24)
    friday = NINE + timedelta(days=10)
    visit.set_time(friday, visit.duration, clinic.location)
    visit.save()
    WorkingHours.objects.filter(practitioner=clinic.steve, weekday=friday.weekday()).delete()
    assert client.get("/appointment/change/").context["calendar"].selected == date(2026, 12, 7)


def test_after_a_move_the_old_time_is_offered_back_while_it_is_free(client, visit, clinic):
    move(client, visit)
    page = text_of(client.get("/appointment/"))
    (address,) = re.findall(r'<a href="([^"]+)">Move back to Tue, Nov 24, 9:00 a.m.</a>', page)
    assert "Move to Tue, Nov 24, 9:00 a.m. with Steve" in words_of(client.get(address.replace("&amp;", "&")))
    visit.refresh_from_db()
    move(client, visit, NEW_TIME + timedelta(days=1))
    make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=NEW_TIME)
    assert "Move back" not in text_of(client.get("/appointment/"))


def test_a_link_to_a_time_that_is_gone_offers_the_nearest(client, visit, clinic):
    for person in (clinic.steve, clinic.amara):
        make_appointment(service=clinic.assessment, location=clinic.location, practitioner=person, starts_at=NEW_TIME)
    response = client.get(f"/appointment/change/?start={instant(NEW_TIME)}")
    assert response.status_code == 410
    assert len(response.context["nearest"]) == 3


def test_the_chosen_time_warns_if_it_cannot_be_changed_online_again(client, visit):
    later = text_of(client.get(f"/appointment/change/?start={instant(NEW_TIME)}"))
    assert "less than 24 hours away" not in later
    page = text_of(client.get(f"/appointment/change/?start={instant(NOW + timedelta(hours=2, minutes=30))}"))
    assert "less than 24 hours away. If you take it, you'll need to call us to change or cancel it." in page
    assert "costs $70" in page


def test_choosing_a_new_time_moves_the_visit_and_confirms_it_once(client, visit):
    assert move(client, visit)["Location"] == "/appointment/"
    assert booked_start() == NEW_TIME
    assert "Your appointment has been moved" in text_of(client.get("/appointment/"))
    assert "Your appointment has been moved" not in text_of(client.get("/appointment/"))


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
    assert "You still have your current time" in text_of(response)
    assert text_of(response).count('name="start"') == 3
    visit.refresh_from_db()
    assert visit.starts_at == NINE


def test_too_late_to_move_says_to_call(client, visit):
    with time_machine.travel(NINE - timedelta(hours=23), tick=False):
        client.get(f"/appointment/{manage_token(visit)}/")
        assert "call us at" in text_of(client.get("/appointment/change/"))
        assert move(client, visit).status_code == 422
    assert booked_start() == NINE


def test_a_cancelled_visit_has_no_time_to_change(client, visit):
    Appointment.objects.update(status="cancelled")
    assert "welcome to book another one" in text_of(client.get("/appointment/change/"))
    assert move(client, visit).status_code == 422


@pytest.mark.parametrize("reference", ["", "ABCD2345"])
def test_a_form_about_another_visit_moves_nothing(client, visit, reference):
    assert move(client, visit, reference=reference).status_code == 409
    assert booked_start() == NINE


@pytest.mark.parametrize("start", ["", "soon", "9999-12-31T23:59Z", "2026-11-25T15:00", "\x00", "9" * 5000])
def test_an_invalid_start_moves_nothing(client, visit, start):
    assert move(client, visit, start=start).status_code == 422
    assert booked_start() == NINE


@pytest.mark.parametrize(
    "hours", [0.5, -48, 24 * 90, 12], ids=["off the grid", "past", "beyond the horizon", "at night"]
)
def test_an_unavailable_start_moves_nothing(client, visit, hours):
    assert move(client, visit, at=NINE + timedelta(hours=hours)).status_code == 409
    assert booked_start() == NINE


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


def people_by_start(response):
    return {choice.starts_at: choice.person for choice in response.context["calendar"].choices}


def book_steve_at(clinic, at):
    make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=at)


def test_only_times_with_the_present_practitioner_are_shown_first(client, visit, clinic):
    book_steve_at(clinic, NEW_TIME)
    own = people_by_start(client.get("/appointment/change/?day=2026-11-25"))
    assert set(own.values()) == {clinic.steve}
    assert NEW_TIME not in own
    everyone = client.get("/appointment/change/?everyone=1&day=2026-11-25")
    assert people_by_start(everyone)[NEW_TIME] == clinic.amara
    assert people_by_start(everyone)[NEW_TIME + timedelta(minutes=45)] == clinic.steve
    assert '<span aria-hidden="true">Amara</span>' in text_of(everyone)


def test_a_practitioner_without_times_in_two_weeks_is_told_and_everyone_is_shown(client, visit, clinic):
    WorkingHours.objects.filter(practitioner=clinic.steve).update(starts_on=NOW.date() + timedelta(days=20))
    response = client.get("/appointment/change/")
    assert "Steve Hansen has nothing else free in the next two weeks, so these are everyone's times." in words_of(
        response
    )
    assert set(people_by_start(response).values()) == {clinic.amara}


def test_a_chosen_time_with_someone_else_names_both(client, visit):
    page = words_of(client.get(f"/appointment/change/?start={instant(NEW_TIME)}&practitioner=amara-okafor"))
    assert "With Amara Okafor, instead of Steve Hansen." in page
    assert "Move to Wed, Nov 25, 9:00 a.m. with Amara" in page


def test_choosing_a_time_with_another_practitioner_changes_the_practitioner(client, visit, clinic):
    assert move(client, visit, start=f"{instant(NEW_TIME)} amara-okafor").status_code == 302
    assert Appointment.objects.values_list("practitioner", "starts_at").get() == (clinic.amara.pk, NEW_TIME)


def test_a_move_never_changes_the_practitioner_without_consent(client, visit, clinic):
    book_steve_at(clinic, NEW_TIME)
    response = move(client, visit)
    assert response.status_code == 409
    assert f'value="{instant(NEW_TIME)} amara-okafor"' in text_of(response)
    assert "with Amara Okafor" in words_of(response)
    visit.refresh_from_db()
    assert (visit.practitioner, visit.starts_at) == (clinic.steve, NINE)


@pytest.mark.parametrize("person", ["nobody", "Amara", "1", "amara-okafor x", "\x00"])
def test_an_invalid_practitioner_moves_nothing(client, visit, person):
    assert move(client, visit, start=f"{instant(NEW_TIME)} {person}").status_code == 422
    assert booked_start() == NINE


def test_the_second_of_two_concurrent_moves_gets_a_conflict_page(client, visit):
    chosen = client.get(f"/appointment/change/?start={instant(NEW_TIME)}")
    assert '<input type="hidden" name="sequence" value="0">' in text_of(chosen)
    move(client, visit)
    response = move(client, visit, at=NEW_TIME + timedelta(hours=3))
    assert response.status_code == 409
    assert "Your appointment has changed" in words_of(response)
    assert "Wednesday, November 25, 9:00 a.m." in words_of(response)
    assert booked_start() == NEW_TIME


def test_submitting_the_same_move_twice_records_one_event(client, visit):
    move(client, visit)
    assert move(client, visit).status_code == 302
    assert AppointmentEvent.objects.filter(kind="rescheduled").count() == 1


def test_a_move_to_the_present_time_says_that_nothing_has_changed(client, visit):
    move(client, visit, at=NINE)
    page = words_of(client.get("/appointment/"))
    assert "Nothing has changed" in page
    assert "has been moved" not in page
    assert "Nothing has changed" not in words_of(client.get("/appointment/"))


def test_a_move_submitted_twice_still_says_that_it_was_moved(client, visit):
    move(client, visit)
    move(client, visit)
    assert "Your appointment has been moved" in words_of(client.get("/appointment/"))


@pytest.mark.parametrize("sequence", ["", "1", "-0", "0.0", "٠", ["0", "0"]])
def test_a_form_with_another_version_of_the_visit_moves_nothing(client, visit, sequence):
    assert move(client, visit, sequence=sequence).status_code == 409
    assert booked_start() == NINE
