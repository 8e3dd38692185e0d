"""Rule: one reading of the diary tells what each question would be told by itself."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from booking import scheduling
from booking.models import PractitionerService, Status
from booking.scheduling import Outlook, Search
from booking.templatetags.time_grid import radios
from tests.conftest import NOW
from tests.make import make_appointment, make_hours, make_location, make_practitioner, make_room, make_service

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def clinic():
    """Three people: one who is slower, one who is away for two weeks, and a hold of a visitor."""
    service, place = make_service(duration=timedelta(minutes=45), needs_room=True), make_location()
    for _ in range(2):
        make_room(place)
    people = [make_practitioner([service], position=number) for number in range(3)]
    PractitionerService.objects.filter(practitioner=people[1]).update(own_duration=timedelta(minutes=60))
    for person in people:
        starts_on = TODAY + timedelta(days=15) if person == people[2] else None
        make_hours(person, place, starts_on=starts_on)
    first = scheduling.next_free(service=service, now=NOW)
    taken = {"service": service, "location": place, "starts_at": first.starts_at}
    make_appointment(practitioner=people[0], **taken)
    make_appointment(
        practitioner=people[1], status=Status.HELD, hold_key="me", hold_expires_at=NOW + timedelta(minutes=9), **taken
    )
    return SimpleNamespace(service=service, place=place, people=people)


@pytest.mark.parametrize("holder", ["", "me"])
@pytest.mark.parametrize("alone", [False, True], ids=["anyone", "one person"])
@pytest.mark.parametrize("days", [(0, 6), (3, 3), (7, 13), (20, 26), (-9, -1), (50, 400)])
def test_the_same_openings_are_found(clinic, holder, alone, days):
    first, last = (TODAY + timedelta(days=number) for number in days)
    person = clinic.people[1] if alone else None
    outlook = Outlook(Search(clinic.service, NOW, location=clinic.place))
    outlook.first_of_each()  # Whatever was read before.
    asked = {"service": clinic.service, "now": NOW, "location": clinic.place, "holder": holder}
    expected = scheduling.open_starts(first_on=first, last_on=last, practitioner=person, **asked)
    assert outlook.held_by(holder).between(first, last, person) == expected
    assert bool(expected) is (days not in {(-9, -1)})


def test_the_first_of_each_is_the_same(clinic):
    outlook = Outlook(Search(clinic.service, NOW, location=clinic.place))
    expected = scheduling.next_free_each(service=clinic.service, now=NOW, location=clinic.place)
    assert outlook.first_of_each() == expected
    assert len(expected) == 3


def test_the_first_of_each_and_their_weeks_cost_one_reading(clinic, django_assert_num_queries):
    outlook = Outlook(Search(clinic.service, NOW, location=clinic.place))
    with django_assert_num_queries(1 + 2):  # The third person's first time is further away.
        outlook.first_of_each()
    with django_assert_num_queries(0):
        for day in range(60):
            outlook.between(TODAY + timedelta(days=day), TODAY + timedelta(days=day))


def test_what_stands_in_a_radio_button_is_text():
    odd = SimpleNamespace(
        value='"><b>', input_id="id_start_0", local=NOW, before="Monday, ", after=", with <b>&", other_person="<i>",
        is_chosen=True,
    )  # fmt: skip
    html = radios(NOW.date(), [odd])
    assert "<b>" not in html
    assert "<i>" not in html
    assert " checked>" in html
