"""SlotOverview returns the same slots as the separate queries."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from booking import scheduling
from booking.models import PractitionerService, Status
from booking.scheduling import SlotOverview, SlotQuery
from tests.conftest import NOW
from tests.support.factories import (
    make_appointment,
    make_hours,
    make_location,
    make_practitioner,
    make_room,
    make_service,
)

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def clinic():
    """Three practitioners: one with a longer duration, one away for two weeks; and a visitor's hold."""
    service, place = make_service(duration=timedelta(minutes=45), needs_room=True), make_location()
    for _ in range(2):
        make_room(place)
    people = [make_practitioner([service], position=number) for number in range(3)]
    PractitionerService.objects.filter(practitioner=people[1]).update(own_duration=timedelta(minutes=60))
    for person in people:
        starts_on = TODAY + timedelta(days=15) if person == people[2] else None
        make_hours(person, place, starts_on=starts_on)
    first = scheduling.next_slot(service=service, now=NOW)
    taken = {"service": service, "location": place, "starts_at": first.starts_at}
    make_appointment(practitioner=people[0], **taken)
    make_appointment(
        practitioner=people[1], status=Status.HELD, hold_key="me", hold_expires_at=NOW + timedelta(minutes=9), **taken
    )
    return SimpleNamespace(service=service, place=place, people=people)


def of_person(overview, slots, person):
    if person is None:
        return slots
    return [overview.for_practitioner(person.pk, slot) for slot in slots if person.pk in slot.practitioner_ids]


@pytest.mark.parametrize("holder", ["", "me"])
@pytest.mark.parametrize("alone", [False, True], ids=["anyone", "one person"])
@pytest.mark.parametrize("days", [(0, 6), (3, 3), (7, 13), (20, 26), (-9, -1), (50, 400)])
def test_the_slots_of_a_range_are_the_same(clinic, holder, alone, days):
    first, last = (TODAY + timedelta(days=number) for number in days)
    person = clinic.people[1] if alone else None
    overview = SlotOverview(SlotQuery(clinic.service, NOW, location=clinic.place))
    overview.first_of_each()  # Loads other windows first.
    params = {"service": clinic.service, "now": NOW, "location": clinic.place, "holder": holder}
    expected = scheduling.available_slots(first_on=first, last_on=last, practitioner=person, **params)
    assert of_person(overview.held_by(holder), overview.held_by(holder).between(first, last), person) == expected
    assert bool(expected) is (days not in {(-9, -1)})


@pytest.mark.parametrize("holder", ["", "me"])
@pytest.mark.parametrize("alone", [False, True], ids=["anyone", "one person"])
@pytest.mark.parametrize("days", [-3, 0, 16, 400])
def test_the_nearest_slots_are_the_same(clinic, holder, alone, days):
    person = clinic.people[2] if alone else None
    overview = SlotOverview(SlotQuery(clinic.service, NOW, location=clinic.place)).held_by(holder)
    params = {"service": clinic.service, "now": NOW, "location": clinic.place, "holder": holder}
    starts_at = NOW + timedelta(days=days)
    expected = scheduling.nearest_slots(starts_at=starts_at, practitioner=person, **params)
    is_wanted = lambda slot: person is None or person.pk in slot.practitioner_ids  # noqa: E731
    assert of_person(overview, overview.near(starts_at, 3, is_wanted=is_wanted), person) == expected
    assert len(expected) == 3


def test_the_first_of_each_is_the_same(clinic):
    overview = SlotOverview(SlotQuery(clinic.service, NOW, location=clinic.place))
    expected = scheduling.next_slot_by_practitioner(service=clinic.service, now=NOW, location=clinic.place)
    assert overview.first_of_each() == expected
    assert len(expected) == 3


def test_weeks_loaded_for_the_first_slots_are_not_loaded_again(clinic, django_assert_num_queries):
    overview = SlotOverview(SlotQuery(clinic.service, NOW, location=clinic.place))
    overview.first_of_each()
    with django_assert_num_queries(0):
        for day in range(42):
            overview.between(TODAY + timedelta(days=day), TODAY + timedelta(days=day))
