"""Commands on appointments: reschedule, cancel, check in, fulfil, mark as no-show, book by staff."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Permission

from booking import scheduling
from booking.models import Appointment, Closure, Message, Service, Status
from booking.scheduling import Actor, Exemption, NeedsReason, NotBookable, SlotTaken, StaffRule, TooLate, WrongStatus
from tests.support.factories import (
    make_appointment,
    make_hours,
    make_patient,
    make_practitioner,
    make_room,
    make_service,
)

PATIENT = Actor.patient()
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


def at(hour, minute=0, day=24):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def booked(service, location, practitioner):
    return make_appointment(service=service, location=location, practitioner=practitioner, starts_at=at(10, day=25))


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
    open_again = scheduling.available_slots(service=service, now=now, first_on=booked.local_on, last_on=booked.local_on)
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


@pytest.mark.parametrize("state", ["plain", "overbooked", "closed day", "other room free"])
def test_staff_moving_a_visit_to_its_own_time_changes_nothing(booked, location, desk, now, state):
    if state == "overbooked":
        Appointment.objects.update(overbooked_reason="Twins")
    elif state == "closed day":
        Closure.objects.create(location=location, on=booked.local_on, name="Burst pipe")
    elif state == "other room free":
        make_room(location, position=1)
        Service.objects.update(needs_room=True)
        Appointment.objects.update(room=make_room(location, position=2))
    before = Appointment.objects.values().get()
    visit = Appointment.objects.get()
    scheduling.reschedule(
        appointment=visit, starts_at=visit.starts_at, practitioner=visit.practitioner, by=desk, now=now
    )  # fmt: skip
    assert Appointment.objects.values().get() == before
    assert (booked.events.count(), Message.objects.count()) == (0, 0)


def test_moving_to_the_same_time_replaces_a_room_that_is_out_of_use_and_writes_to_nobody(booked, location, desk, now):
    room = make_room(location)
    Service.objects.update(needs_room=True)
    Appointment.objects.update(room=make_room(location, is_active=False))
    visit = Appointment.objects.get()
    moved = scheduling.reschedule(appointment=visit, starts_at=visit.starts_at, by=desk, now=now)
    assert (moved.room, moved.sequence, Message.objects.count()) == (room, 0, 0)
    assert booked.events.get().after["room"] == room.pk


def test_a_failed_move_keeps_the_old_time(booked, service, location, practitioner, now):
    make_appointment(service=service, location=location, practitioner=practitioner, starts_at=at(14))
    with pytest.raises(SlotTaken) as refused:
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


def test_a_patient_stays_with_their_practitioner_if_that_person_is_free(booked, service, location, practitioner, now):
    idle = make_practitioner([service], position=0)
    make_hours(idle, location)
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


def test_the_cancellation_window_agreed_at_booking_applies(booked, service):
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
def test_a_past_visit_cannot_be_cancelled(booked, desk, now, status):
    Appointment.objects.update(status=status)
    with pytest.raises(WrongStatus):
        scheduling.cancel(appointment=booked, by=desk, now=now)


def test_status_changes_at_the_front_desk_are_recorded(booked, desk):
    later = booked.starts_at + timedelta(minutes=5)
    for command in (scheduling.check_in, scheduling.fulfil, scheduling.mark_no_show, scheduling.check_in):
        command(appointment=booked, by=desk, now=later)
    assert list(booked.events.values_list("kind", flat=True)) == ["arrived", "fulfilled", "noshow", "arrived"]


def test_a_no_show_cannot_be_marked_before_the_visit_begins(booked, desk):
    with pytest.raises(WrongStatus):
        scheduling.mark_no_show(appointment=booked, by=desk, now=booked.starts_at - timedelta(seconds=1))


@pytest.mark.parametrize("command", [scheduling.check_in, scheduling.fulfil, scheduling.mark_no_show])
def test_patients_cannot_set_a_status(booked, command):
    with pytest.raises(WrongStatus):
        command(appointment=booked, by=PATIENT, now=booked.starts_at)


def book_for(service, location, practitioner, by, now, **fields):
    return scheduling.book_by_staff(
        **{"service": service, "practitioner": practitioner, "location": location, "patient": make_patient()}
        | {"starts_at": at(10, day=25), "by": by, "now": now}
        | fields
    )


def test_staff_book_off_the_grid_and_outside_hours(service, location, practitioner, desk, now):
    exemption = Exemption("Comes after work", {StaffRule.HOURS})
    made = book_for(service, location, practitioner, desk, now, starts_at=at(18, 17), exemption=exemption)
    assert (made.status, made.starts_at, made.events.get().actor) == ("booked", at(18, 17), desk.user)


def test_staff_cannot_overbook_by_accident(booked, service, location, practitioner, desk, manager, now):
    for actor in (desk, manager):
        with pytest.raises(SlotTaken):
            book_for(service, location, practitioner, actor, now)
    with pytest.raises(SlotTaken):
        book_for(service, location, practitioner, desk, now, exemption=Exemption("Please", {StaffRule.VISIT}))
    assert Appointment.objects.count() == 1


def test_staff_with_the_permission_overbook_with_a_reason(booked, service, location, practitioner, manager, now):
    exemption = Exemption("Twins, seen together", {StaffRule.VISIT})
    made = book_for(service, location, practitioner, manager, now, exemption=exemption)
    assert (made.overbooked_reason, made.events.get().note) == ("Twins, seen together", "Twins, seen together")
    offered = scheduling.available_slots(service=service, now=now, first_on=made.local_on, last_on=made.local_on)
    assert made.starts_at not in [opening.starts_at for opening in offered]


def test_a_reason_given_for_a_free_time_is_not_kept(service, location, practitioner, manager, now):
    exemption = Exemption("Just in case", set(StaffRule))
    made = book_for(service, location, practitioner, manager, now, exemption=exemption)
    assert (made.overbooked_reason, made.exception_reason) == ("", "")


def test_staff_need_a_free_room_too(location, desk, now):
    service = make_service(duration=timedelta(hours=1), needs_room=True)
    practitioner = make_practitioner([service])
    room = make_room(location)
    make_appointment(location=location, room=room, starts_at=at(10, day=25))
    with pytest.raises(SlotTaken, match="room"):
        book_for(service, location, practitioner, desk, now)


def test_nobody_unauthorised_is_booked_for_needling(location, practitioner, desk, now):
    needling = make_service(needs_needling_authorisation=True)
    with pytest.raises(NotBookable):
        book_for(needling, location, practitioner, desk, now)
    with pytest.raises(NotBookable):
        book_for(needling, location, make_practitioner([needling]), desk, now)


def test_staff_move_a_visit_to_another_practitioner(booked, service, location, desk, now):
    other = make_practitioner([service])
    make_hours(other, location, end_time=time(22))
    moved = scheduling.reschedule(appointment=booked, starts_at=at(20), practitioner=other, by=desk, now=now)
    assert (moved.practitioner, moved.starts_at) == (other, at(20))


def test_staff_cannot_move_a_visit_onto_another_by_accident(booked, service, location, practitioner, desk, now):
    make_appointment(service=service, location=location, practitioner=practitioner, starts_at=at(14))
    with pytest.raises(SlotTaken):
        scheduling.reschedule(appointment=booked, starts_at=at(14, 30), by=desk, now=now)


def test_a_move_outside_a_rule_needs_a_reason_that_is_kept_until_the_next_move(booked, location, desk, now):
    Closure.objects.create(location=location, on=at(9, day=27).date(), name="Christmas party")
    command = {"appointment": booked, "starts_at": at(18, day=27), "by": desk, "now": now}
    with pytest.raises(NeedsReason) as asked:
        scheduling.reschedule(**command)
    assert asked.value.rules == {StaffRule.CLOSURE}
    for exemption in (Exemption("", {StaffRule.CLOSURE}), Exemption("After work", {StaffRule.HOURS})):
        with pytest.raises(NeedsReason):
            scheduling.reschedule(**command, exemption=exemption)
    moved = scheduling.reschedule(**command, exemption=Exemption("Last chance", {StaffRule.CLOSURE}))
    assert (moved.exception_reason, moved.overbooked_reason) == ("Last chance", "")
    back = scheduling.reschedule(appointment=moved, starts_at=at(14, day=25), by=desk, now=now)
    assert back.exception_reason == ""


def test_an_overbooked_time_outside_hours_keeps_both_reasons(service, location, practitioner, manager, desk, now):
    late = {"starts_at": at(19, day=25)}
    make_appointment(service=service, location=location, practitioner=practitioner, **late)
    both = Exemption("Twins, after work", {StaffRule.VISIT, StaffRule.HOURS})
    with pytest.raises(SlotTaken, match="may not overbook"):
        book_for(service, location, practitioner, desk, now, exemption=both, **late)
    made = book_for(service, location, practitioner, manager, now, exemption=both, **late)
    assert (made.overbooked_reason, made.exception_reason) == ("Twins, after work", "Twins, after work")


def test_staff_book_nobody_who_has_left(service, location, practitioner, desk, now):
    practitioner.is_active = False
    practitioner.save()
    with pytest.raises(NotBookable):
        book_for(service, location, practitioner, desk, now)
