"""``?from=``: the page that led to booking goes with the visitor, and is stored with the appointment."""

import pytest

from booking.models import Appointment, BookedFrom
from tests.support.content_factories import make_page
from tests.support.journey import NINE, QUARTER_TO_TEN, as_shown, book, choose, confirm, text_of, type_details

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def page(clinic):
    return make_page(slug="dry-needling-for-back-pain")


def finish(client):
    type_details(client)
    confirm(client)
    return Appointment.objects.get(status="booked").booked_from


def test_the_page_is_stored_with_the_appointment(client, page):
    choose(client, query=f"?visit=new&from={page.slug}")
    assert finish(client) == page.slug


def test_it_goes_through_the_list_of_services_and_the_links_of_the_times(client, page):
    services = text_of(client.get(f"/book/?from={page.slug}"))
    assert f'href="/book/assessment/?from={page.slug}"' in services
    times = client.get(f"/book/assessment/?from={page.slug}")
    for name in ("as_new", "here", "waitlist", "post_to", "everywhere", "services"):
        assert f"from={page.slug}" in times.context[name], name


def test_another_time_keeps_the_page(client, page):
    choose(client, query=f"?visit=new&from={page.slug}")
    choose(client, QUARTER_TO_TEN)
    assert finish(client) == page.slug


def test_a_page_that_is_one_of_its_kind_goes_by_its_kind(client, clinic):
    make_page(kind="home", slug="")
    choose(client, query="?visit=new&from=home")
    assert finish(client) == "home"


@pytest.mark.parametrize(
    "value",
    [
        "nowhere",
        "snippet",
        "page",
        "treatment",
        "(desk)",
        "%28desk%29",
        "a" * 5000,
        "'%20OR%201=1",
        "%3Cscript%3E",
        "ünder",
        "2026-11-24",
        "fees",
    ],
)
def test_what_is_no_published_page_is_dropped(client, clinic, value):
    make_page(kind="fees", slug="", is_published=False)
    response = client.get(f"/book/assessment/?visit=new&from={value}")
    assert response.status_code == 200
    assert response.context["params"].came_from == ""
    assert "from=" not in response.context["here"]
    choose(client, query=f"?visit=new&from={value}")
    assert finish(client) == ""


def test_a_repeated_page_is_refused(client, page):
    for path in ("/book/", "/book/assessment/"):
        assert client.get(f"{path}?from={page.slug}&from=home").status_code == 400


def test_a_day_under_its_old_name_still_opens(client, page):
    assert client.get("/book/assessment/?visit=new&from=2026-11-25").context["params"].day.isoformat() == "2026-11-25"


def test_without_a_page_nothing_is_asked_of_the_database_about_pages(client, clinic, django_assert_max_num_queries):
    assert client.get("/book/assessment/?visit=new&from=%20").context["params"].came_from == ""


def test_book_again_is_told_from_a_page(client, page):
    visit = book(client)
    client.post("/appointment/again/", as_shown(visit) | {"for": "same"})
    choose(client, QUARTER_TO_TEN, query="?visit=returning")
    type_details(client)
    confirm(client)
    made = Appointment.objects.exclude(pk=visit.pk).get(status="booked")
    assert (visit.booked_from, made.booked_from) == ("", BookedFrom.AGAIN)


def test_the_next_booking_of_a_session_starts_anew(client, page):
    choose(client, NINE, query=f"?visit=new&from={page.slug}")
    type_details(client)
    confirm(client)
    choose(client, QUARTER_TO_TEN)
    type_details(client, name="Bea Martin")
    confirm(client)
    assert set(Appointment.objects.filter(status="booked").values_list("booked_from", flat=True)) == {page.slug, ""}
