"""/desk/reports/: for the owner only; hostile periods; CSV files; a constant number of queries."""

import csv
import re
import uuid
from copy import copy
from datetime import UTC, date, datetime, timedelta
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Appointment, BookingStepCount, FirstFreeTime
from booking.models.appointments import new_reference
from booking.reports.page import TABLES
from tests.support import factories
from tests.support.journey import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

PAGE = "/desk/reports/"
MAX_QUERIES = 20
MONDAY = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


def make_visits(location, number, *, people=1, **fields):
    """Attended visits, one every hour up to the Monday of the clock, shared by as many practitioners."""
    service = factories.make_service(name="Back assessment")
    rows = []
    for who in range(people):
        person = factories.make_practitioner([service], name=f"Person {who}")
        factories.make_hours(person, location)
        template = factories.make_appointment(
            service=service, practitioner=person, location=location, starts_at=MONDAY, status="fulfilled", **fields
        )
        for hours in range(1, number // people):
            visit = copy(template)
            visit.pk, visit.uid, visit.reference = None, uuid.uuid4(), new_reference()
            visit.starts_at, visit.ends_at = (at - timedelta(hours=hours) for at in (visit.starts_at, visit.ends_at))
            visit.local_on = visit.starts_at.astimezone(location.zone).date()
            rows.append(visit)
    Appointment.objects.bulk_create(rows, batch_size=200)
    return service


def read_csv(response):
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


def test_it_shows_this_month_to_its_owner(owner, location):
    make_visits(location, 30)
    words = words_of(owner.get(PAGE))
    assert "Visits held 30" in words
    assert "Person 0" in words


def test_an_empty_clinic_says_so(owner):
    response = owner.get(PAGE)
    assert response.status_code == 200
    assert "Nothing to count in these days." in words_of(response)


@pytest.mark.parametrize(
    ("query", "first", "last", "chosen"),
    [
        ("", "2026-11-01", "2026-11-23", "This month"),
        ("period=last_month", "2026-10-01", "2026-10-31", "Last month"),
        ("period=year", "2026-01-01", "2026-11-23", "This year"),
        ("from=2026-10-01&to=2026-10-31", "2026-10-01", "2026-10-31", "Last month"),
        ("from=2026-10-01&to=2026-11-23", "2026-10-01", "2026-11-23", "This quarter"),
        ("from=2026-10-01&to=2026-10-30", "2026-10-01", "2026-10-30", None),
        ("period=year&from=2026-10-01&to=2026-10-30", "2026-10-01", "2026-10-30", None),
    ],
)
def test_the_days_that_are_shown_stand_in_the_form_and_their_period_is_marked(
    owner, location, query, first, last, chosen
):
    html = owner.get(f"{PAGE}?{query}").content.decode()
    assert re.findall(r'name="(from|to|period)" value="(.*?)"', html) == [("from", first), ("to", last)]
    assert re.findall(r'href="/desk/reports/[^"]*" aria-current="true">(.*?)<', html) == ([chosen] if chosen else [])


def test_a_period_of_one_click_keeps_the_location(owner, location):
    factories.make_location(slug="other")
    html = unescape(owner.get(f"{PAGE}?location=other").content.decode())
    for name in ("month", "last_month", "quarter", "year"):
        assert f'href="{PAGE}?location=other&period={name}"' in html


def test_no_patient_is_named(owner, location):
    make_visits(location, 12, patient=factories.make_patient(name="Zebedee Quill"))
    assert b"Zebedee" not in owner.get(PAGE).content
    for name in TABLES:
        assert b"Zebedee" not in b"".join(owner.get(f"{PAGE}{name}.csv").streaming_content)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-09&to=2026-11-01", "can't be before"),
        ("from=2020-01-01&to=2026-01-01", "at most two years"),
        ("from=2026-11-01", "Enter both days"),
        ("from=yesterday&to=2026-11-01", "such as 2026-11-24"),
        ("from=0001-01-01&to=0001-01-02", "after the year 2000"),
        ("from=9999-12-31&to=9999-12-31", "an earlier day"),
        ("period=decade", "Select a valid choice"),
        ("location=elsewhere", "Select a valid choice"),
        ("location=%F0%9F%8D%81" + "x" * 3000, "Select a valid choice"),
        ("from=2026-11-01%27%20OR%201&to=2026-11-02", "such as 2026-11-24"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(owner, location, query, words):
    factories.make_location(slug="other")
    response = owner.get(f"{PAGE}?{query}")
    assert response.status_code == 422
    assert words in unescape(words_of(response))
    assert owner.get(f"{PAGE}visits.csv?{query}").status_code == 404


@pytest.mark.parametrize(
    "query", ["period=%00", "from=%00&to=%00", "location=%00", "location=%ED%A0%80", "period=a&period=b"]
)
def test_characters_that_no_database_stores_are_refused(owner, location, query):
    assert owner.get(f"{PAGE}?{query}").status_code in {400, 422}


@pytest.mark.parametrize(
    "query", ["from=2000-01-01&to=2001-12-31", "from=2199-12-30&to=2199-12-31", "from=2024-02-29&to=2026-02-28"]
)
def test_the_ends_of_the_calendar_can_be_shown(owner, location, query):
    assert owner.get(f"{PAGE}?{query}").status_code == 200


def test_the_desk_links_to_it_for_the_owner_only(owner, client, location):
    assert b'href="/desk/reports/"' in owner.get("/desk/").content
    user = get_user_model().objects.create_user("fran", "fran@clinic.example", is_staff=True)
    user.groups.add(Group.objects.get(name="Front desk"))
    client.force_login(user)
    assert b'href="/desk/reports/"' not in client.get("/desk/").content
    assert client.get(PAGE).status_code == 403


def test_an_unknown_table_is_not_found(owner):
    assert owner.get(f"{PAGE}patients.csv").status_code == 404


def test_a_csv_file_has_the_tables_numbers_and_is_not_stored(owner, location):
    make_visits(location, 30)
    response = owner.get(f"{PAGE}visits.csv?from=2026-11-01&to=2026-11-30")
    assert response["Content-Disposition"] == 'attachment; filename="visits-2026-11-01-to-2026-11-30.csv"'
    assert "no-store" in response["Cache-Control"]
    rows = read_csv(response)
    assert rows[1][:4] == ["Person 0", "Back assessment", "30", "30"]
    assert rows[-1][0] == "Everyone"


def test_small_numbers_are_hidden_in_csv_files_too(owner, location):
    make_visits(location, 3)
    rows = read_csv(owner.get(f"{PAGE}visits.csv"))
    assert rows[1][2:4] == ["under 5", "under 5"]
    assert rows[1][-1] == "under 5"  # Three fees would tell how many they are.
    assert "3" not in {cell for row in rows for cell in row}


def test_names_that_look_like_formulas_are_quoted(owner, location):
    service = make_visits(location, 8)
    type(service).objects.filter(pk=service.pk).update(name="=HYPERLINK(1)")
    assert read_csv(owner.get(f"{PAGE}visits.csv"))[1][1] == "'=HYPERLINK(1)"


def count_queries(owner, query=""):
    owner.get(PAGE)
    with CaptureQueriesContext(connection) as captured:
        assert owner.get(f"{PAGE}{query}").status_code == 200
    return len(captured)


def test_the_number_of_queries_does_not_grow(owner, location):
    service = make_visits(location, 10)
    few = count_queries(owner, "?period=year")
    make_visits(location, 990, people=5)
    for step in BookingStepCount.Step:
        BookingStepCount.objects.create(day=date(2026, 11, 20), service=service, location=location, step=step, count=7)
    for person in service.practitioners.all():
        FirstFreeTime.objects.create(
            day=date(2026, 11, 20), service=service, location=location, practitioner=person, days_ahead=3
        )
    assert count_queries(owner, "?period=year") == few <= MAX_QUERIES


def test_first_free_times_are_averages_of_days(owner, location):
    service = make_visits(location, 6)
    person = service.practitioners.get()
    for day, ahead in ((18, 2), (19, 5), (20, 5), (21, None)):
        FirstFreeTime.objects.create(
            day=date(2026, 11, day), service=service, location=location, practitioner=person, days_ahead=ahead
        )
    assert read_csv(owner.get(f"{PAGE}first-free-times.csv"))[1:] == [
        ["Person 0", "Back assessment", "4.0", "on 1 of 4 days"]
    ]


def test_who_never_had_a_free_time_is_shown_as_full(owner, location):
    service = make_visits(location, 6)
    person = service.practitioners.get()
    FirstFreeTime.objects.create(
        day=date(2026, 11, 20), service=service, location=location, practitioner=person, days_ahead=None
    )
    assert read_csv(owner.get(f"{PAGE}first-free-times.csv"))[1][2:] == ["always full", "on 1 of 1 day"]
    assert "always full" in words_of(owner.get(PAGE))


def test_bookings_are_told_by_the_page_that_they_came_from(owner, location):
    make_visits(location, 9, booked_from="(desk)")
    Appointment.objects.filter(pk__in=list(Appointment.objects.values_list("pk", flat=True)[:4])).update(
        booked_from="gone"
    )
    Appointment.objects.update(created_at=MONDAY, is_first_visit=True)
    for visit in Appointment.objects.all():
        Appointment.objects.filter(pk=visit.pk).update(patient=factories.make_patient())
    rows = read_csv(owner.get(f"{PAGE}origins.csv"))
    assert rows[1:] == [
        ["Front desk, by phone or in person", "not shown", "not shown"],
        ["gone", "under 5", "under 5"],
        ["Together", "9", "9"],
    ]
