"""A step can cost capacity: how many fit in a day, and the most that could fit (R5)."""

from datetime import date, time, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from booking import scheduling
from booking.models import Break, PractitionerService, Service, TimeOff
from tests.support.factories import make_hours, make_location, make_practitioner, make_service

TODAY = date(2026, 11, 23)  # A Monday.
pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def service():
    return make_service(duration=45 * MINUTE, buffer_after=10 * MINUTE)


@pytest.fixture
def practitioner(service, location):
    """Nine hours with a lunch break."""
    practitioner = make_practitioner([service])
    make_hours(practitioner, location, start_time=time(9), end_time=time(18))
    for weekday in range(5):
        Break.objects.create(practitioner=practitioner, weekday=weekday, start_time=time(12), end_time=time(13))
    return practitioner


def capacity(service, **fields):
    (only,) = scheduling.day_capacities([service], today=TODAY, **fields)[service.pk]
    return only.visits, only.most


@pytest.mark.parametrize(("step", "visits"), [(None, 5), (45, 5), (15, 8), (5, 8), (65, 7)], ids=str)
def test_the_step_decides_how_many_visits_a_day_holds(service, practitioner, step, visits):
    service.step = step and step * MINUTE
    assert capacity(service) == (visits, 8)


def test_the_visits_that_are_counted_can_be_booked(service, practitioner, location, now):
    """Book the earliest time that is offered, until none is left."""
    service.step = 15 * MINUTE
    service.horizon_days = 7
    service.save()
    day, booked = date(2026, 11, 25), 0
    while slots := scheduling.available_slots(service=service, now=now, first_on=day, last_on=day):
        held = scheduling.hold(
            service=service, starts_at=slots[0].starts_at, holder=str(booked), by=scheduling.Actor.patient(), now=now,
            location=location, visitor=scheduling.Visitor(proved_email="alice@patients.example"),
        )  # fmt: skip
        booked += 1
        assert held.local_on == day
    assert booked == capacity(service)[0] == 8


def test_a_persons_own_length_and_longest_usual_day_count(service, practitioner, location):
    PractitionerService.objects.update(own_duration=110 * MINUTE)
    make_hours(practitioner, location, weekdays=[5], start_time=time(8), end_time=time(20))
    TimeOff.objects.create(practitioner=practitioner, starts_on=TODAY, ends_on=TODAY + timedelta(days=30))
    (only,) = scheduling.day_capacities([service], today=TODAY)[service.pk]
    assert (only.day.weekday(), only.visits, only.most) == (5, 3, 6)


def test_people_who_have_left_or_have_no_hours_are_left_out(service, practitioner):
    make_practitioner([service])
    practitioner.is_active = False
    practitioner.save()
    assert scheduling.day_capacities([service], today=TODAY) == {service.pk: []}


def test_new_services_are_offered_every_fifteen_minutes():
    assert Service(duration=45 * MINUTE).step == 15 * MINUTE


class TestMigration:
    def migrate(self):
        module = import_module("booking.migrations.0020_explicit_step")
        module.write_implicit_step(apps, SimpleNamespace(connection=connection))

    def test_no_offered_time_moves(self, now):
        place = make_location()
        plain = make_service(duration=45 * MINUTE)
        chosen = make_service(duration=45 * MINUTE, step=20 * MINUTE)
        mixed = make_service(duration=30 * MINUTE)
        short = make_service(duration=3 * MINUTE)
        for service in (plain, chosen, mixed, short):
            for _ in range(2):
                make_hours(make_practitioner([service]), place, start_time=time(9), end_time=time(12))
        slower = PractitionerService.objects.filter(service=mixed).first()
        slower.own_duration = 50 * MINUTE
        slower.save()

        def offered():
            query = {"now": now, "first_on": TODAY, "last_on": TODAY + timedelta(days=7)}
            return [scheduling.available_slots(service=service, **query) for service in Service.objects.order_by("pk")]

        before = offered()
        for _ in range(2):
            self.migrate()
            assert offered() == before
        steps = dict(Service.objects.values_list("pk", "step"))
        assert steps == {plain.pk: 45 * MINUTE, chosen.pk: 20 * MINUTE, mixed.pk: None, short.pk: None}
