"""Whatever hours staff may store, free times are what the rules say of them, and every page answers."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import scheduling
from booking.availability import Away, DatedHours, Place, Request, Schedule, WallSpan, WeeklySpan
from booking.models import (
    Break,
    Closure,
    HoursOverride,
    Location,
    OpeningException,
    Practitioner,
    TimeOff,
    WorkingHours,
)
from tests import make
from tests.conftest import NOW
from tests.make_content import make_site
from tests.test_availability import brute_force, quarters

pytestmark = pytest.mark.django_db
EDMONTON = ZoneInfo("America/Edmonton")
FIRST, LAST = date(2026, 11, 25), date(2026, 11, 27)
HALF_AN_HOUR = timedelta(minutes=30)
Times = tuple[time, time, bool]

near = st.integers(-2, 3).map(lambda offset: FIRST + timedelta(days=offset))
weekdays = st.integers(0, 6)


@st.composite
def times(draw) -> Times:
    """From, to, and whether that is the next day: as the database lets them be."""
    start, end = draw(quarters), draw(quarters)
    if end in (start, time(0)):
        return start, time(0), False
    return start, end, end < start


@st.composite
def away(draw) -> Away:
    begins = draw(near)
    stretch = Away(
        begins, draw(st.none() | quarters), begins + timedelta(days=draw(st.integers(0, 1))), draw(st.none() | quarters)
    )
    start, end = stretch.at(EDMONTON)
    return stretch if start < end else Away(begins, None, begins, None)


week = st.tuples(weekdays, times(), st.none() | near)
hours = st.fixed_dictionaries(
    {
        "weekly": st.lists(week, max_size=6),
        "breaks": st.lists(week, max_size=2),
        "dated": st.lists(st.tuples(near, st.none() | times()), max_size=4),
        "away": st.lists(away(), max_size=2),
    }
)


@contextmanager
def taken_back():
    """What one example stores is gone before the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def clinic(stopped_clock):
    make.make_clinic()
    place = make.make_location()
    service = make.make_service(duration=HALF_AN_HOUR, step=HALF_AN_HOUR, needs_room=False)
    people = [make.make_practitioner([service], name=name) for name in ("Amara Okafor", "Steve Hansen")]
    make_site()
    return place, service, people


def stored(person: Practitioner, place: Location, told: dict) -> Schedule:
    """Store the rows, in the order in which they were told; what they mean."""
    spans = [(day, WallSpan.between(*each), until, each) for day, each, until in told["weekly"]]
    pauses = [(day, WallSpan.between(*each), until, each) for day, each, until in told["breaks"]]
    for model, rows, more in ((WorkingHours, spans, {"location": place}), (Break, pauses, {})):
        for weekday, _, until, each in rows:
            model.objects.create(practitioner=person, weekday=weekday, ends_on=until, **named(each), **more)
    overrides: dict[date, list[DatedHours]] = {}
    for on, each in told["dated"]:
        HoursOverride.objects.create(practitioner=person, location=place, on=on, **(named(each) if each else {}))
        overrides.setdefault(on, []).append(DatedHours(place.pk, WallSpan.between(*each) if each else None))
    for stretch in told["away"]:
        TimeOff.objects.create(practitioner=person, **stretch._asdict())
    return Schedule(
        weekly=[WeeklySpan(weekday, span, place.pk, None, until) for weekday, span, until, _ in spans],
        overrides=overrides,
        breaks=[WeeklySpan(weekday, span, None, None, until) for weekday, span, until, _ in pauses],
        away=told["away"],
    )


def named(each: Times) -> dict:
    return dict(zip(("start_time", "end_time", "ends_next_day"), each, strict=True))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(hours, min_size=2, max_size=2), closed=st.sets(near, max_size=2))
def test_free_times_read_from_rows_agree_with_counting_minutes(clinic, told, closed):
    place, service, people = clinic
    with taken_back():
        for day in closed:
            Closure.objects.create(location=place, on=day, name="Closed")
        schedules = {person.pk: stored(person, place, theirs) for person, theirs in zip(people, told, strict=True)}
        found = scheduling.open_starts(service=service, now=NOW, first_on=FIRST, last_on=LAST)
        assert {(one.starts_at, person) for one in found for person in one.practitioner_ids} == {
            (start, person)
            for person, schedule in schedules.items()
            for start in brute_force(
                schedule,
                Place(place.pk, EDMONTON, closed_on=frozenset(closed)),
                Request(duration=HALF_AN_HOUR, step=HALF_AN_HOUR),
                FIRST,
                LAST,
                datetime(2026, 1, 1, tzinfo=UTC),
            )
        }


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=hours, desk=st.lists(st.tuples(near, st.none() | st.tuples(quarters, quarters)), max_size=4))
def test_every_page_answers_whatever_hours_there_are(clinic, told, desk):
    place, service, people = clinic
    pages = ["/", "/team/", "/fees/", "/contact/", "/book/", f"/book/{service.slug}/?visit=new"]
    with taken_back():
        stored(people[0], place, told)
        for on, spoken in dict(desk).items():
            opens, closes = sorted(spoken) if spoken and len(set(spoken)) == 2 else (None, None)
            OpeningException.objects.create(location=place, on=on, opens=opens, closes=closes)
        assert {path: Client().get(path).status_code for path in pages} == dict.fromkeys(pages, 200)
