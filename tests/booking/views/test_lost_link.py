"""Lost link: one e-mail with all links to the address on file, revealing nothing to anybody else."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import messages, tokens
from booking.models import Message, MessageWording
from tests.support import factories
from tests.support.journey import words_of

pytestmark = pytest.mark.usefixtures("clinic")

PAGE = "/appointment/lost-link/"
ALICE = "alice@patients.example"


@pytest.fixture
def visit(clinic):
    return factories.make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve)


def another_visit(visit, days=1, **fields):
    names = ("service", "location", "practitioner", "patient")
    same = {name: getattr(visit, name) for name in names}
    return factories.make_appointment(**same | {"starts_at": visit.starts_at + timedelta(days=days)} | fields)


def request_link(client, email=ALICE, **extra):
    return client.post(PAGE, {"email": email} | extra)


def request_and_send(client, now, email=ALICE):
    request_link(client, email)
    messages.send_due(now=now)
    return mail.outbox


def test_the_links_to_all_visits_ahead_come_in_one_mail(client, visit, now):
    later = another_visit(visit, days=7)
    (sent,) = request_and_send(client, now, " Alice@Patients.example ")
    assert sent.to == [ALICE]
    links = re.findall(r"/appointment/([^/]+)/", sent.body)
    assert [tokens.appointment_for(link, now=now) for link in links] == [visit, later]
    assert "Tuesday, November 24, 2026 at 11:15 a.m." in sent.body


def test_the_mail_names_no_service_and_has_no_attachment(client, visit, now):
    (sent,) = request_and_send(client, now)
    assert sent.subject == "Your links from Dynamic Physiotherapy"
    assert visit.service.name not in sent.body + sent.alternatives[0].content
    assert sent.attachments == []


def test_patients_who_share_an_address_are_named(client, visit, now):
    another_visit(visit, patient=factories.make_patient(name="Mia Martin", contact_name="Alice Martin"))
    (sent,) = request_and_send(client, now)
    assert "The appointment for Alice Martin: " in sent.body
    assert "The appointment for Mia Martin: " in sent.body


def test_the_clinic_can_change_the_wording_of_the_mail(client, visit, now):
    MessageWording.objects.filter(kind="lost_link").update(
        heading="Here again", opening="Call {phone}.", closing="Bye."
    )
    sent = request_and_send(client, now)[0]
    for part in (sent.body, sent.alternatives[0][0]):
        for words in ("Call 403-555-0100.", "Bye.", visit.location.street, tokens.manage_url(visit)):
            assert words in part
    assert "Here again" in sent.alternatives[0][0]


@pytest.mark.parametrize("why", ["cancelled", "past", "another address"])
def test_without_an_upcoming_visit_no_mail_is_sent_and_the_address_is_deleted(client, visit, now, why):
    if why == "another address":
        visit.patient.email = "bob@patients.example"
        visit.patient.save()
    elif why == "cancelled":
        visit.status = "cancelled"
    else:
        visit.starts_at, visit.ends_at = now - timedelta(hours=2), now - timedelta(hours=1)
    visit.save()
    assert request_and_send(client, now) == []
    row = Message.objects.get()
    assert (row.state, row.content) == ("dropped", {})
    assert "alice" not in row.key


def test_the_response_is_the_same_for_known_and_unknown_addresses(visit):
    """Same status, page and SQL statements, so that neither content nor timing reveals an address on file."""

    def answer(email):
        with CaptureQueriesContext(connection) as queries:
            response = request_link(Client(), email)
        shapes = [re.sub(r"'[^']*'|[0-9]+", "?", query["sql"]) for query in queries]
        return response.status_code, response["Location"], shapes, words_of(Client().get(response["Location"]))

    answer("first@patients.example")  # Creates the rate limit bucket of this client address.
    known, unknown = answer(ALICE), answer("nobody@patients.example")
    assert known == unknown
    assert known[:2] == (302, f"{PAGE}?asked=yes")
    assert "If you have an upcoming appointment under that address" in known[3]


def test_asking_twice_in_a_row_sends_one_mail(client, visit, now):
    request_link(client)
    assert len(request_and_send(client, now)) == 1


def test_requests_for_one_address_are_rate_limited(visit, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"lost link by e-mail": (2, timedelta(hours=1))}
    assert [request_link(Client()).status_code for _ in range(3)] == [302, 302, 429]
    assert "Links in our earlier emails still work" in words_of(request_link(Client()))
    assert request_link(Client(), "nobody@patients.example").status_code == 302


@pytest.mark.parametrize(
    "email",
    ["", "nonsense", "a@b", "a\r\nBcc: b@c.example", "a\x00@b.example", f"{'x' * 300}@b.example", "\u202ea@b.example"],
    ids=ascii,
)
def test_an_invalid_address_is_refused_and_stores_nothing(client, email):
    response = request_link(client, email)
    assert response.status_code == 422
    assert b'class="error-summary' in response.content
    assert not Message.objects.exists()


def test_two_addresses_at_once_are_refused(client):
    assert client.post(PAGE, {"email": [ALICE, "eve@patients.example"]}).status_code == 422
    assert not Message.objects.exists()


def test_lookalike_letters_never_send_to_another_address(client, visit, now):
    """Some databases compare the Kelvin sign as k; the typed address must never get the links."""
    visit.patient.email = "kim@patients.example"
    visit.patient.save()
    for sent in request_and_send(client, now, "\u212aim@patients.example"):
        assert sent.to == ["kim@patients.example"]


def test_a_get_request_sends_nothing(client, visit):
    assert client.get(PAGE, {"email": ALICE, "asked": "yes"}).status_code == 200
    assert not Message.objects.exists()


def test_the_form_needs_a_csrf_token(visit):
    assert request_link(Client(enforce_csrf_checks=True)).status_code == 403
    assert not Message.objects.exists()


def test_the_page_is_not_cached_or_indexed_and_starts_no_session(client):
    response = client.get(PAGE)
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex")
    assert "session" not in response.cookies


def test_an_invalid_link_and_every_booking_page_link_to_it(client, visit):
    dead = tokens.manage_token(visit)
    visit.link_generation += 1
    visit.save()
    for address in (f"/appointment/{dead}/", "/appointment/", "/book/"):
        assert f'href="{PAGE}"' in client.get(address).content.decode(), address


def test_the_page_says_whom_to_call(client):
    assert "Call 403-555-0100" in words_of(client.get(PAGE))


def test_the_title_says_once_that_there_is_an_error(client):
    page = request_link(client, email="not an address")
    assert page.content.decode().count("Error:") == 2  # In the title and at the field.
    assert "<title>Error: Find an appointment you booked" in page.content.decode()
