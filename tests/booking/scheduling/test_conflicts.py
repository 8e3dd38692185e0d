"""find_conflicts() and substitutes(): appointments that no longer fit the schedule, and who could take them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking.availability import Reason
from booking.models import AppointmentEvent, Break, Closure, HoursOverride, TimeOff, WorkingHours
from booking.scheduling import Restriction, find_conflicts, substitutes
from tests.support.factories import (
    make_appointment,
    make_hours,
    make_location,
    make_patient,
    make_practitioner,
    make_room,
    make_service,
)

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 11, 24)


def at(hour, minute=0, day=24):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def service():
    return make_service(duration=timedelta(hours=1), needs_needling_authorisation=True)


@pytest.fixture
def steve(service, location):
    made = make_practitioner([service], authorised_for_needling=True)
    make_hours(made, location)
    return made


@pytest.fixture
def visit(service, location, steve):
    return make_appointment(service=service, location=location, practitioner=steve, starts_at=at(11, 7))


def conflicts_of(now, **kwargs):
    return [(conflict.appointment, conflict.reason) for conflict in find_conflicts(now=now, **kwargs)]


def day_off(steve, location):
    HoursOverride.objects.create(practitioner=steve, location=location, on=TUESDAY)


def a_lunch_break(steve, location):
    Break.objects.create(practitioner=steve, weekday=1, start_time=time(12), end_time=time(13))


def shorter_hours(steve, location):
    steve.working_hours.filter(weekday=1).update(end_time=time(12))


def no_more_tuesdays(steve, location):
    steve.working_hours.filter(weekday=1).update(ends_on=date(2026, 11, 23))


def a_closure(steve, location):
    Closure.objects.create(location=location, on=TUESDAY, name="Staff day")


def an_afternoon_away(steve, location):
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, start_time=time(12), ends_on=TUESDAY)


def withdrawn(steve, location):
    steve.services.update(is_active=False)


def left(steve, location):
    steve.is_active = False
    steve.save()


def no_longer_offered(steve, location):
    steve.practitioner_services.all().delete()


def not_authorised(steve, location):
    steve.authorised_for_needling = False
    steve.save()


def another_zone(steve, location):
    location.time_zone = "America/Vancouver"
    location.save()
    steve.working_hours.update(start_time=time(11), end_time=time(17))


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (day_off, Reason.OVERRIDE),
        (a_lunch_break, Reason.BREAK),
        (shorter_hours, Reason.CLOSED),
        (no_more_tuesdays, Reason.CLOSED),
        (a_closure, Reason.CLOSURE),
        (an_afternoon_away, Reason.TIME_OFF),
        (withdrawn, Restriction.SERVICE_INACTIVE),
        (left, Restriction.PRACTITIONER_INACTIVE),
        (no_longer_offered, Restriction.NOT_OFFERED),
        (not_authorised, Restriction.NOT_AUTHORISED),
        (another_zone, Reason.CLOSED),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_conflicting_edit_reports_the_visit_and_does_not_change_it(visit, steve, location, now, edit, reason):
    assert conflicts_of(now) == []
    edit(steve, location)
    assert conflicts_of(now) == [(visit, reason)]
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at, visit.sequence) == ("booked", at(11, 7), 0)
    assert AppointmentEvent.objects.count() == 0


def test_rules_that_only_hide_a_slot_cause_no_conflict(visit, service, steve, location, now):
    """11:07 is off the grid; the time is occupied, also by an overbooked visit; the lead time has passed."""
    make_appointment(
        service=service, location=location, practitioner=steve, starts_at=at(11, 30), overbooked_reason="Twins"
    )
    service.lead_time, service.horizon_days, service.duration = timedelta(days=30), 0, timedelta(hours=12)
    service.buffer_after, service.booked_by, service.audience = timedelta(hours=4), "staff", "new"
    service.save()
    steve.takes_new_patients = False
    steve.save()
    assert conflicts_of(now) == []


def test_an_adjacent_break_or_time_off_causes_no_conflict(visit, steve, now):
    Break.objects.create(practitioner=steve, weekday=1, start_time=time(12, 7), end_time=time(13))
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, ends_on=TUESDAY, end_time=time(11, 7))
    assert conflicts_of(now) == []


def test_hours_for_that_date_open_a_closed_day_again(visit, steve, location, now):
    a_closure(steve, location)
    HoursOverride.objects.create(
        practitioner=steve, location=location, on=TUESDAY, start_time=time(9), end_time=time(17)
    )
    assert conflicts_of(now) == []


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "cancelled", "noshow", "held"])
def test_only_upcoming_visits_are_conflicts(status, service, location, steve, now):
    make_appointment(service=service, location=location, practitioner=steve, starts_at=at(20), status=status)
    make_appointment(service=service, location=location, practitioner=steve, starts_at=now - timedelta(seconds=1))
    assert conflicts_of(now) == []


def test_an_inactive_room_causes_conflicts(location, now):
    service = make_service(needs_room=True)
    steve = make_practitioner([service])
    make_hours(steve, location)
    room = make_room(location)
    visit = make_appointment(service=service, location=location, practitioner=steve, room=room)
    assert conflicts_of(now) == []
    room.is_active = False
    room.save()
    assert conflicts_of(now) == [(visit, Reason.ROOM)]


def test_a_visit_without_a_needed_room_is_a_conflict_unless_overbooked(location, now):
    service = make_service(needs_room=True)
    steve = make_practitioner([service])
    make_hours(steve, location)
    visit = make_appointment(service=service, location=location, practitioner=steve)
    make_appointment(
        service=service, location=location, practitioner=steve, starts_at=at(14), overbooked_reason="In the gym"
    )
    assert conflicts_of(now) == [(visit, Reason.ROOM)]


def test_the_list_is_in_the_order_of_time_and_can_be_of_one_person_or_place(visit, service, steve, location, now):
    calgary = make_location(name="Calgary")
    elsewhere = make_appointment(service=service, location=calgary, practitioner=steve, starts_at=at(9))
    maria = make_practitioner([service], name="Maria Chen", authorised_for_needling=True)
    hers = make_appointment(service=service, location=location, practitioner=maria, starts_at=at(10))
    assert [conflict.appointment for conflict in find_conflicts(now=now)] == [elsewhere, hers]
    assert [conflict.appointment for conflict in find_conflicts(now=now, practitioner=maria)] == [hers]
    assert [conflict.appointment for conflict in find_conflicts(now=now, location=calgary)] == [elsewhere]


def test_the_number_of_queries_does_not_grow(service, location, now, django_assert_max_num_queries):
    def add_a_person():
        person = make_practitioner([service], authorised_for_needling=True)
        make_hours(person, location, weekdays=[1])
        a_lunch_break(person, location)
        for week in range(6):
            make_appointment(
                service=service,
                location=make_location() if week == 5 else location,
                practitioner=person,
                starts_at=at(11) + timedelta(weeks=week, hours=1),
            )

    add_a_person()
    with django_assert_max_num_queries(9):
        assert len(find_conflicts(now=now)) == 6
    for _ in range(4):
        add_a_person()
    with django_assert_max_num_queries(9):
        assert len(find_conflicts(now=now)) == 30


# Substitutes


def test_a_substitute_works_is_free_and_offers_the_service(visit, service, steve, location, now):
    make_practitioner([service], name="No hours", authorised_for_needling=True)
    for name, fields in [("Unauthorised", {}), ("Left", {"authorised_for_needling": True, "is_active": False})]:
        make_hours(make_practitioner([service], name=name, **fields), location)
    make_hours(make_practitioner(name="Does not offer it", authorised_for_needling=True), location)
    busy = make_practitioner([service], name="Busy", authorised_for_needling=True)
    make_hours(busy, location)
    make_appointment(service=service, location=location, practitioner=busy, starts_at=at(12))
    free = make_practitioner([service], name="Free", authorised_for_needling=True)
    make_hours(free, location)
    make_appointment(service=service, location=location, practitioner=free, starts_at=at(12, 7))
    assert substitutes([visit], now=now) == {free: {visit.pk}}


def test_a_substitute_for_some_of_the_visits_is_listed_with_those(visit, service, steve, location, now):
    afternoon = make_appointment(
        service=service, location=location, practitioner=steve, starts_at=at(15), patient=make_patient(name="Bogdan")
    )
    maria = make_practitioner([service], authorised_for_needling=True)
    WorkingHours.objects.create(
        practitioner=maria, location=location, weekday=1, start_time=time(13), end_time=time(18)
    )
    assert substitutes([visit, afternoon], now=now) == {maria: {afternoon.pk}}
    assert substitutes([], now=now) == {}


def test_buffers_rule_out_a_substitute(service, location, steve, now):
    service.buffer_after = timedelta(minutes=15)
    service.save()
    visit = make_appointment(service=service, location=location, practitioner=steve, starts_at=at(11))
    maria = make_practitioner([service], authorised_for_needling=True)
    make_hours(maria, location)
    make_appointment(service=service, location=location, practitioner=maria, starts_at=at(12, 10))
    assert substitutes([visit], now=now) == {}
