"""What happens to appointments after they are made: moving, cancelling, the front desk's marks."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Permission

from booking import scheduling
from booking.models import Appointment, Message, Status
from booking.scheduling import Actor, NotOffered, StartTaken, TooLate, WrongState
from tests.make import (
    make_appointment,
    make_clinic,
    make_hours,
    make_location,
    make_patient,
    make_practitioner,
    make_room,
    make_service,
)

PATIENT = Actor.patient()
pytestmark = pytest.mark.django_db


def at(hour, minute=0, day=24):
    """An instant by Alberta's clock, which is UTC-06."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture(autouse=True)
def clinic():
    return make_clinic()


@pytest.fixture
def service():
    return make_service(duration=timedelta(hours=1))


@pytest.fixture
def place():
    return make_location()


@pytest.fixture
def practitioner(service, place):
    made = make_practitioner([service])
    make_hours(made, place)
    return made


@pytest.fixture
def booked(service, place, practitioner):
    return make_appointment(service=service, location=place, practitioner=practitioner, starts_at=at(10, day=25))


@pytest.fixture
def desk(django_user_model):
    return Actor.staff(django_user_model.objects.create_user("desk", password="a long password"))


@pytest.fixture
def manager(django_user_model):
    user = django_user_model.objects.create_user("manager", password="a long password")
    user.user_permissions.add(Permission.objects.get(codename="overbook_appointment"))
    return Actor.staff(user)


def test_a_moved_visit_keeps_its_identity_and_frees_its_old_time(booked, service, now):
    moved = scheduling.reschedule(appointment=booked, starts_at=at(14), by=PATIENT, now=now)
    assert (moved.pk, moved.uid, moved.sequence, moved.starts_at) == (booked.pk, booked.uid, 1, at(14))
    assert (moved.local_time, moved.ends_at) == (time(14), at(15))
    event = moved.events.get()
    assert (event.kind, event.before["starts_at"], event.after["starts_at"]) == (
        "rescheduled",
        at(10, day=25).isoformat(),
        at(14).isoformat(),
    )
    open_again = scheduling.open_starts(service=service, now=now, first_on=booked.local_on, last_on=booked.local_on)
    assert at(10, day=25) in [opening.starts_at for opening in open_again]


def test_a_visit_can_move_over_part_of_itself(booked, service, now):
    service.step = timedelta(minutes=30)
    service.save()
    moved = scheduling.reschedule(appointment=booked, starts_at=at(10, 30, day=25), by=PATIENT, now=now)
    assert moved.starts_at == at(10, 30, day=25)


def test_moving_to_the_same_time_changes_nothing(booked, now):
    scheduling.reschedule(appointment=booked, starts_at=booked.starts_at, by=PATIENT, now=now)
    booked.refresh_from_db()
    assert (booked.sequence, booked.events.count(), Message.objects.count()) == (0, 0, 0)


def test_whoever_loses_the_new_time_keeps_the_old_one(booked, service, place, practitioner, now):
    make_appointment(service=service, location=place, practitioner=practitioner, starts_at=at(14))
    with pytest.raises(StartTaken) as refused:
        scheduling.reschedule(appointment=booked, starts_at=at(14), by=PATIENT, now=now)
    booked.refresh_from_db()
    assert (booked.starts_at, booked.status) == (at(10, day=25), "booked")
    assert [opening.starts_at for opening in refused.value.nearest] == [at(12), at(13), at(15)]


def test_a_moved_visit_keeps_the_length_it_was_promised(booked, service, now):
    service.duration = timedelta(hours=2)
    service.save()
    assert scheduling.reschedule(
        appointment=booked, starts_at=at(11), by=PATIENT, now=now
    ).duration == timedelta(hours=1)  # fmt: skip


def test_a_patient_stays_with_their_practitioner_if_that_person_is_free(booked, service, place, practitioner, now):
    idle = make_practitioner([service], position=0)
    make_hours(idle, place)
    assert scheduling.reschedule(appointment=booked, starts_at=at(14), by=PATIENT, now=now).practitioner == practitioner


def test_the_cancellation_windows_boundary_is_included(booked):
    boundary = booked.starts_at - timedelta(hours=24)
    with pytest.raises(TooLate):
        scheduling.cancel(appointment=booked, by=PATIENT, now=boundary + timedelta(microseconds=1))
    with pytest.raises(TooLate):
        scheduling.reschedule(
            appointment=booked, starts_at=at(14, day=26), by=PATIENT, now=boundary + timedelta(microseconds=1)
        )
    assert scheduling.cancel(appointment=booked, by=PATIENT, now=boundary).status == "cancelled"


def test_the_window_that_was_promised_counts(booked, service):
    service.cancellation_window = timedelta(days=7)
    service.save()
    boundary = booked.starts_at - timedelta(hours=24)
    assert scheduling.cancel(appointment=booked, by=PATIENT, now=boundary).status == "cancelled"


