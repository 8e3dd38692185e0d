"""Steps of online booking are counted for visitors, and for nobody else."""

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.models import Appointment, BookingStepCount
from booking.statistics import steps
from tests.support.factories import make_appointment
from tests.support.journey import NINE, QUARTER_TO_TEN, book, choose, confirm, make_small_clinic, type_details

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TIMES = "/book/assessment/?visit=new"


@pytest.fixture
def clinic(db, stopped_clock):
    return make_small_clinic()


@pytest.fixture
def visitor():
    return Client(headers={"user-agent": BROWSER})


def counts():
    return dict(BookingStepCount.objects.values_list("step", "count"))


def test_a_booking_counts_each_step_once(visitor):
    visitor.get("/book/assessment/?visit=new")
    book(visitor)
    assert counts() == {"times": 1, "chosen": 1, "details": 1, "booked": 1}
    row = BookingStepCount.objects.get(step="booked")
    assert (row.day.isoformat(), row.service.slug, row.location.slug) == ("2026-11-23", "assessment", "okotoks")


def test_another_day_of_the_same_page_does_not_count_again(visitor):
    visitor.get(TIMES, headers={"referer": "http://testserver/treatments/back/"})
    visitor.get(f"{TIMES}&day=2026-11-25", headers={"referer": f"http://testserver{TIMES}"})
    assert counts() == {"times": 1}


def test_changing_the_time_or_the_details_does_not_count_again(visitor):
    choose(visitor)
    choose(visitor, QUARTER_TO_TEN)
    type_details(visitor)
    type_details(visitor, name="Alice M. Martin")
    assert counts() == {"chosen": 1, "details": 1}


def test_a_time_that_is_gone_counts_as_refused(visitor, clinic):
    for person in (clinic.steve, clinic.amara):
        make_appointment(service=clinic.assessment, practitioner=person, location=clinic.location, starts_at=NINE)
    assert choose(visitor).status_code == 409
    assert counts() == {"refused": 1}


def test_a_booking_that_is_refused_counts_as_refused(visitor, clinic):
    choose(visitor)
    type_details(visitor)
    Appointment.objects.filter(status="held").update(status="expired")
    for person in (clinic.steve, clinic.amara):
        make_appointment(service=clinic.assessment, practitioner=person, location=clinic.location, starts_at=NINE)
    assert confirm(visitor).status_code == 409
    assert counts() == {"chosen": 1, "details": 1, "refused": 1}


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user-agent": "Mozilla/5.0 (compatible; bingbot/2.0)"},
        {"user-agent": "curl/8.5.0"},
        {"user-agent": "facebookexternalhit/1.1 (preview)"},
        {"user-agent": ""},
        {"sec-purpose": "prefetch"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
    ],
    ids=str,
)
def test_crawlers_and_prefetching_are_not_counted(visitor, headers):
    assert visitor.get(TIMES, headers=headers).status_code == 200
    assert counts() == {}


def test_a_head_request_is_not_counted(visitor):
    assert visitor.head(TIMES).status_code == 200
    assert counts() == {}


def test_staff_are_not_counted(visitor):
    visitor.force_login(get_user_model().objects.create_user("sam", is_staff=True))
    visitor.get(TIMES)
    choose(visitor)
    assert counts() == {}


def test_no_other_page_writes_a_count(visitor):
    with CaptureQueriesContext(connection) as captured:
        for path in ("/", "/book/", "/team/", "/nowhere/", "/book/assessment/waitlist/"):
            visitor.get(path)
    assert not [row["sql"] for row in captured if "bookingstepcount" in row["sql"]]


def test_a_counted_page_costs_one_more_query(visitor):
    visitor.get(TIMES)
    with CaptureQueriesContext(connection) as captured:
        visitor.get(TIMES)
    assert len([row for row in captured if "bookingstepcount" in row["sql"]]) == 1
    assert counts() == {"times": 2}


def test_a_count_that_cannot_be_written_leaves_the_booking(visitor, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(BookingStepCount.objects, "filter", fail)
    book(visitor)
    assert "was not counted" in caplog.text
    assert "alice@patients.example" not in caplog.text


def test_nothing_of_the_visitor_is_stored(visitor):
    visitor.get(TIMES)
    names = {field.name for field in BookingStepCount._meta.get_fields()}
    assert names == {"id", "day", "location", "service", "step", "count"}
    assert set(visitor.cookies) <= {"csrf"}  # Looking at the times starts no session.


def test_the_parts_of_an_address_are_compared_without_the_query(rf):
    for referer, expected in (
        ("http://x/book/a/?day=1", True),
        ("http://x/book/b/", False),
        ("", False),
        ("http://[", False),
    ):
        request = rf.get("/book/a/?day=2", headers={"referer": referer})
        assert steps.came_from_same_page(request) is expected, referer
