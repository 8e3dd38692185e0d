"""Choose a service: only the services open to new or to returning patients are shown."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.support.factories import make_service
from tests.support.journey import text_of, words_of

pytestmark = pytest.mark.usefixtures("clinic")


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


def test_each_service_shows_summary_duration_and_price(client):
    page = text_of(client.get("/book/"))
    assert all(words in page for words in ("A first visit for any ache", "45 minutes", "$140"))


def test_a_service_for_returning_patients_names_its_first_visit(client):
    page = text_of(client.get("/book/"))
    assert "New here? Start with a" in page
    assert "/book/assessment/?visit=new" in page


def test_different_prices_are_shown_as_a_range(client, clinic):
    clinic.amara.practitioner_services.update(own_price=120)
    assert "$120 to $140" in text_of(client.get("/book/"))


def test_services_that_cannot_be_booked_online_are_not_shown(client):
    make_service(name="Nobody gives it")
    make_service(name="By phone", booked_by="staff")
    assert "Nobody gives it" not in names(client.get("/book/"))
    assert "By phone" not in names(client.get("/book/"))


@pytest.mark.parametrize("query", ["?visit=maybe", "?visit=new&visit=returning", "?visit[]=new", "?visit=%00"])
def test_an_unknown_answer_gets_an_error_page(client, query):
    response = client.get(f"/book/{query}")
    assert response.status_code == 400
    assert "/book/" in text_of(response)


def test_the_page_runs_a_constant_number_of_queries(client, kept_facts, clinic):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get("/book/")
        return len(captured)

    queries()  # The first request after a change fills the site context cache.
    with_few = queries()
    for number in range(3):
        clinic.steve.practitioner_services.create(service=make_service(name=f"Service {number}"))
    queries()
    assert queries() == with_few <= 5


def test_viewing_the_pages_starts_no_session(client):
    client.get("/book/?visit=new")
    client.get("/book/assessment/?visit=new")
    assert "session" not in client.cookies


def test_the_link_of_a_service_for_returning_patients_answers_the_question(client):
    page = text_of(client.get("/book/"))
    assert 'href="/book/dry-needling/?visit=returning"' in page
    assert 'href="/book/assessment/"' in page


def test_the_opening_hours_name_the_closed_days_too(client, clinic):
    clinic.location.opening_hours.create(weekday=0, opens="08:00", closes="18:00")
    page = words_of(client.get("/"))
    assert "Monday 8:00 a.m. to 6:00 p.m. Tuesday to Sunday closed" in page
