"""Which appointments fall outside after an edit, and who could see these patients at the same times."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking.availability import Reason
from booking.models import AppointmentEvent, Break, Closure, HoursOverride, TimeOff, WorkingHours
from booking.scheduling import Withheld, stranded, substitutes
from tests.make import (
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
    """An instant by Alberta's clock, which is UTC-06."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def service():
    return make_service(duration=timedelta(hours=1), needs_needling_authorisation=True)


@pytest.fixture
def place():
    return make_location()


@pytest.fixture
def steve(service, place):
    made = make_practitioner([service], authorised_for_needling=True)
    make_hours(made, place)
    return made


@pytest.fixture
def visit(service, place, steve):
    return make_appointment(service=service, location=place, practitioner=steve, starts_at=at(11, 7))


def outside(now, **kwargs):
    return [(one.appointment, one.reason) for one in stranded(now=now, **kwargs)]


def day_off(steve, place):
    HoursOverride.objects.create(practitioner=steve, location=place, on=TUESDAY)


def a_lunch_break(steve, place):
    Break.objects.create(practitioner=steve, weekday=1, start_time=time(12), end_time=time(13))


def shorter_hours(steve, place):
    steve.working_hours.filter(weekday=1).update(end_time=time(12))


def no_more_tuesdays(steve, place):
    steve.working_hours.filter(weekday=1).update(ends_on=date(2026, 11, 23))


def a_closure(steve, place):
    Closure.objects.create(location=place, on=TUESDAY, name="Staff day")


def an_afternoon_away(steve, place):
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, start_time=time(12), ends_on=TUESDAY)


def withdrawn(steve, place):
    steve.services.update(is_active=False)


def left(steve, place):
    steve.is_active = False
    steve.save()


def no_longer_offered(steve, place):
    steve.practitioner_services.all().delete()


def not_authorised(steve, place):
    steve.authorised_for_needling = False
    steve.save()


def another_zone(steve, place):
    place.time_zone = "America/Vancouver"
    place.save()
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
        (withdrawn, Withheld.SERVICE_INACTIVE),
        (left, Withheld.PRACTITIONER_INACTIVE),
        (no_longer_offered, Withheld.NOT_OFFERED),
        (not_authorised, Withheld.NOT_AUTHORISED),
        (another_zone, Reason.CLOSED),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_an_edit_that_leaves_a_visit_outside_strands_it_and_changes_nothing_about_it(
    visit, steve, place, now, edit, reason
):
    assert outside(now) == []
    edit(steve, place)
    assert outside(now) == [(visit, reason)]
    visit.refresh_from_db()
    assert (visit.status, visit.starts_at, visit.sequence) == ("booked", at(11, 7), 0)
    assert AppointmentEvent.objects.count() == 0


def test_what_only_hides_a_time_from_others_strands_nobody(visit, service, steve, place, now):
    """11:07 is off the grid; the time is taken, by itself and by an overbooked one; the notice is short."""
    make_appointment(
        service=service, location=place, practitioner=steve, starts_at=at(11, 30), overbooked_reason="Twins"
    )
    service.lead_time, service.horizon_days, service.duration = timedelta(days=30), 0, timedelta(hours=12)
    service.buffer_after, service.booked_by, service.audience = timedelta(hours=4), "staff", "new"
    service.save()
    steve.takes_new_patients = False
    steve.save()
    assert outside(now) == []


def test_a_break_or_time_off_that_only_touches_a_visit_strands_nobody(visit, steve, now):
    Break.objects.create(practitioner=steve, weekday=1, start_time=time(12, 7), end_time=time(13))
    TimeOff.objects.create(practitioner=steve, starts_on=TUESDAY, ends_on=TUESDAY, end_time=time(11, 7))
    assert outside(now) == []


def test_hours_for_that_date_open_a_closed_day_again(visit, steve, place, now):
    a_closure(steve, place)
    HoursOverride.objects.create(practitioner=steve, location=place, on=TUESDAY, start_time=time(9), end_time=time(17))
    assert outside(now) == []


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "cancelled", "noshow", "held"])
def test_only_visits_that_are_still_ahead_are_stranded(status, service, place, steve, now):
    make_appointment(service=service, location=place, practitioner=steve, starts_at=at(20), status=status)
    make_appointment(service=service, location=place, practitioner=steve, starts_at=now - timedelta(seconds=1))
    assert outside(now) == []


