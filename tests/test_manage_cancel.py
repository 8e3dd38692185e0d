"""Cancelling by link: a deliberate press, in time, for the visit that is shown."""

from datetime import timedelta

import pytest
import time_machine

from booking.models import Appointment, AppointmentEvent
from booking.tokens import manage_token
from tests.journey import as_shown, make_small_clinic, text_of
from tests.make import VISIT_AT, make_appointment

LAST_MOMENT = VISIT_AT - timedelta(hours=24)


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return make_small_clinic()


@pytest.fixture
def visit(clinic, client):
    """A visit whose link is open in this browser."""
    made = make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve)
    open_link(client, made)
    return made


def open_link(client, visit):
    client.get(f"/appointment/{manage_token(visit)}/")


def status():
    return Appointment.objects.get().status


def test_the_page_asks_before_anything_happens(client, visit):
    assert "Cancel this visit?" in text_of(client.get("/appointment/cancel/"))
    assert status() == "booked"


def test_pressing_cancels_with_the_reason(client, visit):
    response = client.post("/appointment/cancel/", as_shown(visit) | {"reason": "Away for work"})
    assert response["Location"] == "/appointment/"
    assert Appointment.objects.values_list("status", "cancel_reason").get() == ("cancelled", "Away for work")
    assert "This visit is cancelled" in text_of(client.get("/appointment/"))


def test_the_boundary_of_the_window_is_still_in_time(client, visit):
    with time_machine.travel(LAST_MOMENT, tick=False):
        open_link(client, visit)
        client.post("/appointment/cancel/", as_shown(visit))
    assert status() == "cancelled"


def test_after_it_the_page_says_to_call_and_names_the_fee(client, visit):
    with time_machine.travel(LAST_MOMENT + timedelta(seconds=1), tick=False):
        open_link(client, visit)
        page = text_of(client.get("/appointment/cancel/"))
        response = client.post("/appointment/cancel/", as_shown(visit))
    assert "call us on" in page
    assert "costs $70" in page
    assert "<form" not in page
    assert response.status_code == 422
    assert "costs $70" in text_of(response)
    assert status() == "booked"


def test_cancelling_twice_is_kindly_answered_and_recorded_once(client, visit):
    for _ in range(2):
        client.post("/appointment/cancel/", as_shown(visit))
    assert "cancelled already" in text_of(client.get("/appointment/cancel/"))
    assert AppointmentEvent.objects.filter(kind="cancelled").count() == 1


@pytest.mark.parametrize("reference", ["", "ABCD2345", None, ["A", "B"]])
def test_a_form_about_another_visit_cancels_nothing(client, visit, reference):
    response = client.post("/appointment/cancel/", {} if reference is None else {"reference": reference})
    assert response.status_code == 409
    assert visit.reference in text_of(response)
    assert status() == "booked"


@pytest.mark.parametrize(
    "reason", ["x" * 201, "a\x00b", "a\u202eb", "x" * 500_000], ids=["long", "NUL", "bidi", "giant"]
)
def test_a_hostile_reason_is_explained_and_cancels_nothing(client, visit, reason):
    response = client.post("/appointment/cancel/", as_shown(visit) | {"reason": reason})
    assert response.status_code == 422
    assert "There is a problem" in text_of(response)
    assert status() == "booked"


def test_a_reason_sent_twice_cancels_nothing(client, visit):
    assert client.post("/appointment/cancel/", as_shown(visit) | {"reason": ["a", "b"]}).status_code == 422
    assert status() == "booked"


def test_without_an_open_visit_nothing_can_be_cancelled(client, clinic):
    made = make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve)
    assert client.post("/appointment/cancel/", as_shown(made)).status_code == 404
    assert status() == "booked"


def test_a_visit_that_staff_marked_as_over_cannot_be_cancelled(client, visit):
    Appointment.objects.update(status="noshow")
    assert client.post("/appointment/cancel/", as_shown(visit)).status_code == 422
    assert status() == "noshow"


def test_the_calendar_file_of_a_cancelled_visit_takes_it_out(client, visit):
    client.post("/appointment/cancel/", as_shown(visit))
    assert b"METHOD:CANCEL" in client.get("/appointment/calendar.ics").content


def test_a_visit_that_was_moved_meanwhile_is_not_cancelled_unseen(client, visit):
    assert 'name="sequence" value="0"' in text_of(client.get("/appointment/cancel/"))
    Appointment.objects.update(sequence=1)
    response = client.post("/appointment/cancel/", as_shown(visit))
    assert response.status_code == 409
    assert "This visit has changed since" in text_of(response)
    assert status() == "booked"
