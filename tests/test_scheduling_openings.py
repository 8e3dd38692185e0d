"""What open_starts and its relatives offer, from real rows."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking import scheduling
from booking.models import Break, Closure, HoursOverride, PractitionerService, Status, TimeOff, WorkingHours
from tests.make import make_appointment, make_hours, make_location, make_practitioner, make_room, make_service

TUESDAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db


def at(hour, minute=0, day=24):
    """An instant by Alberta's clock, which is UTC-06."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def service():
    return make_service(duration=timedelta(hours=1))


@pytest.fixture
def place():
    return make_location()


@pytest.fixture
def practitioner(service, place):
    made = make_practitioner([service])
    make_hours(made, place, start_time=time(9), end_time=time(12))
    return made


def open_on_tuesday(service, now, **fields):
    found = scheduling.open_starts(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY, **fields)
    return [opening.starts_at for opening in found]


def test_an_open_start_says_when_where_and_who(service, place, practitioner, now):
    found = scheduling.open_starts(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY)
    assert found == [scheduling.Opening(at(h), at(h + 1), place.pk, (practitioner.pk,)) for h in (9, 10, 11)]


def test_every_kind_of_row_is_taken_into_account(service, place, practitioner, now):
    Break.objects.create(practitioner=practitioner, weekday=1, start_time=time(10, 30), end_time=time(10, 45))
    TimeOff.objects.create(practitioner=practitioner, starts_on=TUESDAY, start_time=time(11, 30), ends_on=TUESDAY)
    assert open_on_tuesday(service, now) == [at(9)]
    make_appointment(practitioner=practitioner, service=service, location=place, starts_at=at(9))
    assert open_on_tuesday(service, now) == []
    HoursOverride.objects.create(
        practitioner=practitioner, location=place, on=TUESDAY, start_time=time(14), end_time=time(15)
    )
    TimeOff.objects.all().delete()
    assert open_on_tuesday(service, now) == [at(14)]


def test_a_day_off_and_a_day_of_other_hours_of_one_person_are_both_taken_into_account(
    service, place, practitioner, now
):
    HoursOverride.objects.create(practitioner=practitioner, location=place, on=TUESDAY)
    HoursOverride.objects.create(
        practitioner=practitioner,
        location=place,
        on=TUESDAY + timedelta(days=1),
        start_time=time(14),
        end_time=time(15),
    )
    found = scheduling.open_starts(
        service=service, now=now, first_on=TUESDAY, last_on=TUESDAY + timedelta(days=1), location=place
    )
    assert [opening.starts_at for opening in found] == [at(14, day=25)]


def test_a_closure_shuts_one_location_for_everyone(service, place, practitioner, now):
    elsewhere = make_location(name="High River")
    make_hours(make_practitioner([service]), elsewhere, start_time=time(9), end_time=time(10))
    Closure.objects.create(location=place, on=TUESDAY, name="Family Day")
    found = scheduling.open_starts(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY)
    assert [opening.location_id for opening in found] == [elsewhere.pk]


@pytest.mark.parametrize(("status", "is_free"), [(s, s in {"cancelled", "expired"}) for s in Status.values])
def test_only_cancelled_and_expired_times_are_free_again(service, place, practitioner, now, status, is_free):
    make_appointment(
        practitioner=practitioner, service=service, location=place, starts_at=at(10), status=status,
    )  # fmt: skip
    assert (at(10) in open_on_tuesday(service, now)) is is_free


def test_a_hold_counts_until_the_instant_it_expires_and_never_for_its_holder(service, place, practitioner, now):
    end = now + timedelta(minutes=10)
    make_appointment(
        practitioner=practitioner, service=service, location=place, starts_at=at(10), status=Status.HELD,
        hold_expires_at=end, hold_key="mine",
    )  # fmt: skip
    just_before = end - timedelta(microseconds=1)
    assert at(10) not in open_on_tuesday(service, just_before)
    assert at(10) in open_on_tuesday(service, end)
    assert at(10) in open_on_tuesday(service, just_before, holder="mine")


