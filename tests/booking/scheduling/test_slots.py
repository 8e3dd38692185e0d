"""available_slots(), next_slot(), next_slot_by_practitioner() and nearest_slots(), with database rows."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import (
    Break,
    Closure,
    HoursOverride,
    Practitioner,
    PractitionerService,
    Status,
    TimeOff,
    WorkingHours,
)
from tests.support.factories import (
    make_appointment,
    make_hours,
    make_location,
    make_practitioner,
    make_room,
    make_service,
)

TUESDAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db


def at(hour, minute=0, day=24):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def practitioner(service, location):
    made = make_practitioner([service])
    make_hours(made, location, start_time=time(9), end_time=time(12))
    return made


def open_on_tuesday(service, now, **fields):
    slots = scheduling.available_slots(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY, **fields)
    return [slot.starts_at for slot in slots]


def test_a_slot_has_start_end_location_and_practitioners(service, location, practitioner, now):
    slots = scheduling.available_slots(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY)
    assert slots == [scheduling.Slot(at(h), at(h + 1), location.pk, (practitioner.pk,)) for h in (9, 10, 11)]


def test_where_lengths_differ_a_slot_has_that_of_each_practitioner(service, location, practitioner, now):
    slower = make_practitioner([service], position=9)
    make_hours(slower, location, start_time=time(9), end_time=time(12))
    PractitionerService.objects.filter(practitioner=slower).update(own_duration=timedelta(minutes=90))
    hour, longer = timedelta(hours=1), timedelta(minutes=90)
    slots = scheduling.available_slots(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY)
    assert [(slot.starts_at, slot.practitioner_ids, slot.lengths) for slot in slots] == [
        (at(9), (practitioner.pk, slower.pk), (hour, longer)),
        (at(10), (practitioner.pk,), ()),
        (at(10, 30), (slower.pk,), ()),
        (at(11), (practitioner.pk,), ()),
    ]
    assert [slot.ends_at - slot.starts_at for slot in slots] == [hour, hour, longer, hour]
    first = scheduling.next_slot(service=service, now=at(6))
    assert (first.ends_at - first.starts_at, first.lengths) == (hour, (hour, longer))


def test_every_kind_of_row_is_taken_into_account(service, location, practitioner, now):
    Break.objects.create(practitioner=practitioner, weekday=1, start_time=time(10, 30), end_time=time(10, 45))
    TimeOff.objects.create(practitioner=practitioner, starts_on=TUESDAY, start_time=time(11, 30), ends_on=TUESDAY)
    assert open_on_tuesday(service, now) == [at(9)]
    make_appointment(practitioner=practitioner, service=service, location=location, starts_at=at(9))
    assert open_on_tuesday(service, now) == []
    HoursOverride.objects.create(
        practitioner=practitioner, location=location, on=TUESDAY, start_time=time(14), end_time=time(15)
    )
    TimeOff.objects.all().delete()
    assert open_on_tuesday(service, now) == [at(14)]


def test_a_day_off_and_a_day_of_other_hours_of_one_person_are_both_taken_into_account(
    service, location, practitioner, now
):
    HoursOverride.objects.create(practitioner=practitioner, location=location, on=TUESDAY)
    HoursOverride.objects.create(
        practitioner=practitioner,
        location=location,
        on=TUESDAY + timedelta(days=1),
        start_time=time(14),
        end_time=time(15),
    )
    slots = scheduling.available_slots(
        service=service, now=now, first_on=TUESDAY, last_on=TUESDAY + timedelta(days=1), location=location
    )
    assert [slot.starts_at for slot in slots] == [at(14, day=25)]


def test_a_closure_shuts_one_location_for_everyone(service, location, practitioner, now):
    elsewhere = make_location(name="High River")
    make_hours(make_practitioner([service]), elsewhere, start_time=time(9), end_time=time(10))
    Closure.objects.create(location=location, on=TUESDAY, name="Family Day")
    slots = scheduling.available_slots(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY)
    assert [slot.location_id for slot in slots] == [elsewhere.pk]


FREE = {"cancelled", "expired", "unheld", "unconfirmed"}


@pytest.mark.parametrize(("status", "is_free"), [(s, s in FREE) for s in Status.values])
def test_times_that_nobody_holds_or_has_agreed_are_free(service, location, practitioner, now, status, is_free):
    make_appointment(
        practitioner=practitioner, service=service, location=location, starts_at=at(10), status=status,
    )  # fmt: skip
    assert (at(10) in open_on_tuesday(service, now)) is is_free


def test_a_hold_counts_until_the_instant_it_expires_and_never_for_its_holder(service, location, practitioner, now):
    end = now + timedelta(minutes=10)
    make_appointment(
        practitioner=practitioner, service=service, location=location, starts_at=at(10), status=Status.HELD,
        hold_expires_at=end, hold_key="mine",
    )  # fmt: skip
    just_before = end - timedelta(microseconds=1)
    assert at(10) not in open_on_tuesday(service, just_before)
    assert at(10) in open_on_tuesday(service, end)
    assert at(10) in open_on_tuesday(service, just_before, holder="mine")


def test_without_a_practitioner_each_start_is_listed_once(service, location, practitioner, now):
    second = make_practitioner([service], position=1)
    make_hours(second, location, start_time=time(11), end_time=time(13))
    slots = scheduling.available_slots(service=service, now=now, first_on=TUESDAY, last_on=TUESDAY)
    assert [(slot.starts_at, slot.practitioner_ids) for slot in slots] == [
        (at(9), (practitioner.pk,)),
        (at(10), (practitioner.pk,)),
        (at(11), (practitioner.pk, second.pk)),
        (at(12), (second.pk,)),
    ]


def test_practitioners_who_may_not_take_the_visit_have_no_slots(service, location, practitioner, now):
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


def test_a_service_that_needs_a_room_needs_a_free_one(location, now):
    service = make_service(duration=timedelta(hours=1), needs_room=True)
    practitioner = make_practitioner([service])
    make_hours(practitioner, location, start_time=time(9), end_time=time(11))
    assert open_on_tuesday(service, now) == []
    room = make_room(location)
    assert open_on_tuesday(service, now) == [at(9), at(10)]
    make_appointment(location=location, room=room, starts_at=at(10))
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
    assert scheduling.available_slots(service=service, now=now, first_on=day, last_on=day) == []


def test_next_free_is_the_first_opening_or_none(service, location, practitioner, now):
    assert scheduling.next_slot(service=service, now=now).starts_at == at(10, day=23)
    assert scheduling.next_slot(service=service, now=now, practitioner=make_practitioner()) is None


def test_next_free_each_knows_every_practitioner_who_has_a_time(service, location, practitioner, now):
    second = make_practitioner([service])
    make_hours(second, location, weekdays=[2], start_time=time(9), end_time=time(10))
    make_practitioner([service], name="Never here")
    each = scheduling.next_slot_by_practitioner(service=service, now=now)
    assert {person: slot.starts_at for person, slot in each.items()} == {
        practitioner.pk: at(10, day=23),
        second.pk: at(9, day=25),
    }


def test_the_nearest_times_are_given_in_the_order_of_time(service, practitioner, now):
    slots = scheduling.nearest_slots(service=service, starts_at=at(12, 30), now=now)
    assert [slot.starts_at for slot in slots] == [at(9), at(10), at(11)]


def a_clinic_of(people, service, location):
    """Create ``people`` practitioners, each with a row of every kind and as many visits."""
    for _ in range(people):
        person = make_practitioner([service])
        make_hours(person, location)
        Break.objects.create(practitioner=person, weekday=1, start_time=time(12), end_time=time(13))
        TimeOff.objects.create(practitioner=person, starts_on=TUESDAY, start_time=time(16), ends_on=TUESDAY)
        HoursOverride.objects.create(practitioner=person, location=location, on=TUESDAY + timedelta(days=1))
        room = make_room(location)
        for hour in range(people):
            make_appointment(practitioner=person, service=service, location=location, room=room, starts_at=at(9 + hour))
    Closure.objects.create(location=location, on=TUESDAY + timedelta(days=people), name="Holiday")


def queries_of(ask):
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


@pytest.mark.parametrize("weeks", [0, 8], ids=["a day", "eight weeks"])
@pytest.mark.parametrize("needs_room", [True, False], ids=["with rooms", "without rooms"])
def test_four_people_cost_as_many_queries_as_one(service, location, now, weeks, needs_room):
    service.needs_room = needs_room
    days = {"first_on": TUESDAY, "last_on": TUESDAY + timedelta(weeks=weeks)}

    def ask():
        scheduling.available_slots(service=service, now=now, location=location, **days)

    a_clinic_of(1, service, location)
    with_one = queries_of(ask)
    a_clinic_of(4, service, location)
    assert queries_of(ask) == with_one


@pytest.mark.parametrize("people", [1, 4])
@pytest.mark.parametrize("ask", [scheduling.next_slot, scheduling.next_slot_by_practitioner])
def test_the_next_free_time_takes_one_query_more_only_where_the_first_week_has_none(
    service, location, now, people, ask
):
    a_clinic_of(people, service, location)
    service.needs_room = True

    def find_slot():
        return ask(service=service, now=now)

    soon = queries_of(find_slot)
    assert find_slot()
    WorkingHours.objects.update(starts_on=TUESDAY + timedelta(days=20))
    assert queries_of(find_slot) == soon + 1
    assert find_slot()
    WorkingHours.objects.update(starts_on=TUESDAY + timedelta(days=200))
    assert queries_of(find_slot) == soon + 1
    assert not find_slot()


def test_the_next_slot_of_a_practitioner_at_two_locations_is_the_earliest(service, location, now):
    person, other = make_practitioner([service]), make_location()
    make_hours(person, location, weekdays=[3], start_time=time(9), end_time=time(10))
    make_hours(person, other, weekdays=[2], start_time=time(9), end_time=time(10))
    assert scheduling.next_slot_by_practitioner(service=service, now=now)[person.pk].starts_at == at(9, day=25)


def test_the_next_free_time_may_be_the_last_of_the_horizon(service, practitioner, now):
    service.horizon_days = 50
    last = now.date() + timedelta(days=50)
    WorkingHours.objects.update(weekday=last.weekday(), starts_on=last)
    assert scheduling.next_slot(service=service, now=now).starts_at == at(9) + timedelta(days=49)
    assert [slot.starts_at for slot in scheduling.next_slot_by_practitioner(service=service, now=now).values()] == [
        at(9) + timedelta(days=49)
    ]


def test_a_visit_that_is_over_still_keeps_its_buffer(service, location, practitioner):
    """Past visits are not loaded if their buffer is over; four hours is the longest allowed buffer."""
    service.lead_time, service.step = timedelta(0), timedelta(minutes=30)
    make_hours(practitioner, location, start_time=time(5), end_time=time(7))
    make_appointment(
        practitioner=practitioner,
        service=service,
        location=location,
        starts_at=at(5),
        ends_at=at(6),
        buffer_after=timedelta(hours=4),
    )
    assert open_on_tuesday(service, at(9)) == [at(10), at(10, 30), at(11)]
    assert open_on_tuesday(service, at(9, 59)) == [at(10), at(10, 30), at(11)]
    assert open_on_tuesday(service, at(10, 1)) == [at(10, 30), at(11)]


def test_changed_hours_and_people_are_seen_at_once(service, location, practitioner, now):
    assert open_on_tuesday(service, now) == [at(9), at(10), at(11)]
    WorkingHours.objects.update(start_time=time(10))
    assert open_on_tuesday(service, now) == [at(10), at(11)]
    PractitionerService.objects.update(own_duration=timedelta(hours=2))
    assert open_on_tuesday(service, now) == [at(10)]
    type(practitioner).objects.update(is_active=False)
    assert open_on_tuesday(service, now) == []


@pytest.mark.parametrize("needs_room", [True, False])
def test_the_next_free_time_is_the_first_open_start(service, location, practitioner, now, needs_room):
    a_clinic_of(3, service, location)
    service.needs_room = needs_room
    slots = scheduling.available_slots(
        service=service, now=now, first_on=now.date(), last_on=TUESDAY + timedelta(days=9)
    )
    assert scheduling.next_slot(service=service, now=now) == slots[0]


class TestTravel:
    """Somebody who works at two locations needs time to get from one to the other."""

    @pytest.fixture
    def elsewhere(self, practitioner):
        elsewhere = make_location(name="High River")
        make_hours(practitioner, elsewhere, start_time=time(9), end_time=time(15))
        return elsewhere

    def booked(self, service, location, practitioner, hour):
        make_appointment(service=service, location=location, practitioner=practitioner, starts_at=at(hour))

    def starts(self, service, now, location):
        service.step = timedelta(minutes=30)
        service.save()
        return open_on_tuesday(service, now, location=location)

    def test_a_visit_keeps_the_time_to_travel_free_at_the_other_location_only(
        self, service, location, practitioner, elsewhere, now
    ):
        self.booked(service, location, practitioner, 11)
        assert self.starts(service, now, elsewhere) == [
            at(9), at(9, 30), at(12, 30), at(13), at(13, 30), at(14),
        ]  # fmt: skip
        assert self.starts(service, now, location) == [at(9), at(9, 30), at(10)]

    def test_the_longer_of_travel_and_buffer_counts(self, service, location, practitioner, elsewhere, now):
        service.buffer_after = timedelta(hours=1)
        self.booked(service, location, practitioner, 9)
        assert self.starts(service, now, elsewhere)[0] == at(11)
        Practitioner.objects.update(travel_time=timedelta(hours=2))
        assert self.starts(service, now, elsewhere)[0] == at(12)

    def test_a_time_that_leaves_no_time_to_travel_is_not_held_and_the_reason_is_given(
        self, service, location, practitioner, elsewhere, now
    ):
        self.booked(service, location, practitioner, 9)
        query = {"service": service, "starts_at": at(10), "location": elsewhere, "now": now}
        with pytest.raises(scheduling.SlotTaken):
            scheduling.hold(**query, holder="me", by=scheduling.Actor.patient())
        reason = scheduling.why_not(**query, practitioner=practitioner)
        assert "to get there from another location" in reason.sentence

    def test_who_cannot_get_there_in_time_is_no_substitute(self, service, location, practitioner, elsewhere, now):
        ill = make_practitioner([service])
        visit = make_appointment(service=service, location=elsewhere, practitioner=ill, starts_at=at(10))
        assert practitioner in scheduling.substitutes([visit], now=now)
        self.booked(service, location, practitioner, 9)
        assert practitioner not in scheduling.substitutes([visit], now=now)