def test_staff_can_cancel_late(booked, desk):
    late = booked.starts_at - timedelta(minutes=5)
    cancelled = scheduling.cancel(appointment=booked, by=desk, now=late, reason="Called in sick")
    assert (cancelled.cancel_reason, cancelled.events.get().actor) == ("Called in sick", desk.user)


def test_cancelling_twice_is_cancelling_once(booked, now):
    for _ in range(2):
        scheduling.cancel(appointment=booked, by=PATIENT, now=now)
    assert booked.events.count() == 1
    assert Message.objects.filter(appointment=booked, kind=Message.Kind.CANCELLED).count() == 1


@pytest.mark.parametrize("status", [Status.FULFILLED, Status.NOSHOW])
def test_what_is_over_cannot_be_cancelled(booked, desk, now, status):
    Appointment.objects.update(status=status)
    with pytest.raises(WrongState):
        scheduling.cancel(appointment=booked, by=desk, now=now)


def test_the_front_desks_marks_and_their_record(booked, desk):
    later = booked.starts_at + timedelta(minutes=5)
    for command in (scheduling.check_in, scheduling.fulfil, scheduling.mark_no_show, scheduling.check_in):
        command(appointment=booked, by=desk, now=later)
    assert list(booked.events.values_list("kind", flat=True)) == ["arrived", "fulfilled", "noshow", "arrived"]


def test_nobody_fails_to_come_before_the_visit_begins(booked, desk):
    with pytest.raises(WrongState):
        scheduling.mark_no_show(appointment=booked, by=desk, now=booked.starts_at - timedelta(seconds=1))


@pytest.mark.parametrize("command", [scheduling.check_in, scheduling.fulfil, scheduling.mark_no_show])
def test_patients_cannot_set_marks(booked, command):
    with pytest.raises(WrongState):
        command(appointment=booked, by=PATIENT, now=booked.starts_at)


def book_for(service, place, practitioner, by, now, **fields):
    return scheduling.book_for(
        **{"service": service, "practitioner": practitioner, "location": place, "patient": make_patient()}
        | {"starts_at": at(10, day=25), "by": by, "now": now}
        | fields
    )


def test_staff_book_off_the_grid_and_outside_hours(service, place, practitioner, desk, now):
    made = book_for(service, place, practitioner, desk, now, starts_at=at(18, 17))
    assert (made.status, made.starts_at, made.events.get().actor) == ("booked", at(18, 17), desk.user)


def test_staff_cannot_sell_a_time_twice_by_accident(booked, service, place, practitioner, desk, manager, now):
    for actor in (desk, manager):
        with pytest.raises(StartTaken):
            book_for(service, place, practitioner, actor, now)
    with pytest.raises(StartTaken):
        book_for(service, place, practitioner, desk, now, overbooked_reason="Please")
    assert Appointment.objects.count() == 1


def test_staff_with_the_permission_overbook_with_a_reason(booked, service, place, practitioner, manager, now):
    made = book_for(service, place, practitioner, manager, now, overbooked_reason="Twins, seen together")
    assert (made.overbooked_reason, made.events.get().note) == ("Twins, seen together", "Twins, seen together")
    offered = scheduling.open_starts(service=service, now=now, first_on=made.local_on, last_on=made.local_on)
    assert made.starts_at not in [opening.starts_at for opening in offered]


def test_a_reason_given_for_a_free_time_is_not_kept(service, place, practitioner, manager, now):
    assert (
        book_for(service, place, practitioner, manager, now, overbooked_reason="Just in case").overbooked_reason == ""
    )


def test_staff_need_a_free_room_too(place, desk, now):
    service = make_service(duration=timedelta(hours=1), needs_room=True)
    practitioner = make_practitioner([service])
    room = make_room(place)
    make_appointment(location=place, room=room, starts_at=at(10, day=25))
    with pytest.raises(StartTaken, match="room"):
        book_for(service, place, practitioner, desk, now)


def test_nobody_unauthorised_is_booked_for_needling(place, practitioner, desk, now):
    needling = make_service(needs_needling_authorisation=True)
    with pytest.raises(NotOffered):
        book_for(needling, place, practitioner, desk, now)
    with pytest.raises(NotOffered):
        book_for(needling, place, make_practitioner([needling]), desk, now)


def test_staff_move_a_visit_to_another_practitioner(booked, service, place, desk, now):
    other = make_practitioner([service])
    moved = scheduling.reschedule(appointment=booked, starts_at=at(20), practitioner=other, by=desk, now=now)
    assert (moved.practitioner, moved.starts_at) == (other, at(20))


def test_staff_cannot_move_a_visit_onto_another_by_accident(booked, service, place, practitioner, desk, now):
    make_appointment(service=service, location=place, practitioner=practitioner, starts_at=at(14))
    with pytest.raises(StartTaken):
        scheduling.reschedule(appointment=booked, starts_at=at(14, 30), by=desk, now=now)