def test_a_room_out_of_use_strands_its_visits(place, now):
    service = make_service(needs_room=True)
    steve = make_practitioner([service])
    make_hours(steve, place)
    room = make_room(place)
    visit = make_appointment(service=service, location=place, practitioner=steve, room=room)
    assert outside(now) == []
    room.is_active = False
    room.save()
    assert outside(now) == [(visit, Reason.ROOM)]


def test_a_visit_without_the_room_it_needs_is_stranded_unless_staff_meant_it(place, now):
    service = make_service(needs_room=True)
    steve = make_practitioner([service])
    make_hours(steve, place)
    visit = make_appointment(service=service, location=place, practitioner=steve)
    make_appointment(
        service=service, location=place, practitioner=steve, starts_at=at(14), overbooked_reason="In the gym"
    )
    assert outside(now) == [(visit, Reason.ROOM)]


def test_the_list_is_in_the_order_of_time_and_can_be_of_one_person_or_place(visit, service, steve, place, now):
    calgary = make_location(name="Calgary")
    elsewhere = make_appointment(service=service, location=calgary, practitioner=steve, starts_at=at(9))
    maria = make_practitioner([service], name="Maria Chen", authorised_for_needling=True)
    hers = make_appointment(service=service, location=place, practitioner=maria, starts_at=at(10))
    assert [one.appointment for one in stranded(now=now)] == [elsewhere, hers]
    assert [one.appointment for one in stranded(now=now, practitioner=maria)] == [hers]
    assert [one.appointment for one in stranded(now=now, location=calgary)] == [elsewhere]


def test_the_number_of_queries_does_not_grow(service, place, now, django_assert_num_queries):
    def add_a_person():
        person = make_practitioner([service], authorised_for_needling=True)
        make_hours(person, place, weekdays=[1])
        a_lunch_break(person, place)
        for week in range(6):
            make_appointment(
                service=service,
                location=make_location() if week == 5 else place,
                practitioner=person,
                starts_at=at(11) + timedelta(weeks=week, hours=1),
            )

    add_a_person()
    with django_assert_num_queries(5):
        assert len(stranded(now=now)) == 6
    for _ in range(4):
        add_a_person()
    with django_assert_num_queries(5):
        assert len(stranded(now=now)) == 30


# Who could see them instead


def test_whoever_works_is_free_and_may_do_it_can_stand_in(visit, service, steve, place, now):
    make_practitioner([service], name="No hours", authorised_for_needling=True)
    for name, fields in [("Unauthorised", {}), ("Left", {"authorised_for_needling": True, "is_active": False})]:
        make_hours(make_practitioner([service], name=name, **fields), place)
    make_hours(make_practitioner(name="Does not offer it", authorised_for_needling=True), place)
    busy = make_practitioner([service], name="Busy", authorised_for_needling=True)
    make_hours(busy, place)
    make_appointment(service=service, location=place, practitioner=busy, starts_at=at(12))
    free = make_practitioner([service], name="Free", authorised_for_needling=True)
    make_hours(free, place)
    make_appointment(service=service, location=place, practitioner=free, starts_at=at(12, 7))
    assert substitutes([visit], now=now) == {free: {visit.pk}}


def test_standing_in_for_part_of_a_day_is_said_so(visit, service, steve, place, now):
    afternoon = make_appointment(
        service=service, location=place, practitioner=steve, starts_at=at(15), patient=make_patient(name="Bogdan")
    )
    maria = make_practitioner([service], authorised_for_needling=True)
    WorkingHours.objects.create(practitioner=maria, location=place, weekday=1, start_time=time(13), end_time=time(18))
    assert substitutes([visit, afternoon], now=now) == {maria: {afternoon.pk}}
    assert substitutes([], now=now) == {}


def test_buffers_keep_somebody_from_standing_in(service, place, steve, now):
    service.buffer_after = timedelta(minutes=15)
    service.save()
    visit = make_appointment(service=service, location=place, practitioner=steve, starts_at=at(11))
    maria = make_practitioner([service], authorised_for_needling=True)
    make_hours(maria, place)
    make_appointment(service=service, location=place, practitioner=maria, starts_at=at(12, 10))
    assert substitutes([visit], now=now) == {}
