"""The ticket: one appointment looks the same wherever it is shown."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from booking import tokens
from booking.models import Appointment, Service
from tests.booking.views.test_waitlist import client_with_link, join_with_offer
from tests.support.journey import as_shown, book, choose, text_of, type_details, words_of

pytestmark = pytest.mark.usefixtures("clinic")


def ticket(response):
    """Return the ticket's time, people, place and price, without the lines that differ between pages."""
    html = response.content.decode()
    part = html.split('class="ticket" aria-label="The appointment"')[1].split("</section>")[0]
    return {name: " ".join(re.sub(r"<[^>]+>", " ", text).split()) for name, text in re.findall(
        r'<p class="ticket__(service|time|more)">(.*?)</p>', part, re.DOTALL)}  # fmt: skip


def test_review_done_and_manage_show_the_same_ticket(client):
    choose(client)
    type_details(client)
    review = ticket(client.get("/book/check/"))
    visit = book(client)
    done = ticket(client.get("/book/done/"))
    assert review == done == ticket(client.get("/appointment/"))
    assert review["time"].endswith("9:00 a.m.")
    assert visit.reference in words_of(client.get("/book/done/"))


def test_a_waitlist_offer_shows_the_ticket(clinic):
    entry, _offer = join_with_offer(clinic)
    client = client_with_link(entry)
    assert ticket(client.get("/waitlist/offer/")) == ticket(client.get("/waitlist/accept/"))


def test_the_review_says_until_when_a_change_is_free(client):
    choose(client)
    type_details(client)
    page = words_of(client.get("/book/check/"))
    assert "Free to change or cancel online until Monday, November 23, 9:00 a.m." in page
    assert page.count("costs $70") == 1


def test_nothing_more_has_to_be_done_after_booking(client):
    book(client)
    page = text_of(client.get("/book/done/"))
    assert 'class="button' not in page
    assert "costs $70" not in page


def test_a_booking_for_someone_else_is_not_addressed_to_them(client):
    book(client, booking_for="other", name="Ben Martin", contact_name="Alice Martin")
    page = words_of(client.get("/book/done/"))
    assert "Ben's appointment is booked" in page
    assert "See you" not in page


def test_the_ticket_of_a_booking_for_someone_else_names_them(client):
    book(client, booking_for="other", name="Ben Martin", contact_name="Alice Martin")
    for address in ("/book/done/", "/appointment/"):
        assert "For Ben" in words_of(client.get(address))


def test_the_ticket_names_nobody_to_who_has_not_shown_who_they_are(client):
    visit = book(client, booking_for="other", name="Ben Martin", contact_name="Alice Martin")
    other = Client()
    assert "For Ben" not in words_of(other.get(f"/appointment/{tokens.page_token(visit)}/", follow=True))
    assert "For Ben" in words_of(other.get(f"/appointment/{tokens.manage_token(visit)}/", follow=True))


def test_ones_own_ticket_carries_no_name(client):
    book(client)
    assert "For Alice" not in words_of(client.get("/appointment/"))


def test_the_review_says_for_whom_one_books(client):
    choose(client)
    type_details(client, booking_for="other", name="Ben Martin", contact_name="Alice Martin")
    assert "You're booking for Ben Martin" in unescape(words_of(client.get("/book/check/")))


def test_the_ticket_of_a_cancelled_appointment_says_so(client):
    visit = book(client)
    client.post("/appointment/cancel/", as_shown(visit))
    page = text_of(client.get("/appointment/"))
    assert 'class="ticket ticket--cancelled"' in page
    assert '<p class="ticket__mark">Cancelled</p>' in page


def test_the_manage_page_offers_to_move_and_to_cancel_until_the_deadline(client):
    book(client)
    assert "Move this appointment Cancel this appointment" in words_of(client.get("/appointment/"))
    Service.objects.update(cancellation_window=timedelta(days=30))
    Appointment.objects.update(cancellation_window=timedelta(days=30))
    late = words_of(client.get("/appointment/"))
    assert "Move this appointment" not in late
    assert "please call us" in late


def test_a_cancelled_appointment_shows_no_price(client):
    book(client)
    Appointment.objects.update(status="cancelled")
    assert "pay at the clinic" not in words_of(client.get("/appointment/"))
