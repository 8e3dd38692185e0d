"""Steps of online booking are counted for visitors, and for nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import scheduling, tokens
from booking.models import Appointment, BookingStepCount
from booking.statistics import steps
from tests.support.factories import make_appointment
from tests.support.journey import NINE, QUARTER_TO_TEN, book, choose, confirm, instant, make_small_clinic, type_details

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]

Step = BookingStepCount.Step
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


def test_the_steps_of_one_evening_are_on_one_day_with_a_location_or_without(rf, clinic):
    request, nine_in_the_evening = rf.get("/", headers={"user-agent": BROWSER}), datetime(2026, 11, 25, 4, tzinfo=UTC)
    request.user = AnonymousUser()
    for location in (clinic.location, None):
        steps.count_step(request, Step.TIMES, service=clinic.assessment, location=location, now=nine_in_the_evening)
    assert {row.day.isoformat() for row in BookingStepCount.objects.all()} == {"2026-11-24"}
    assert BookingStepCount.objects.count() == 2


@pytest.mark.parametrize("command", ["book", "book_basket"])
def test_a_press_that_finds_the_visit_booked_does_not_count_again(visitor, monkeypatch, command):
    """Two presses are in flight: when the second gets the lock, the first has booked."""
    if command == "book_basket":
        starts = [instant(NINE), instant(NINE + timedelta(days=1))]
        visitor.post("/book/assessment/?visit=new&several=1", {"start": starts})
    else:
        choose(visitor)
    type_details(visitor)
    context = visitor.get("/book/check/").context
    form = {"hold": context.get("stamp") or context["hold"].reference, "submission_key": context["submission_key"]}
    original = getattr(scheduling, command)

    def book_twice(**fields):
        original(**fields)
        return original(**fields)

    monkeypatch.setattr(scheduling, command, book_twice)
    assert visitor.post("/book/check/", form).status_code == 302
    assert counts().keys() >= {"chosen", "details"}
    assert "booked" not in counts()  # The first press has counted it.


def test_confirming_by_link_counts_once_too(visitor, clinic, monkeypatch):
    waiting = make_appointment(
        service=clinic.assessment, practitioner=clinic.steve, location=clinic.location, starts_at=NINE,
        status="unconfirmed", hold_expires_at=timezone.now() + timedelta(minutes=50), is_unverified=True,
    )  # fmt: skip
    visitor.get(f"/appointment/{tokens.manage_token(waiting)}/", follow=True)
    original = scheduling.confirm
    monkeypatch.setattr(scheduling, "confirm", lambda **fields: original(**fields) and original(**fields))
    assert visitor.post("/appointment/confirm/", {"reference": waiting.reference}).status_code == 302
    assert Appointment.objects.get().status == "booked"
    assert counts() == {}


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
