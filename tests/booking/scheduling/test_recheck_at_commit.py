"""What was checked when a time was held or offered is checked again when it is booked."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking import scheduling
from booking.models import (
    Appointment,
    Break,
    Closure,
    HoursOverride,
    Practitioner,
    Room,
    Service,
    Status,
    TimeOff,
    WaitlistOffer,
    WorkingHours,
)
from booking.scheduling import Actor, NotBookable, PatientDetails, SlotTaken
from booking.scheduling.appointments import change as changing
from booking.scheduling.appointments import hold as holding
from tests.support.factories import (
    make_appointment,
    make_clinic,
    make_hours,
    make_location,
    make_practitioner,
    make_room,
    make_service,
    make_wish,
)

PATIENT = Actor.patient()
ALICE = PatientDetails(
    name="Alice Martin", email="alice@patients.example", phone="+14035550123", is_first_visit=True, reminders=False
)
WEDNESDAY = date(2026, 11, 25)
TEN = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)  # 10 a.m. in Alberta
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic():
    return make_clinic()


@pytest.fixture
def service():
    return make_service(
        duration=timedelta(minutes=45),
        step=timedelta(minutes=15),
        needs_room=True,
        needs_needling_authorisation=True,
        lead_time=timedelta(0),
    )


@pytest.fixture
def practitioner(service, location):
    practitioner = make_practitioner([service], authorised_for_needling=True)
    make_hours(practitioner, location)
    return practitioner


@pytest.fixture
def rooms(location):
    return [make_room(location, position=1), make_room(location, position=2)]


def deactivate(_location):
    Practitioner.objects.update(is_active=False)


def withdraw_authorisation(_location):
    Practitioner.objects.update(authorised_for_needling=False)


def stop_taking_new_patients(_location):
    Practitioner.objects.update(takes_new_patients=False)


def withdraw_from_practitioner(_location):
    Practitioner.objects.get().practitioner_services.all().delete()


def withdraw_service(_location):
    Service.objects.update(is_active=False)


def leave_service_to_staff(_location):
    Service.objects.update(booked_by="staff")


def close_the_day(location):
    Closure.objects.create(location=location, on=WEDNESDAY, name="Burst pipe")


def enter_time_off(_location):
    TimeOff.objects.create(practitioner=Practitioner.objects.get(), starts_on=WEDNESDAY, ends_on=WEDNESDAY)


def enter_break(_location):
    Break.objects.create(practitioner=Practitioner.objects.get(), weekday=2, start_time=time(10, 30), end_time=time(11))


def shorten_hours(_location):
    WorkingHours.objects.update(start_time=time(10, 15))


def give_the_day_off(location):
    HoursOverride.objects.create(practitioner=Practitioner.objects.get(), location=location, on=WEDNESDAY)


def close_all_rooms(_location):
    Room.objects.update(is_active=False)


CHANGES = [
    deactivate,
    withdraw_authorisation,
    stop_taking_new_patients,
    withdraw_from_practitioner,
    withdraw_service,
    leave_service_to_staff,
    close_the_day,
    enter_time_off,
    enter_break,
    shorten_hours,
    give_the_day_off,
    close_all_rooms,
]
every_change = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)


def hold(service, location, now, **fields):
    query = {"service": service, "starts_at": TEN, "holder": "me", "location": location} | fields
    return scheduling.hold(**query, by=PATIENT, now=now)


def book(held, now, **fields):
    return scheduling.book(**{"hold": held, "details": ALICE, "submission_key": "key"} | fields, by=PATIENT, now=now)


def test_a_live_hold_is_booked_while_nothing_has_changed(service, location, practitioner, rooms, now):
    assert book(hold(service, location, now), now).status == Status.BOOKED


@every_change
def test_a_live_hold_is_not_booked_when_its_time_cannot_be_offered_any_more(
    service, location, practitioner, rooms, now, change
):
    held = hold(service, location, now)
    change(location)
    with pytest.raises((SlotTaken, NotBookable)):
        book(held, now + timedelta(minutes=1))
    assert Appointment.objects.get().status == Status.HELD


@every_change
def test_a_waitlist_offer_is_not_accepted_when_its_time_cannot_be_offered_any_more(
    service, location, practitioner, rooms, now, change
):
    scheduling.join(wish=make_wish(service, location), now=now)
    assert scheduling.offer_available_slots(now=now) == 1
    offer = WaitlistOffer.objects.select_related("appointment__location").get()
    WorkingHours.objects.update(start_time=offer.appointment.local_time)
    Appointment.objects.update(
        starts_at=TEN, ends_at=TEN + timedelta(minutes=45), local_on=WEDNESDAY, local_time=time(10)
    )
    change(location)
    with pytest.raises((SlotTaken, NotBookable)):
        scheduling.accept(
            offer=offer, date_of_birth=None, reminders=False, notice_version="", by=PATIENT, now=now
        )  # fmt: skip
    offer.refresh_from_db()
    assert offer.state == WaitlistOffer.State.OPEN
    assert not Appointment.objects.filter(status=Status.BOOKED).exists()


@pytest.mark.parametrize("change", [deactivate, close_the_day, withdraw_service], ids=lambda change: change.__name__)
def test_a_live_hold_is_not_extended_when_its_time_cannot_be_offered_any_more(
    service, location, practitioner, rooms, now, change
):
    held = hold(service, location, now)
    change(location)
    with pytest.raises((SlotTaken, NotBookable)):
        scheduling.extend(hold=held, by=PATIENT, now=now + timedelta(minutes=1))


@every_change
def test_holding_checks_the_schedule_again_under_the_lock(
    service, location, practitioner, rooms, now, change, just_before_the_lock
):
    just_before_the_lock(holding, lambda: change(location))
    with pytest.raises((SlotTaken, NotBookable)):
        hold(service, location, now, new_patient=True)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "change", [close_the_day, enter_time_off, deactivate, close_all_rooms], ids=lambda change: change.__name__
)
def test_a_patients_move_checks_the_schedule_again_under_the_lock(
    service, location, practitioner, rooms, now, change, just_before_the_lock
):
    at_two = TEN + timedelta(hours=4)
    booked = make_appointment(
        service=service, location=location, practitioner=practitioner, starts_at=at_two, room=rooms[0]
    )
    just_before_the_lock(changing, lambda: change(location))
    with pytest.raises(SlotTaken):
        scheduling.reschedule(appointment=booked, starts_at=TEN, by=PATIENT, now=now)
    booked.refresh_from_db()
    assert booked.starts_at == at_two


def test_another_free_room_is_taken_when_the_held_one_is_out_of_use(service, location, practitioner, rooms, now):
    held = hold(service, location, now)
    assert held.room == rooms[0]
    Room.objects.filter(pk=rooms[0].pk).update(is_active=False)
    assert book(held, now).room == rooms[1]


def test_a_live_hold_survives_a_change_of_the_grid_and_of_the_lead_time(service, location, practitioner, rooms, now):
    held = hold(service, location, now)
    WorkingHours.objects.update(start_time=time(8, 50))
    Service.objects.update(lead_time=timedelta(days=30))
    assert book(held, now).status == Status.BOOKED


def test_the_kind_of_patient_that_the_details_name_counts(service, location, practitioner, rooms, now):
    held = hold(service, location, now, new_patient=None)
    Practitioner.objects.update(takes_new_patients=False)
    returning = PatientDetails(
        name="Alice Martin", email="alice@patients.example", phone="+14035550123", is_first_visit=False
    )
    assert book(held, now, details=returning).status == Status.BOOKED


def test_a_visit_that_has_begun_cannot_be_booked(service, location, practitioner, rooms):
    held = hold(service, location, TEN - timedelta(minutes=1))
    assert held.hold_expires_at == TEN
    for late in (TEN, TEN + timedelta(minutes=5)):
        with pytest.raises(SlotTaken):
            book(held, late)
        with pytest.raises(SlotTaken):
            scheduling.extend(hold=held, by=PATIENT, now=late)
        with pytest.raises(SlotTaken):
            hold(service, location, late, holder="other")
    assert book(held, TEN - timedelta(seconds=1)).status == Status.BOOKED


def test_a_visit_cannot_be_moved_to_a_time_that_has_begun(service, location, practitioner, rooms):
    booked = make_appointment(
        service=service,
        location=location,
        practitioner=practitioner,
        starts_at=TEN + timedelta(days=1),
        room=rooms[0],
        cancellation_window=timedelta(0),
    )
    with pytest.raises(SlotTaken):
        scheduling.reschedule(appointment=booked, starts_at=TEN, by=PATIENT, now=TEN)


def test_a_hold_at_another_location_keeps_its_own_rooms(service, practitioner, rooms, now):
    elsewhere = make_location(name="Calgary")
    make_hours(practitioner, elsewhere, weekdays=[2], start_time=time(10), end_time=time(12))
    WorkingHours.objects.filter(weekday=2).exclude(location=elsewhere).delete()
    room = make_room(elsewhere)
    held = hold(service, elsewhere, now)
    Room.objects.exclude(pk=room.pk).update(is_active=False)
    assert book(held, now).room == room
