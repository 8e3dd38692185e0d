"""The 429 page: it says when to retry, keeps the input, and staff are never limited."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from booking.forms.antispam import sign_form_token
from booking.models import Appointment, Clinic, Message
from booking.tokens import manage_token
from booking.views.rate_limited import wait_in_words
from tests.support import factories
from tests.support.content_factories import make_page
from tests.support.journey import NINE, book, choose, confirm, confirmation, type_details, words_of

pytestmark = pytest.mark.usefixtures("clinic")

MINUTE = timedelta(minutes=1)
QUARTERS = [NINE + number * timedelta(minutes=45) for number in range(10)]


@pytest.fixture
def limit(settings):
    def set_limits(**kinds):
        limits = {kind.replace("_", " "): (amount, timedelta(hours=1)) for kind, amount in kinds.items()}
        settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | limits

    return set_limits


def client_at_other_address(number=1):
    """A client with another network address."""
    return Client(REMOTE_ADDR=f"198.51.100.{number}")


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(seconds=1), "1 minute"),
        (timedelta(minutes=4, seconds=1), "5 minutes"),
        (timedelta(minutes=60), "1 hour"),
        (timedelta(minutes=61), "2 hours"),
        (timedelta(hours=24), "24 hours"),
    ],
)
def test_the_wait_is_rounded_up(wait, words):
    assert wait_in_words(wait) == words


def test_too_many_holds_get_retry_after_and_the_phone_number(client, limit):
    limit(hold=2)
    for start in QUARTERS[:2]:
        choose(client, start)
    response = choose(client, QUARTERS[2])
    assert (response.status_code, response["Retry-After"]) == (429, "3600")
    assert "Call 403-555-0100" in words_of(response)
    assert "Try again in 1 hour." in words_of(response)
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex")
    assert Appointment.objects.get(status="held").starts_at == QUARTERS[1]
    assert choose(client_at_other_address(), QUARTERS[2]).status_code == 302


def test_the_page_resubmits_the_same_answers(client, limit):
    limit(hold=1)
    choose(client)
    response = choose(client, QUARTERS[1])
    form = dict(response.context["again"])
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        response = client.post(response.context["post_to"], form)
    assert (response.status_code, response["Location"]) == (302, "/book/details/")
    assert Appointment.objects.get(status="held").starts_at == QUARTERS[1]


def test_live_holds_of_one_client_address_are_limited(settings):
    assert settings.BOOKING_LIVE_HOLDS == 10
    settings.BOOKING_LIVE_HOLDS = 2
    now = timezone.now()
    choose(Client(), QUARTERS[0])
    with time_machine.travel(now + 4 * MINUTE, tick=False):
        choose(Client(), QUARTERS[1])
        third = Client()
        response = choose(third, QUARTERS[2])
        assert (response.status_code, response["Retry-After"]) == (429, "360")
        assert choose(client_at_other_address(), QUARTERS[2]).status_code == 302
    with time_machine.travel(now + 10 * MINUTE, tick=False):
        assert choose(third, QUARTERS[3]).status_code == 302


def test_replacing_a_hold_does_not_count_against_the_limit_of_live_holds(client, settings):
    settings.BOOKING_LIVE_HOLDS = 1
    choose(client, QUARTERS[0])
    assert choose(client, QUARTERS[1]).status_code == 302


def test_a_booked_or_released_hold_no_longer_counts(client, settings):
    settings.BOOKING_LIVE_HOLDS = 1
    book(client)
    assert choose(Client(), QUARTERS[1]).status_code == 302


def test_bookings_from_one_address_are_limited_and_the_answers_are_kept(client, limit):
    limit(book=1)
    book(client)
    choose(client, QUARTERS[1])
    type_details(client, name="Bob Martin")
    response = confirm(client)
    assert response.status_code == 429
    assert Appointment.objects.filter(status="booked").count() == 1
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        response = client.post(response.context["post_to"], dict(response.context["again"]))
    assert response["Location"] == "/book/done/"
    assert Appointment.objects.filter(status="booked", patient__name="Bob Martin").exists()


def test_bookings_with_one_e_mail_address_are_limited_wherever_they_come_from(client, limit):
    limit(**{"book by e-mail": 1})
    book(client)
    other = client_at_other_address()
    choose(other, QUARTERS[1])
    type_details(other, email="ALICE@patients.example")
    assert confirm(other).status_code == 429
    assert Appointment.objects.filter(status="booked").count() == 1


def test_a_lost_race_does_not_count_as_a_booking(client, limit):
    limit(book=1)
    choose(client)
    type_details(client)
    sent = confirmation(client)
    Appointment.objects.filter(status="held").update(status="expired")
    for person in ("steve-hansen", "amara-okafor"):
        rival = client_at_other_address(len(person))
        choose(rival, query=f"?visit=new&practitioner={person}")
    assert client.post("/book/check/", sent).status_code == 409
    choose(client, QUARTERS[1])
    assert confirm(client).status_code == 302


def test_resubmitting_a_booking_does_not_count_again(client, limit):
    limit(book=1)
    choose(client)
    type_details(client)
    sent = confirmation(client)
    assert [client.post("/book/check/", sent)["Location"] for _ in range(3)] == ["/book/done/"] * 3


def test_only_a_few_visits_ahead_can_be_booked_with_one_e_mail_address(client):
    Clinic.objects.update(visits_ahead_per_email=2, own_networks="127.0.0.1")
    for start, name in zip(QUARTERS, ("Alice", "Bob"), strict=False):
        book(client, start, name=name)
    choose(client, QUARTERS[2])
    type_details(client, name="Charlie", email="Alice@Patients.example")
    response = confirm(client)
    assert (response.status_code, response["Retry-After"]) == (429, "86400")
    assert "Please call us to book this appointment" in words_of(response)
    assert "Call 403-555-0100" in words_of(response)
    assert Appointment.objects.filter(status="booked").count() == 2
    assert Appointment.objects.filter(status="held").count() == 1
    type_details(client, name="Charlie", email="charlie@patients.example")
    assert confirm(client).status_code == 302


def test_cancelled_and_past_visits_do_not_count_as_ahead(client):
    Clinic.objects.update(visits_ahead_per_email=1, own_networks="127.0.0.1")
    Appointment.objects.filter(pk=book(client).pk).update(status="cancelled")
    Appointment.objects.filter(pk=book(client, QUARTERS[1]).pk).update(status="fulfilled")
    assert book(client, QUARTERS[2]).status == "booked"


def test_what_staff_have_booked_does_not_count(client, clinic):
    Clinic.objects.update(visits_ahead_per_email=1)
    patient = factories.make_patient(email="alice@patients.example")
    factories.make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, patient=patient,
        starts_at=QUARTERS[5],
    )  # fmt: skip
    assert book(client, QUARTERS[1]).status == "booked"


def test_invalid_links_are_limited_and_a_valid_one_still_opens(client, clinic, limit):
    limit(link=2)
    visit = factories.make_appointment(
        service=clinic.assessment, location=clinic.location, practitioner=clinic.steve, starts_at=NINE
    )
    wrong = "A" * 43
    assert [client.get(f"/appointment/{wrong}/").status_code for _ in range(4)] == [410, 410, 429, 429]
    assert client.head(f"/appointment/{wrong}/").status_code == 429
    assert client.get(f"/appointment/{manage_token(visit)}/").status_code == 302


def message(**answers):
    with time_machine.travel(timezone.now() - MINUTE, tick=False):
        token = sign_form_token("contact")
    data = {"name": "Alice Martin", "email": "alice@patients.example", "message": "May I bring my dog?"}
    return data | {"shown": token} | answers


def test_messages_are_limited_and_kept(client, limit):
    limit(contact=1)
    make_page(kind="contact", title="Contact")
    assert client.post("/contact/", message()).status_code == 302
    response = client.post("/contact/", message(message="And my <cat>?"))
    assert response.status_code == 429
    assert 'value="And my &lt;cat&gt;?"' in response.content.decode()
    assert Message.objects.count() == 1


def test_invalid_messages_do_not_count(client, limit):
    limit(contact=1)
    make_page(kind="contact", title="Contact")
    for _ in range(5):
        assert client.post("/contact/", message(email="alice")).status_code == 422
    assert client.post("/contact/", message()).status_code == 302


def log_in(client, password="wrong", name="owner"):
    return client.post("/staff/login/?next=/admin/", {"login": name, "password": password})


def test_failed_logins_are_limited_for_that_name_at_that_address_only(admin_user, limit):
    limit(**{"login by name": 2})
    admin_user.username = "owner"
    admin_user.set_password("correct horse")
    admin_user.save()
    guesser = Client()
    assert [log_in(guesser).status_code for _ in range(3)] == [200, 200, 429]
    response = log_in(guesser, "correct horse")
    assert response.status_code == 429
    assert "correct horse" not in response.content.decode()
    assert log_in(guesser, name="colleague").status_code == 200
    assert log_in(client_at_other_address(), "correct horse").status_code == 302


def test_successful_logins_do_not_count(admin_user, limit):
    limit(login=1)
    assert [log_in(Client(), "password", "admin").status_code for _ in range(3)] == [302, 302, 302]


def test_staff_who_use_the_public_pages_for_a_caller_are_not_limited(admin_client, limit, settings):
    limit(hold=1, book=1)
    settings.BOOKING_LIVE_HOLDS = 1
    choose(Client())
    for start in QUARTERS[1:4]:
        assert book(admin_client, start, name=f"Caller {start:%H%M}".replace("0", "o")).status == "booked"
