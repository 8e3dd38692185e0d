"""The first free times are measured once a day."""

from datetime import timedelta

import pytest
import time_machine

from booking.models import FirstFreeTime, TimeOff
from booking.reports.first_free import measure, measure_daily
from tests.support import factories
from tests.support.journey import make_small_clinic

pytestmark = pytest.mark.django_db


def test_each_practitioners_first_time_is_stored_in_days_from_today(now):
    clinic = make_small_clinic()  # It is Monday, 8:00 a.m.; with two hours of notice, both have times today.
    clinic.steve.working_hours.filter(weekday=0).delete()
    assert measure(now=now) == 3
    rows = FirstFreeTime.objects.order_by("service__slug", "practitioner__name")
    assert list(rows.values_list("service__slug", "practitioner__name", "days_ahead")) == [
        ("assessment", "Amara Okafor", 0),
        ("assessment", "Steve Hansen", 1),
        ("dry-needling", "Steve Hansen", 1),
    ]


def test_what_was_measured_first_on_a_day_stays(now):
    clinic = make_small_clinic()
    measure(now=now)
    clinic.steve.working_hours.all().delete()
    with time_machine.travel(now + timedelta(hours=6), tick=False):
        measure_daily()
    assert FirstFreeTime.objects.count() == 3
    assert FirstFreeTime.objects.filter(practitioner=clinic.steve, days_ahead=0).count() == 2


def test_a_day_without_any_free_time_is_stored_as_such(now):
    clinic = make_small_clinic()
    TimeOff.objects.create(practitioner=clinic.steve, starts_on=now.date(), ends_on=now.date() + timedelta(days=500))
    assert measure(now=now) == 1
    rows = FirstFreeTime.objects.order_by("service__slug", "practitioner__name")
    assert list(rows.values_list("practitioner__name", "days_ahead")) == [
        ("Amara Okafor", 0),
        ("Steve Hansen", None),
        ("Steve Hansen", None),
    ]


def test_who_has_no_hours_at_a_location_is_not_measured_there(now):
    clinic = make_small_clinic()
    factories.make_location(slug="other")
    clinic.steve.working_hours.all().delete()
    measure(now=now)
    assert [(row.practitioner, row.location) for row in FirstFreeTime.objects.all()] == [
        (clinic.amara, clinic.location)
    ]


def test_a_clinic_without_hours_has_none(now):
    assert measure(now=now) == 0
    assert measure_daily() == ""
