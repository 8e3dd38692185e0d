"""Property tests with random stored hours: slots follow the rules, and every page renders."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import scheduling
from booking.availability import DatedHours, LocationDay, Request, Schedule, TimeOffSpan, WallSpan, WeeklySpan
from booking.models import (
    Break,
    Closure,
    HoursOverride,
    Location,
    Practitioner,
    SpecialHours,
    TimeOff,
    WorkingHours,
)
from tests.booking.availability.test_rules import brute_force, quarters
from tests.conftest import NOW
from tests.support import factories
from tests.support.content_factories import make_site

pytestmark = pytest.mark.django_db
EDMONTON = ZoneInfo("America/Edmonton")
FIRST, LAST = date(2026, 11, 25), date(2026, 11, 27)
HALF_AN_HOUR = timedelta(minutes=30)
Times = tuple[time, time, bool]

nearby_dates = st.integers(-2, 3).map(lambda offset: FIRST + timedelta(days=offset))
weekdays = st.integers(0, 6)


@st.composite
def times(draw) -> Times:
    """Start, end and ends_next_day, as the database constraints allow them."""
    start, end = draw(quarters), draw(quarters)
    if end in (start, time(0)):
        return start, time(0), False
    return start, end, end < start


@st.composite
def away(draw) -> TimeOffSpan:
    first_on = draw(nearby_dates)
    time_off = TimeOffSpan(
        first_on,
        draw(st.none() | quarters),
        first_on + timedelta(days=draw(st.integers(0, 1))),
        draw(st.none() | quarters),
    )
    start, end = time_off.at(EDMONTON)
    return time_off if start < end else TimeOffSpan(first_on, None, first_on, None)


week = st.tuples(weekdays, times(), st.none() | nearby_dates)
hours = st.fixed_dictionaries(
    {
        "weekly": st.lists(week, max_size=6),
        "breaks": st.lists(week, max_size=2),
        "dated": st.lists(st.tuples(nearby_dates, st.none() | times()), max_size=4),
        "away": st.lists(away(), max_size=2),
    }
)


@contextmanager
def rolled_back():
    """Roll back the rows of one example."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def clinic(stopped_clock):
    factories.make_clinic()
    place = factories.make_location()
    service = factories.make_service(duration=HALF_AN_HOUR, step=HALF_AN_HOUR, needs_room=False)
    people = [factories.make_practitioner([service], name=name) for name in ("Amara Okafor", "Steve Hansen")]
    make_site()
    return place, service, people


def store_hours(person: Practitioner, place: Location, drawn: dict) -> Schedule:
    """Create the rows in the given order; returns the equivalent Schedule."""
    spans = [(day, WallSpan.between(*each), until, each) for day, each, until in drawn["weekly"]]
    breaks = [(day, WallSpan.between(*each), until, each) for day, each, until in drawn["breaks"]]
    for model, rows, fields in ((WorkingHours, spans, {"location": place}), (Break, breaks, {})):
        for weekday, _, until, each in rows:
            model.objects.create(practitioner=person, weekday=weekday, ends_on=until, **time_fields(each), **fields)
    overrides: dict[date, list[DatedHours]] = {}
    for on, each in drawn["dated"]:
        HoursOverride.objects.create(practitioner=person, location=place, on=on, **(time_fields(each) if each else {}))
        overrides.setdefault(on, []).append(DatedHours(place.pk, WallSpan.between(*each) if each else None))
    for time_off in drawn["away"]:
        TimeOff.objects.create(practitioner=person, **time_off._asdict())
    return Schedule(
        weekly=[WeeklySpan(weekday, span, place.pk, None, until) for weekday, span, until, _ in spans],
        overrides=overrides,
        breaks=[WeeklySpan(weekday, span, None, None, until) for weekday, span, until, _ in breaks],
        away=drawn["away"],
    )


def time_fields(each: Times) -> dict:
    return dict(zip(("start_time", "end_time", "ends_next_day"), each, strict=True))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(hours, min_size=2, max_size=2), closed=st.sets(nearby_dates, max_size=2))
def test_slots_of_stored_hours_agree_with_a_brute_force_model(clinic, drawn, closed):
    place, service, people = clinic
    with rolled_back():
        for day in closed:
            Closure.objects.create(location=place, on=day, name="Closed")
        schedules = {person.pk: store_hours(person, place, hours) for person, hours in zip(people, drawn, strict=True)}
        slots = scheduling.available_slots(service=service, now=NOW, first_on=FIRST, last_on=LAST)
        assert {(slot.starts_at, person) for slot in slots for person in slot.practitioner_ids} == {
            (start, person)
            for person, schedule in schedules.items()
            for start in brute_force(
                schedule,
                LocationDay(place.pk, EDMONTON, closed_on=frozenset(closed)),
                Request(duration=HALF_AN_HOUR, step=HALF_AN_HOUR),
                FIRST,
                LAST,
                datetime(2026, 1, 1, tzinfo=UTC),
            )
        }


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=hours, desk=st.lists(st.tuples(nearby_dates, st.none() | st.tuples(quarters, quarters)), max_size=4))
def test_every_page_renders_with_any_hours(clinic, drawn, desk):
    place, service, people = clinic
    pages = ["/", "/team/", "/fees/", "/contact/", "/book/", f"/book/{service.slug}/?visit=new"]
    with rolled_back():
        store_hours(people[0], place, drawn)
        for on, span in dict(desk).items():
            opens, closes = sorted(span) if span and len(set(span)) == 2 else (None, None)
            SpecialHours.objects.create(location=place, on=on, opens=opens, closes=closes)
        assert {path: Client().get(path).status_code for path in pages} == dict.fromkeys(pages, 200)
