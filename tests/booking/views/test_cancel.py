"""Cancel an appointment by its link: confirmed, in time, and only the appointment that was displayed."""

from datetime import timedelta

import pytest
import time_machine

from booking import scheduling
from booking.models import Appointment, AppointmentEvent
from booking.scheduling import Actor
from booking.tokens import manage_token
from tests.support import rfc5545
from tests.support.factories import VISIT_AT, make_appointment
from tests.support.journey import as_shown, text_of, words_of

pytestmark = pytest.mark.usefixtures("clinic")

WINDOW_STARTS_AT = VISIT_AT - timedelta(hours=24)


@pytest.fixture
def visit(clinic, client):
    """An appointment whose link this client has opened."""
    visit = make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve)
    open_link(client, visit)
    return visit


def open_link(client, visit):
    client.get(f"/appointment/{manage_token(visit)}/")


def status():
    return Appointment.objects.get().status


def test_the_page_asks_for_confirmation(client, visit):
    page = text_of(client.get("/appointment/cancel/"))
    assert "Cancel this appointment?" in page
    assert page.index("There's no charge if you cancel now.") < page.index("Cancel appointment</button>")
    assert status() == "booked"


def test_confirming_cancels_with_the_reason(client, visit):
    response = client.post("/appointment/cancel/", as_shown(visit) | {"reason": "Away for work"})
    assert response["Location"] == "/appointment/"
    assert Appointment.objects.values_list("status", "cancel_reason").get() == ("cancelled", "Away for work")
    assert "Your appointment is cancelled" in text_of(client.get("/appointment/"))


def test_the_cancellation_window_includes_its_boundary(client, visit):
    with time_machine.travel(WINDOW_STARTS_AT, tick=False):
        open_link(client, visit)
        client.post("/appointment/cancel/", as_shown(visit))
    assert status() == "cancelled"


def test_inside_the_window_the_page_says_to_call_and_names_the_fee(client, visit):
    with time_machine.travel(WINDOW_STARTS_AT + timedelta(seconds=1), tick=False):
        open_link(client, visit)
        page = text_of(client.get("/appointment/cancel/"))
        response = client.post("/appointment/cancel/", as_shown(visit))
    assert "call us at" in page
    assert "costs $70" in page
    assert "<form" not in page
    assert response.status_code == 422
    assert "costs $70" in text_of(response)
    assert status() == "booked"


def test_cancelling_twice_records_one_event(client, visit):
    for _ in range(2):
        client.post("/appointment/cancel/", as_shown(visit))
    assert "already cancelled" in text_of(client.get("/appointment/cancel/"))
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
def test_an_invalid_reason_is_explained_and_cancels_nothing(client, visit, reason):
    response = client.post("/appointment/cancel/", as_shown(visit) | {"reason": reason})
    assert response.status_code == 422
    assert "There is a problem" in text_of(response)
    assert status() == "booked"


def test_a_reason_sent_twice_cancels_nothing(client, visit):
    assert client.post("/appointment/cancel/", as_shown(visit) | {"reason": ["a", "b"]}).status_code == 422
    assert status() == "booked"


def test_without_an_open_visit_nothing_can_be_cancelled(client, clinic):
    visit = make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve)
    assert client.post("/appointment/cancel/", as_shown(visit)).status_code == 404
    assert status() == "booked"


def test_a_visit_that_staff_marked_as_over_cannot_be_cancelled(client, visit):
    Appointment.objects.update(status="noshow")
    assert client.post("/appointment/cancel/", as_shown(visit)).status_code == 422
    assert status() == "noshow"


def test_the_calendar_file_from_the_page_is_published_and_marks_a_cancelled_visit(client, visit):
    before = rfc5545.read(client.get("/appointment/calendar.ics").content)
    client.post("/appointment/cancel/", as_shown(visit))
    after = rfc5545.read(client.get("/appointment/calendar.ics").content)
    for calendar, status in ((before, "CONFIRMED"), (after, "CANCELLED")):
        (event,) = calendar.components
        assert calendar.one("METHOD").value == "PUBLISH"
        assert event.all("ATTENDEE") == []
        assert event.one("STATUS").value == status
    assert before.components[0].one("UID").value == after.components[0].one("UID").value
    sequences = [int(calendar.components[0].one("SEQUENCE").value) for calendar in (before, after)]
    assert sequences[0] < sequences[1]


def test_a_visit_moved_since_the_page_was_shown_is_not_cancelled(client, visit):
    assert 'name="sequence" value="0"' in text_of(client.get("/appointment/cancel/"))
    Appointment.objects.update(sequence=1)
    response = client.post("/appointment/cancel/", as_shown(visit))
    assert response.status_code == 409
    assert "Your appointment has changed" in text_of(response)
    assert status() == "booked"


def test_cancelled_in_time_costs_nothing_and_says_so(client, visit):
    client.post("/appointment/cancel/", as_shown(visit))
    page = words_of(client.get("/appointment/"))
    assert "There's no charge and nothing else to do." in page
    assert "late fee" not in page


def test_cancelled_late_by_staff_says_that_a_fee_may_apply(client, visit, django_user_model):
    actor = Actor.staff(django_user_model.objects.create(username="desk"))
    scheduling.cancel(appointment=visit, by=actor, now=WINDOW_STARTS_AT + timedelta(minutes=1))
    page = words_of(client.get("/appointment/"))
    assert "We'll tell you if a late fee applies." in page
    assert "no charge" not in page


def test_the_same_time_can_be_booked_again_while_it_is_free(client, visit, clinic):
    client.post("/appointment/cancel/", as_shown(visit))
    assert "Book it again" in words_of(client.get("/appointment/"))
    times = client.post("/appointment/again/", {"reference": visit.reference, "for": "time"})["Location"]
    assert client.get(times).context["chosen"].starts_at == visit.starts_at
    make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=visit.starts_at
    )
    page = words_of(client.get("/appointment/"))
    assert "Book it again" not in page
    assert "Book another time" in page