def test_anyone_is_the_union_each_start_once(service, place, practitioner, now):
    second = make_practitioner([service], position=1)
    make_hours(second, place, start_time=time(11), end_time=time(13))
    found = scheduling.open_starts(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY)
    assert [(opening.starts_at, opening.practitioner_ids) for opening in found] == [
        (at(9), (practitioner.pk,)),
        (at(10), (practitioner.pk,)),
        (at(11), (practitioner.pk, second.pk)),
        (at(12), (second.pk,)),
    ]


def test_who_may_not_take_the_visit_never_appears(service, place, practitioner, now):
    needling = make_service(needs_needling_authorisation=True, duration=timedelta(hours=1))
    PractitionerService.objects.create(practitioner=practitioner, service=needling)
    assert open_on_tuesday(needling, now) == []
    practitioner.authorised_for_needling = True
    practitioner.takes_new_patients = False
    practitioner.save()
    assert len(open_on_tuesday(needling, now)) == 3
    assert open_on_tuesday(needling, now, new_patient=True) == []
    practitioner.is_active = False
    practitioner.save()
    assert open_on_tuesday(needling, now) == []


def test_a_service_that_needs_a_room_needs_a_free_one(place, now):
    service = make_service(duration=timedelta(hours=1), needs_room=True)
    practitioner = make_practitioner([service])
    make_hours(practitioner, place, start_time=time(9), end_time=time(11))
    assert open_on_tuesday(service, now) == []
    room = make_room(place)
    assert open_on_tuesday(service, now) == [at(9), at(10)]
    make_appointment(location=place, room=room, starts_at=at(10))
    assert open_on_tuesday(service, now) == [at(9)]


def test_a_practitioners_own_duration_decides_what_fits(service, practitioner, now):
    PractitionerService.objects.update(own_duration=timedelta(minutes=90))
    assert open_on_tuesday(service, now) == [at(9), at(10, 30)]


def test_lead_time_and_horizon_bound_what_is_offered(service, practitioner):
    service.lead_time, service.horizon_days = timedelta(hours=2), 1
    assert open_on_tuesday(service, at(8)) == [at(10), at(11)]
    assert open_on_tuesday(service, at(8) + timedelta(seconds=1)) == [at(11)]
    assert open_on_tuesday(service, at(23, day=22)) == []
    assert len(open_on_tuesday(service, at(0, day=23))) == 3


@pytest.mark.parametrize("day", [date.min, date.max], ids=["year 1", "year 9999"])
def test_days_far_outside_the_horizon_are_empty_not_an_error(service, practitioner, now, day):
    assert scheduling.open_starts(service=service, now=now, first_on=day, last_on=day) == []


def test_next_free_is_the_first_opening_or_none(service, place, practitioner, now):
    assert scheduling.next_free(service=service, now=now).starts_at == at(10, day=23)
    assert scheduling.next_free(service=service, now=now, practitioner=make_practitioner()) is None


def test_next_free_each_knows_every_practitioner_who_has_a_time(service, place, practitioner, now):
    second = make_practitioner([service])
    make_hours(second, place, weekdays=[2], start_time=time(9), end_time=time(10))
    make_practitioner([service], name="Never here")
    each = scheduling.next_free_each(service=service, now=now)
    assert {person: opening.starts_at for person, opening in each.items()} == {
        practitioner.pk: at(10, day=23),
        second.pk: at(9, day=25),
    }


def test_the_nearest_times_are_given_in_the_order_of_time(service, practitioner, now):
    found = scheduling.nearest(service=service, starts_at=at(12, 30), now=now)
    assert [opening.starts_at for opening in found] == [at(9), at(10), at(11)]


def a_clinic_of(people, service, place):
    """So many people, each with a row of every kind, and as many visits each."""
    for _ in range(people):
        person = make_practitioner([service])
        make_hours(person, place)
        Break.objects.create(practitioner=person, weekday=1, start_time=time(12), end_time=time(13))
        TimeOff.objects.create(practitioner=person, starts_on=TUESDAY, start_time=time(16), ends_on=TUESDAY)
        HoursOverride.objects.create(practitioner=person, location=place, on=TUESDAY + timedelta(days=1))
        room = make_room(place)
        for hour in range(people):
            make_appointment(practitioner=person, service=service, location=place, room=room, starts_at=at(9 + hour))
    Closure.objects.create(location=place, on=TUESDAY + timedelta(days=people), name="Holiday")


