"""Query counts of the times page, independent of the clinic's size. The site context cache is filled first."""

import uuid
from copy import copy
from datetime import date, timedelta
from itertools import islice

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Appointment, Closure, WorkingHours, new_reference
from tests.support.factories import make_appointment, make_hours, make_practitioner
from tests.support.journey import NINE, choose, make_small_clinic

pytestmark = pytest.mark.usefixtures("kept_facts")
MAX_QUERIES = 16


@pytest.fixture
def clinic(transactional_db, stopped_clock):
    return make_small_clinic()


def fill_diary(clinic, people, number):
    """Create ``number`` appointments from Monday on, leaving each practitioner's last hours of the day free."""
    template = make_appointment(service=clinic.assessment, location=clinic.location, practitioner=people[0])
    weekdays = (NINE + timedelta(weeks=week, days=day) for week in range(8) for day in range(-1, 4))
    starts = ((day + timedelta(hours=hour), person) for day in weekdays for hour in range(6) for person in people)
    rows = []
    for start, person in islice(starts, number):
        visit = copy(template)
        visit.pk, visit.uid, visit.reference = None, uuid.uuid4(), new_reference()
        visit.practitioner, visit.starts_at, visit.ends_at = person, start, start + timedelta(minutes=45)
        rows.append(visit)
    template.delete()
    Appointment.objects.bulk_create(rows, batch_size=200)


def count_queries(client, monday):
    client.get("/book/")
    with CaptureQueriesContext(connection) as captured:
        page = client.get(f"/book/assessment/?visit=new&day={monday}")
    assert page.status_code == 200
    return len(captured), page


def test_the_query_count_does_not_grow_with_practitioners_and_appointments(client, clinic):
    clinic.assessment.practitioner_services.filter(practitioner=clinic.amara).delete()
    fill_diary(clinic, [clinic.steve], 10)
    with_one, _ = count_queries(client, "2026-11-30")
    people = [make_practitioner([clinic.assessment], name=name) for name in ("Jo Bell", "Mia Tran", "Al Fox", "Bo Hay")]
    for person in people:
        make_hours(person, clinic.location)
    fill_diary(clinic, people, 990)
    assert count_queries(client, "2026-11-30")[0] == with_one <= MAX_QUERIES


def test_a_hold_adds_no_queries_beyond_the_maximum(client, clinic):
    choose(client)
    assert count_queries(client, "2026-11-30")[0] <= MAX_QUERIES


def test_compact_days_add_one_query_for_any_number_of_practitioners(client, clinic):
    # Amara has fewer visits, so the times are hers; Steve's are those at which she is busy.
    monday = NINE + timedelta(days=6)
    for person, hour in ((clinic.amara, 0), (clinic.steve, 3), (clinic.steve, 5)):
        starts_at = monday + timedelta(hours=hour)
        make_appointment(service=clinic.assessment, practitioner=person, location=clinic.location, starts_at=starts_at)
    without, page = count_queries(client, "2026-11-30")
    assert {choice.person for choice in page.context["calendar"].choices} == {clinic.amara, clinic.steve}
    type(clinic.steve).objects.update(compact_days=True)
    assert count_queries(client, "2026-11-30")[0] == without + 1 <= MAX_QUERIES


def test_an_empty_day_stays_within_the_maximum(client, clinic):
    WorkingHours.objects.filter(weekday__gt=0).delete()
    Closure.objects.create(location=clinic.location, on=date(2026, 12, 7), name="Founders Day")
    queries, page = count_queries(client, "2026-12-07")
    assert not page.context["calendar"].choices
    assert queries <= MAX_QUERIES
