"""Choosing a service: asked once whether it is the first visit, shown what is open to the answer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.journey import make_small_clinic, text_of, words_of
from tests.make import make_service


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return make_small_clinic()


def names(response):
    return [service.name for _, rows in response.context["groups"] for service in rows]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Physiotherapy assessment", "Dry needling"]),
        ("?visit=new", ["Physiotherapy assessment"]),
        ("?visit=returning", ["Physiotherapy assessment", "Dry needling"]),
    ],
    ids=["not said yet", "new", "returning"],
)
def test_only_what_is_open_to_the_answer_is_shown(client, query, shown):
    assert names(client.get(f"/book/{query}")) == shown


def test_each_service_says_for_whom_how_long_and_how_much(client):
    page = text_of(client.get("/book/"))
    assert all(words in page for words in ("A first visit for any ache", "45 minutes", "$140"))


def test_a_service_for_returning_patients_names_its_first_visit(client):
    page = text_of(client.get("/book/"))
    assert "New here? Start with" in page
    assert "/book/assessment/?visit=new" in page


def test_where_people_ask_different_prices_both_ends_are_shown(client, clinic):
    clinic.amara.practitioner_services.update(own_price=120)
    assert "$120 to $140" in text_of(client.get("/book/"))


def test_services_that_nobody_gives_or_staff_alone_book_are_not_shown(client):
    make_service(name="Nobody gives it")
    make_service(name="By phone", booked_by="staff")
    assert "Nobody gives it" not in names(client.get("/book/"))
    assert "By phone" not in names(client.get("/book/"))


@pytest.mark.parametrize("query", ["?visit=maybe", "?visit=new&visit=returning", "?visit[]=new", "?visit=%00"])
def test_an_answer_we_do_not_know_gets_a_page_that_says_so(client, query):
    response = client.get(f"/book/{query}")
    assert response.status_code == 400
    assert "/book/" in text_of(response)


def test_the_page_needs_a_fixed_number_of_queries(client, clinic):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get("/book/")
        return len(captured)

    queries()  # What every page says of the clinic may be remembered from the page before.
    with_few = queries()
    for number in range(3):
        clinic.steve.practitioner_services.create(service=make_service(name=f"Service {number}"))
    assert queries() == with_few <= 5


def test_reading_the_pages_begins_no_session(client):
    client.get("/book/?visit=new")
    client.get("/book/assessment/?visit=new")
    assert "session" not in client.cookies


def test_a_service_from_a_group_that_names_its_patients_asks_no_more(client):
    page = text_of(client.get("/book/"))
    assert 'href="/book/dry-needling/?visit=returning"' in page
    assert 'href="/book/assessment/"' in page


def test_the_opening_hours_name_the_closed_days_too(client, clinic):
    clinic.location.opening_hours.create(weekday=0, opens="08:00", closes="18:00")
    page = words_of(client.get("/book/"))
    assert "Monday 8:00 am to 6:00 pm Tuesday to Sunday closed" in page
