"""Hours for one date and a day off on that date contradict each other."""

from datetime import date, time

import pytest
from django.core.exceptions import ValidationError

from booking.models import HoursOverride
from tests.support.factories import make_location, make_practitioner

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)
HOURS = {"start_time": time(9), "end_time": time(12)}


@pytest.fixture
def practitioner():
    return make_practitioner()


@pytest.mark.parametrize("same_place", [True, False], ids=["same location", "another location"])
@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [(HOURS, {}, "has hours on Nov 24, 2026"), ({}, HOURS, "has a day off on Nov 24, 2026")],
    ids=["hours first", "day off first"],
)
def test_a_day_off_beside_hours_is_refused_both_ways(practitioner, location, first, second, sentence, same_place):
    HoursOverride.objects.create(practitioner=practitioner, location=location, on=DAY, **first)
    place = location if same_place else make_location()
    with pytest.raises(ValidationError) as refused:
        HoursOverride(practitioner=practitioner, location=place, on=DAY, **second).full_clean()
    assert sentence in refused.value.messages[0]


def test_changing_hours_into_a_day_off_beside_other_hours_is_refused(practitioner, location):
    row = HoursOverride.objects.create(practitioner=practitioner, location=location, on=DAY, **HOURS)
    afternoon = {"start_time": time(13), "end_time": time(17)}
    HoursOverride.objects.create(practitioner=practitioner, location=location, on=DAY, **afternoon)
    row.full_clean()
    row.start_time = row.end_time = None
    with pytest.raises(ValidationError):
        row.full_clean()


def test_a_row_may_change_its_kind_whatever_other_people_and_days_have(practitioner, location):
    row = HoursOverride.objects.create(practitioner=practitioner, location=location, on=DAY)
    HoursOverride.objects.create(practitioner=make_practitioner(), location=location, on=DAY, **HOURS)
    HoursOverride.objects.create(practitioner=practitioner, location=location, on=date(2026, 11, 25), **HOURS)
    row.start_time, row.end_time = time(9), time(12)
    row.full_clean()
    row.save()
    assert HoursOverride.objects.get(pk=row.pk).start_time == time(9)
