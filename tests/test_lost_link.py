"""I lost my link: one mail with all links to the address on file, and not a word to anybody else."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import messages, tokens
from booking.models import Message, MessageWording
from tests import make
from tests.journey import make_small_clinic, words_of

PAGE = "/appointment/lost-link/"
ALICE = "alice@patients.example"


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return make_small_clinic()


@pytest.fixture
def visit(clinic):
    return make.make_appointment(service=clinic.assessment, location=clinic.location, practitioner=clinic.steve)


def another(visit, days=1, **fields):
    names = ("service", "location", "practitioner", "patient")
    same = {name: getattr(visit, name) for name in names}
    return make.make_appointment(**same | {"starts_at": visit.starts_at + timedelta(days=days)} | fields)


def ask(client, email=ALICE, **more):
    return client.post(PAGE, {"email": email} | more)


def asked_and_sent(client, now, email=ALICE):
    ask(client, email)
    messages.send_due(now=now)
    return mail.outbox


def test_the_links_to_all_visits_ahead_come_in_one_mail(client, visit, now):
    later = another(visit, days=7)
    (sent,) = asked_and_sent(client, now, " Alice@Patients.example ")
    assert sent.to == [ALICE]
    links = re.findall(r"/appointment/([^/]+)/", sent.body)
    assert [tokens.appointment_for(link, now=now) for link in links] == [visit, later]
    assert "Tuesday 24 November 2026 at 11:15 am (Alberta time)" in sent.body


def test_the_mail_is_discreet_and_carries_no_file(client, visit, now):
    (sent,) = asked_and_sent(client, now)
    assert sent.subject == "Your links from Dynamic Physiotherapy"
    assert visit.service.name not in sent.body + sent.alternatives[0].content
    assert sent.attachments == []


def test_people_who_share_an_address_are_told_apart(client, visit, now):
    another(visit, patient=make.make_patient(name="Mia Martin", contact_name="Alice Martin"))
    (sent,) = asked_and_sent(client, now)
    assert "The appointment for Alice Martin: " in sent.body
    assert "The appointment for Mia Martin: " in sent.body


def test_the_clinic_can_word_the_mail_which_ends_with_its_address(client, visit, now):
    MessageWording.objects.filter(kind="lost_link").update(
        heading="Here again", opening="Call {phone}.", closing="Bye."
    )
    sent = asked_and_sent(client, now)[0]
    for part in (sent.body, sent.alternatives[0][0]):
        for words in ("Call (403) 555-0100.", "Bye.", visit.location.street, tokens.manage_url(visit)):
            assert words in part
    assert "Here again" in sent.alternatives[0][0]


@pytest.mark.parametrize("why", ["cancelled", "past", "another address"])
def test_nobody_without_a_visit_ahead_gets_a_mail_and_the_address_is_forgotten(client, visit, now, why):
    if why == "another address":
        visit.patient.email = "bob@patients.example"
        visit.patient.save()
    elif why == "cancelled":
        visit.status = "cancelled"
    else:
        visit.starts_at, visit.ends_at = now - timedelta(hours=2), now - timedelta(hours=1)
    visit.save()
    assert asked_and_sent(client, now) == []
    row = Message.objects.get()
    assert (row.state, row.content) == ("dropped", {})
    assert "alice" not in row.key


def test_the_page_does_and_says_the_same_for_everybody(visit):
    """Same status, same words, same statements in the same order: nothing to compare, nothing to time."""

    def answer(email):
        with CaptureQueriesContext(connection) as queries:
            response = ask(Client(), email)
        shapes = [re.sub(r"'[^']*'|[0-9]+", "?", query["sql"]) for query in queries]
        return response.status_code, response["Location"], shapes, words_of(Client().get(response["Location"]))

    answer("first@patients.example")  # This network address is counted from now on.
    known, unknown = answer(ALICE), answer("nobody@patients.example")
    assert known == unknown
    assert known[:2] == (302, f"{PAGE}?asked=yes")
    assert "If a visit is ahead under the address you gave" in known[3]


def test_asking_twice_in_a_row_sends_one_mail(client, visit, now):
    ask(client)
    assert len(asked_and_sent(client, now)) == 1


def test_one_address_gets_only_so_many(visit, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"lost link by e-mail": (2, timedelta(hours=1))}
    assert [ask(Client()).status_code for _ in range(3)] == [302, 302, 429]
    assert "Links in our earlier mails stay good" in words_of(ask(Client()))
    assert ask(Client(), "nobody@patients.example").status_code == 302


@pytest.mark.parametrize(
    "email",
    ["", "nonsense", "a@b", "a\r\nBcc: b@c.example", "a\x00@b.example", f"{'x' * 300}@b.example", "\u202ea@b.example"],
    ids=ascii,
)
def test_what_is_no_address_is_refused_and_nothing_is_written(client, email):
    response = ask(client, email)
    assert response.status_code == 422
    assert b'class="error-summary' in response.content
    assert not Message.objects.exists()


def test_two_addresses_at_once_are_refused(client):
    assert client.post(PAGE, {"email": [ALICE, "eve@patients.example"]}).status_code == 422
    assert not Message.objects.exists()


def test_letters_that_look_alike_lead_to_the_address_on_file(client, visit, now):
    """The Kelvin sign is a k to some databases: whoever owns that address gets nothing."""
    visit.patient.email = "kim@patients.example"
    visit.patient.save()
    for sent in asked_and_sent(client, now, "\u212aim@patients.example"):
        assert sent.to == ["kim@patients.example"]


def test_following_a_link_sends_nothing(client, visit):
    assert client.get(PAGE, {"email": ALICE, "asked": "yes"}).status_code == 200
    assert not Message.objects.exists()


def test_a_form_without_a_token_is_refused(visit):
    assert ask(Client(enforce_csrf_checks=True)).status_code == 403
    assert not Message.objects.exists()


def test_the_page_is_kept_by_nobody_and_listed_nowhere(client):
    response = client.get(PAGE)
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex")
    assert "session" not in response.cookies


def test_a_dead_link_leads_there_and_so_does_every_page(client, visit):
    dead = tokens.manage_token(visit)
    visit.link_generation += 1
    visit.save()
    for address in (f"/appointment/{dead}/", "/appointment/", "/book/"):
        assert f'href="{PAGE}"' in client.get(address).content.decode(), address


def test_the_page_says_whom_to_call(client):
    assert "Call (403) 555-0100" in words_of(client.get(PAGE))


def test_the_title_says_once_that_there_is_an_error(client):
    page = ask(client, email="not an address")
    assert page.content.decode().count("Error:") == 2  # In the title, and at the field.
    assert "<title>Error: Get your link again" in page.content.decode()