@pytest.mark.parametrize("people", [1, 4])
@pytest.mark.parametrize("weeks", [0, 8], ids=["a day", "eight weeks"])
@pytest.mark.parametrize("needs_room", [True, False], ids=["with rooms", "without rooms"])
def test_hours_and_visits_cost_a_query_each(service, place, now, people, weeks, needs_room, django_assert_num_queries):
    a_clinic_of(people, service, place)
    service.needs_room = needs_room
    with django_assert_num_queries(2):
        scheduling.open_starts(
            service=service, now=now, first_on=TUESDAY, last_on=TUESDAY + timedelta(weeks=weeks), location=place
        )


@pytest.mark.parametrize("people", [1, 4])
@pytest.mark.parametrize("ask", [scheduling.next_free, scheduling.next_free_each])
def test_the_next_free_time_takes_one_query_more_only_where_the_first_week_has_none(
    service, place, now, people, ask, django_assert_num_queries
):
    a_clinic_of(people, service, place)
    service.needs_room = True
    with django_assert_num_queries(2):
        assert ask(service=service, now=now)
    WorkingHours.objects.update(starts_on=TUESDAY + timedelta(days=20))
    with django_assert_num_queries(3):
        assert ask(service=service, now=now)
    WorkingHours.objects.update(starts_on=TUESDAY + timedelta(days=200))
    with django_assert_num_queries(3):
        assert not ask(service=service, now=now)


def test_the_next_free_time_may_be_the_last_of_the_horizon(service, practitioner, now):
    service.horizon_days = 50
    last = now.date() + timedelta(days=50)
    WorkingHours.objects.update(weekday=last.weekday(), starts_on=last)
    assert scheduling.next_free(service=service, now=now).starts_at == at(9) + timedelta(days=49)
    assert [opening.starts_at for opening in scheduling.next_free_each(service=service, now=now).values()] == [
        at(9) + timedelta(days=49)
    ]


def test_a_visit_that_is_over_still_keeps_its_buffer(service, place, practitioner):
    """Visits that can hinder no start any more are not read; four hours is the longest buffer there can be."""
    service.lead_time, service.step = timedelta(0), timedelta(minutes=30)
    make_hours(practitioner, place, start_time=time(5), end_time=time(7))
    make_appointment(
        practitioner=practitioner,
        service=service,
        location=place,
        starts_at=at(5),
        ends_at=at(6),
        buffer_after=timedelta(hours=4),
    )
    assert open_on_tuesday(service, at(9)) == [at(10), at(10, 30), at(11)]
    assert open_on_tuesday(service, at(9, 59)) == [at(10), at(10, 30), at(11)]
    assert open_on_tuesday(service, at(10, 1)) == [at(10, 30), at(11)]


def test_changed_hours_and_people_are_seen_at_once(service, place, practitioner, now):
    """Hours are shared by all who ask while they are the same."""
    assert open_on_tuesday(service, now) == [at(9), at(10), at(11)]
    WorkingHours.objects.update(start_time=time(10))
    assert open_on_tuesday(service, now) == [at(10), at(11)]
    PractitionerService.objects.update(own_duration=timedelta(hours=2))
    assert open_on_tuesday(service, now) == [at(10)]
    type(practitioner).objects.update(is_active=False)
    assert open_on_tuesday(service, now) == []


@pytest.mark.parametrize("needs_room", [True, False])
def test_the_next_free_time_is_the_first_open_start(service, place, practitioner, now, needs_room):
    a_clinic_of(3, service, place)
    service.needs_room = needs_room
    found = scheduling.open_starts(service=service, now=now, first_on=now.date(), last_on=TUESDAY + timedelta(days=9))
    assert scheduling.next_free(service=service, now=now) == found[0]
