"""The appointment link in an e-mail: its session, its expiry, and what the page never shows."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from booking.models import Appointment, AppointmentEvent
from booking.tokens import manage_token
from tests.support.factories import make_appointment, make_location, make_patient
from tests.support.journey import choose, text_of, words_of

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def visit(clinic):
    return make_appointment(
        service=clinic.assessment,
        location=clinic.location,
        practitioner=clinic.steve,
        patient=make_patient(date_of_birth="1980-02-03"),
    )


def test_the_token_is_exchanged_for_a_session(client, visit):
    response = client.get(f"/appointment/{manage_token(visit)}/")
    assert (response.status_code, response["Location"]) == (302, "/appointment/")
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex"


def test_opening_a_link_cycles_the_session_key(client, clinic, visit):
    """Session fixation: a session id planted in the browser must not open the appointment."""
    choose(client)
    planted = client.cookies["session"].value
    client.get(f"/appointment/{manage_token(visit)}/")
    assert client.cookies["session"].value != planted
    stranger = Client()
    stranger.cookies["session"] = planted
    assert stranger.get("/appointment/").status_code == 404


@pytest.mark.parametrize("page", ["", "cancel/", "change/", "calendar.ics"])
def test_pages_of_a_visit_are_not_indexed(client, visit, page):
    assert client.get(f"/appointment/{page}")["X-Robots-Tag"] == "noindex"
    client.get(f"/appointment/{manage_token(visit)}/")
    assert client.get(f"/appointment/{page}")["X-Robots-Tag"] == "noindex"


def test_the_page_shows_time_place_person_and_service(client, visit):
    page = words_of(client.get(f"/appointment/{manage_token(visit)}/", follow=True))
    for words in ("Tuesday, November 24, 11:15 a.m.", "12 Elizabeth Street", "Hansen", "Physiotherapy assessment",
                  visit.reference, "$140"):  # fmt: skip
        assert words in page
    assert "Alberta time" not in page


def test_the_page_names_the_time_zone_where_the_clinic_has_several_locations(client, visit):
    make_location(name="Calgary")
    assert "Alberta time" in words_of(client.get(f"/appointment/{manage_token(visit)}/", follow=True))


def test_the_page_never_shows_the_patient_nor_their_date_of_birth(client, visit):
    page = text_of(client.get(f"/appointment/{manage_token(visit)}/", follow=True))
    for words in ("Alice", "alice@patients.example", "1980", "0123"):
        assert words not in page


def test_opening_a_link_changes_nothing_but_the_session(client, visit):
    before = Appointment.objects.values().get()
    client.get(f"/appointment/{manage_token(visit)}/", follow=True)
    client.head(f"/appointment/{manage_token(visit)}/")
    client.get("/appointment/cancel/")
    client.get("/appointment/change/")
    assert Appointment.objects.values().get() == before
    assert not AppointmentEvent.objects.exists()


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 42, "%00" * 43, "١" * 43, "A" * 4000, "details"])
def test_an_invalid_token_opens_nothing(client, visit, token):
    response = client.get(f"/appointment/{token}/")
    assert response.status_code in {404, 410}
    assert client.get("/appointment/").status_code == 404


def test_the_page_of_an_expired_link_shows_the_phone_number(client, visit):
    page = text_of(client.get(f"/appointment/{'A' * 43}/"))
    assert "403-555-0100" in page
    assert "latest email" in page


def test_a_changed_token_opens_nothing(client, visit):
    token = manage_token(visit)
    changed = ("B" if token[30] == "A" else "A").join((token[:30], token[31:]))
    assert client.get(f"/appointment/{changed}/").status_code == 410


def test_a_renewed_link_revokes_the_older_one_and_its_sessions(client, visit):
    old = manage_token(visit)
    client.get(f"/appointment/{old}/")
    Appointment.objects.update(link_generation=2)
    assert client.get("/appointment/").status_code == 404
    assert client.get(f"/appointment/{old}/").status_code == 410


@pytest.mark.parametrize("after", [timedelta(days=1, seconds=1), timedelta(days=180)])
def test_after_the_visit_the_link_shows_nothing_of_it_but_how_to_book_again(client, visit, after):
    client.get(f"/appointment/{manage_token(visit)}/")
    with time_machine.travel(visit.ends_at + after, tick=False):
        client.get(f"/appointment/{manage_token(visit)}/")
        response = client.get("/appointment/")
        assert "Book again" in words_of(response)
        assert "403-555-0100" in words_of(response)
        page = text_of(response)
        for secret in ("Steve", "Hansen", "assessment", visit.reference, "November", "2026", "11:15", "Alice", "$"):
            assert secret not in page.split("<main")[1].split("</main>")[0]
        for path in ("cancel/", "change/", "calendar.ics"):
            assert client.get(f"/appointment/{path}").status_code == 404
        assert "practitioner=steve-hansen" in client.post("/appointment/again/")["Location"]
        choose(client, timezone.now() + timedelta(days=2))
        assert "booked before" not in words_of(client.get("/book/details/"))


def test_a_link_opens_nothing_180_days_after_the_visit(client, visit):
    client.get(f"/appointment/{manage_token(visit)}/")
    with time_machine.travel(visit.ends_at + timedelta(days=180, seconds=1), tick=False):
        assert client.get(f"/appointment/{manage_token(visit)}/").status_code == 410
        assert client.get("/appointment/").status_code == 404


def test_a_link_that_was_renewed_offers_nothing_after_the_visit(client, visit):
    old = manage_token(visit)
    Appointment.objects.update(link_generation=2)
    with time_machine.travel(visit.ends_at + timedelta(days=2), tick=False):
        assert client.get(f"/appointment/{old}/").status_code == 410


def test_a_past_visit_by_its_link_proves_no_email_address(client, visit):
    with time_machine.travel(visit.ends_at + timedelta(days=2), tick=False):
        client.get(f"/appointment/{manage_token(visit)}/")
        assert client.session["booking"].get("proved_email", "") == ""


def test_one_patient_s_session_opens_no_other_visit(client, clinic, visit):
    client.get(f"/appointment/{manage_token(visit)}/")
    stranger = Client()
    assert stranger.get("/appointment/").status_code == 404
    assert stranger.get("/appointment/calendar.ics").status_code == 404


def test_the_calendar_file_contains_the_visit(client, visit):
    client.get(f"/appointment/{manage_token(visit)}/")
    response = client.get("/appointment/calendar.ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert str(visit.uid).encode() in response.content


def test_a_calendar_link_about_another_visit_is_refused(client, visit):
    client.get(f"/appointment/{manage_token(visit)}/")
    for query in ("?reference=ABCD2345", f"?reference={visit.reference}&reference=x", "?reference="):
        assert client.get(f"/appointment/calendar.ics{query}").status_code == 409


def test_a_visit_that_is_over_says_so(client, visit):
    client.get(f"/appointment/{manage_token(visit)}/")
    Appointment.objects.update(status="fulfilled")
    page = text_of(client.get("/appointment/"))
    assert "To ask about this appointment" in page
    assert "/appointment/cancel/" not in page
