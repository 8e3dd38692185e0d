"""A booking beyond what strangers may take: the pages of the visitor, the e-mail's link, and the diary."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from booking import messages, scheduling, tokens
from booking.models import Appointment, Clinic
from tests.support import factories
from tests.support.journey import (
    NINE,
    QUARTER_TO_TEN,
    as_shown,
    book,
    choose,
    confirmation,
    instant,
    type_details,
    words_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
HOUR = timedelta(hours=1)
HOW_IT_IS_CONFIRMED = "We'll email you a link. The time is yours when you press Confirm in that email."
ELEVEN_FIFTEEN = NINE + 3 * timedelta(minutes=45)


@pytest.fixture
def waiting(client, clinic):
    """Steve's 9:45 is booked by Alice, and waits for her email: his day has two visits of strangers already."""
    Clinic.objects.update(own_networks="127.0.0.1")
    for index in (0, 2):
        others = Client()
        choose(others, NINE + index * timedelta(minutes=45), query="?visit=new&practitioner=steve-hansen")
    # Two visits may always be held, and the third is over the share.
    Clinic.objects.update(unverified_share=1)
    assert choose(client, QUARTER_TO_TEN, query="?visit=new&practitioner=steve-hansen").status_code == 302
    assert HOW_IT_IS_CONFIRMED in page(client, "/book/details/")
    assert type_details(client).status_code == 302
    review = page(client, "/book/check/")
    assert HOW_IT_IS_CONFIRMED in review
    assert "Email me the link" in review
    assert "Book appointment" not in review
    assert client.post("/book/check/", confirmation(client))["Location"] == "/book/done/"
    return Appointment.objects.get(status="unconfirmed")


def page(client, address):
    return words_of(client.get(address)).replace("&#x27;", "'")


def link_in_mail():
    messages.send_due(now=timezone.now())
    text = next(sent.body for sent in mail.outbox if sent.subject.startswith("Please confirm"))
    return re.search(r"/appointment/[\w-]{43}/", text)[0]


def open_link(address=None):
    """Another browser, perhaps on a phone, that opens the link in the e-mail."""
    phone = Client()
    response = phone.get(address or link_in_mail(), follow=True)
    assert response.redirect_chain[-1][0] == "/appointment/confirm/"
    return phone, response


def press(client, visit, **fields):
    return client.post("/appointment/confirm/", {"reference": visit.reference} | fields)


def test_the_done_page_says_that_it_waits_and_holds_no_link_to_the_visit(client, waiting):
    response = client.get("/book/done/")
    words = words_of(response).replace("&#x27;", "'")
    assert response.status_code == 200
    assert "Not booked yet" in words
    assert words.index("Your appointment isn't booked yet") < words.index("Not booked yet")
    assert "alice@patients.example" in words
    assert "by 9:00 a.m." in words
    assert tokens.manage_token(waiting) not in response.content.decode()
    assert client.get("/appointment/").status_code == 404
    assert press(client, waiting).status_code == 404


def test_a_wrong_address_is_corrected_with_every_other_answer_kept(client, waiting):
    response = client.post("/appointment/again/", {"reference": waiting.reference, "for": "address"})
    assert response["Location"] == "/book/details/#id_email"
    form = client.get("/book/details/").context["form"]
    assert form["name"].value() == "Alice Martin"
    assert form["email"].value() == "alice@patients.example"
    assert type_details(client, email="alice@right.example").status_code == 302
    client.post("/book/check/", confirmation(client))
    again = Appointment.objects.exclude(pk=waiting.pk).get(status="unconfirmed", patient__name="Alice Martin")
    assert (again.starts_at, again.practitioner) == (waiting.starts_at, waiting.practitioner)
    assert again.patient.email == "alice@right.example"


def test_the_address_of_a_booking_typed_elsewhere_is_not_shown(waiting):
    phone, _response = open_link()
    fields = {"reference": waiting.reference, "for": "address"}
    assert phone.post("/appointment/again/", fields).status_code in {302, 404}
    assert phone.get("/book/details/").status_code == 410


def test_an_address_is_not_corrected_when_the_time_is_gone_but_the_answers_are_kept(client, clinic, waiting):
    factories.make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=waiting.starts_at
    )
    response = client.post("/appointment/again/", {"reference": waiting.reference, "for": "address"})
    assert response.status_code == 409
    assert response.context["has_answers"]


def test_following_the_link_changes_nothing_and_pressing_the_button_books(client, waiting):
    phone, response = open_link()
    assert "Confirm appointment" in words_of(response)
    waiting.refresh_from_db()
    assert waiting.status == "unconfirmed"
    assert press(phone, waiting)["Location"] == "/appointment/"
    waiting.refresh_from_db()
    assert (waiting.status, waiting.is_unverified) == ("booked", False)
    confirmed = page(phone, "/appointment/")
    assert "Your appointment is booked" in confirmed
    assert "Will you be there?" not in confirmed
    assert press(phone, waiting)["Location"] == "/appointment/"
    assert "See you" in page(client, "/book/done/")


def test_head_and_a_scanner_that_follows_every_link_book_nothing(client, waiting):
    scanner = Client()
    address = link_in_mail()
    for method in (scanner.head, scanner.get, scanner.get):
        method(address, follow=True)
        method("/appointment/confirm/")
    waiting.refresh_from_db()
    assert waiting.status == "unconfirmed"


def test_who_comes_second_gets_the_nearest_times_and_books_one_with_one_press(client, clinic, waiting):
    phone, _ = open_link()
    factories.make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=QUARTER_TO_TEN
    )
    response = press(phone, waiting)
    assert response.status_code == 409
    assert "We kept your answers" in words_of(response)
    values = re.findall(r'name="start" value="([^"]+)"', response.content.decode())
    assert len(values) == 3
    assert press(phone, waiting, start=values[0])["Location"] == "/appointment/"
    waiting.refresh_from_db()
    assert (waiting.status, waiting.patient.name) == ("booked", "Alice Martin")
    assert values[0].startswith(instant(waiting.starts_at))


@pytest.mark.parametrize("start", ["", "banana", "2026-11-24T15:45Z nobody", "\x00", "9999-12-31T23:59Z"])
def test_an_odd_start_is_refused_with_the_times_that_are_free(client, waiting, start):
    phone, _ = open_link()
    assert press(phone, waiting, start=start).status_code in {409, 422}
    waiting.refresh_from_db()
    assert waiting.status == "unconfirmed"


def test_the_form_of_another_booking_is_refused(client, waiting):
    phone, _ = open_link()
    assert phone.post("/appointment/confirm/", {"reference": "ABCD2345"}).status_code == 409
    assert phone.post("/appointment/confirm/").status_code == 409


@pytest.mark.parametrize("worker", [False, True], ids=["before the worker", "after the worker"])
def test_after_an_hour_it_has_lapsed_and_says_where_to_book_again(client, waiting, worker):
    phone, _ = open_link()
    address = link_in_mail()
    with time_machine.travel(timezone.now() + HOUR, tick=False):
        if worker:
            scheduling.expire_holds(now=timezone.now())
        for response in (press(phone, waiting), phone.get(address, follow=True), client.get("/book/done/")):
            assert response.status_code == 410
            assert "/book/assessment/?visit=new" in response.content.decode()
    waiting.refresh_from_db()
    assert waiting.status in {"unconfirmed", "expired"}


def test_the_calendar_says_that_it_waits_and_does_not_count_it(admin_client, admin_user, waiting):
    words = words_of(admin_client.get("/desk/?day=2026-11-24")).replace("&#x27;", "'")
    assert "Waiting for the patient's email" in words
    panel = admin_client.get(f"/admin/booking/appointment/{waiting.pk}/change/", follow=True)
    assert "Waiting for the patient's email" in words_of(panel).replace("&#x27;", "'")
    assert "0 booked" in words
    with time_machine.travel(timezone.now() + HOUR, tick=False):
        admin_client.force_login(admin_user)
        assert "Alice Martin" not in words_of(admin_client.get("/desk/?day=2026-11-24"))


def test_the_link_on_the_done_page_opens_the_visit_and_proves_nothing(client, clinic):
    visit = book(client)
    address = client.get("/book/done/").context["manage_link"]
    assert address == f"/appointment/{tokens.page_token(visit)}/"
    assert address != f"/appointment/{tokens.manage_token(visit)}/"
    other = Client()
    assert "Will you be there?" not in words_of(other.get(address, follow=True))
    press(other, visit)
    visit.refresh_from_db()
    assert visit.is_unverified


def test_a_booked_visit_is_verified_by_a_press_after_opening_the_link(client, clinic):
    visit = book(client)
    phone = Client()
    assert "Will you be there?" in words_of(phone.get(f"/appointment/{tokens.manage_token(visit)}/", follow=True))
    visit.refresh_from_db()
    assert visit.is_unverified
    press(phone, visit)
    visit.refresh_from_db()
    assert (visit.is_unverified, visit.status) == (False, "booked")


def test_moving_by_the_link_verifies_and_moving_without_it_does_not(client, clinic):
    visit = book(client)
    client.post("/appointment/change/", as_shown(visit) | {"start": instant(ELEVEN_FIFTEEN)})
    visit.refresh_from_db()
    assert (visit.starts_at, visit.is_unverified) == (ELEVEN_FIFTEEN, True)
    phone = Client()
    phone.get(f"/appointment/{tokens.manage_token(visit)}/")
    phone.post("/appointment/change/", as_shown(visit) | {"start": instant(NINE)})
    visit.refresh_from_db()
    assert (visit.starts_at, visit.is_unverified) == (NINE, False)


def test_who_came_by_a_link_holds_and_books_as_usual(client, clinic, waiting):
    phone, _ = open_link()
    press(phone, waiting)
    Clinic.objects.update(own_networks="")
    later = NINE + 6 * timedelta(minutes=45)
    assert choose(phone, later, query="?visit=returning&practitioner=steve-hansen").status_code == 302
    assert "Held for you until" in page(phone, "/book/details/")
    type_details(phone, name="Ben Martin")
    phone.post("/book/check/", confirmation(phone))
    assert Appointment.objects.get(starts_at=later).status == "booked"


def test_one_mailbox_holds_ten_times_an_hour_at_most(client, clinic, waiting):
    phone, _ = open_link()
    press(phone, waiting)
    held = []
    for index in range(11):
        browser = Client(REMOTE_ADDR=f"203.0.113.{index}")
        browser.get(f"/appointment/{tokens.manage_token(waiting)}/")
        choose(browser, NINE + (4 + index % 6) * timedelta(minutes=45) + timedelta(days=index // 6),
               query="?visit=returning&practitioner=steve-hansen")  # fmt: skip
        held.append(Appointment.objects.latest("pk").is_unverified)
    assert held == [False] * 10 + [True]
