"""Concurrent requests for the same slot: one gets it, the others are refused, nothing is booked twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier

import pytest
from django.db import connections

from booking import scheduling
from booking.models import Appointment, Message, Status
from booking.scheduling import Actor, PatientDetails, SlotTaken
from tests.support.factories import make_clinic, make_hours, make_location, make_practitioner, make_room, make_service

PATIENT = Actor.patient()
NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def details(index):
    return PatientDetails(name=f"Patient {index}", email=f"p{index}@patients.example", phone="+14035550123")


def at_once(count, work):
    """Run ``work(index)`` in ``count`` threads at once, and return each result or refusal."""
    barrier = Barrier(count)

    def run(index):
        try:
            barrier.wait(timeout=30)
            return work(index)
        except SlotTaken as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_a_contested_slot_is_booked_once(now):
    make_clinic()
    service, place = make_service(duration=timedelta(hours=1)), make_location()
    make_hours(make_practitioner([service]), place)

    def hold_and_book(index):
        held = scheduling.hold(
            service=service, starts_at=NINE, holder=str(index), by=PATIENT, now=now, location=place
        )  # fmt: skip
        return scheduling.book(hold=held, details=details(index), submission_key=str(index), by=PATIENT, now=now)

    results = at_once(12, hold_and_book)
    sold = [result for result in results if isinstance(result, Appointment)]
    assert len(sold) == 1
    assert Appointment.objects.count() == 1
    assert Message.objects.filter(kind=Message.Kind.CONFIRMATION).count() == 1


def test_holds_of_unequal_length_never_overlap_or_share_a_room(now):
    make_clinic()
    place = make_location()
    services = [
        make_service(duration=timedelta(minutes=length), step=timedelta(minutes=15), needs_room=True)
        for length in (30, 45, 60)
    ]
    make_room(place)
    make_room(place)
    for _ in range(3):
        make_hours(make_practitioner(services), place, start_time=time(9), end_time=time(11))

    def hold(index):
        return scheduling.hold(
            service=services[index % 3],
            starts_at=NINE + timedelta(minutes=15 * (index % 5)),
            holder=str(index),
            by=PATIENT,
            now=now,
            location=place,
        )

    results = at_once(16, hold)
    assert all(isinstance(result, Appointment | SlotTaken) for result in results)
    held = list(Appointment.objects.filter(status=Status.HELD))
    assert len(held) == sum(isinstance(result, Appointment) for result in results) >= 2
    for first in held:
        for second in held:
            if first != second and first.starts_at < second.ends_at and second.starts_at < first.ends_at:
                assert first.practitioner_id != second.practitioner_id
                assert first.room_id != second.room_id


def test_one_form_sent_many_times_at_once_is_one_appointment(now):
    make_clinic()
    service, place = make_service(), make_location()
    make_hours(make_practitioner([service]), place)
    held = scheduling.hold(service=service, starts_at=NINE, holder="me", by=PATIENT, now=now, location=place)
    results = at_once(
        6, lambda _: scheduling.book(hold=held, details=details(1), submission_key="k", by=PATIENT, now=now)
    )
    assert {result.pk for result in results} == {held.pk}
    assert Message.objects.filter(kind=Message.Kind.CONFIRMATION).count() == 1


def test_one_session_choosing_two_times_at_once_ends_with_one_hold(now):
    make_clinic()
    service, place = make_service(duration=timedelta(hours=1)), make_location()
    make_hours(make_practitioner([service]), place)
    starts = [NINE + timedelta(hours=index) for index in range(4)]
    at_once(
        4,
        lambda index: scheduling.hold(
            service=service, starts_at=starts[index], holder="me", by=PATIENT, now=now, location=place
        ),
    )
    assert Appointment.objects.filter(status=Status.HELD, hold_key="me").count() == 1


def test_concurrent_reschedules_to_one_slot_succeed_once(now):
    make_clinic(unverified_share=100)
    service, place = make_service(duration=timedelta(hours=1)), make_location()
    make_hours(make_practitioner([service]), place)
    visits = []
    for index in range(4):
        held = scheduling.hold(
            service=service, starts_at=NINE + timedelta(days=2, hours=index), holder="me", by=PATIENT, now=now,
            location=place,
        )  # fmt: skip
        visits.append(
            scheduling.book(hold=held, details=details(index), submission_key=str(index), by=PATIENT, now=now)
        )
    results = at_once(
        4, lambda index: scheduling.reschedule(appointment=visits[index], starts_at=NINE, by=PATIENT, now=now)
    )
    assert sum(isinstance(result, SlotTaken) for result in results) == 3
    assert Appointment.objects.filter(starts_at=NINE).count() == 1
    assert Appointment.objects.filter(status=Status.BOOKED).count() == 4


def test_the_worker_and_patients_never_deadlock(now):
    make_clinic()
    service, place = make_service(duration=timedelta(minutes=15)), make_location()
    people = [make_practitioner([service]) for _ in range(2)]
    for person in people:
        make_hours(person, place)
    starts = [NINE + timedelta(minutes=15 * index) for index in range(30)]
    for index, start in enumerate(starts):
        scheduling.hold(
            service=service, starts_at=start, holder=f"old {index}", by=PATIENT, now=now, location=place,
            practitioner=people[index % 2],
        )  # fmt: skip
    later = now + timedelta(minutes=11)

    def work(index):
        if index % 2:
            return scheduling.expire_holds(now=later)
        return scheduling.hold(
            service=service, starts_at=starts[index], holder=f"old {29 - index}", by=PATIENT, now=later, location=place
        )

    results = at_once(6, work)
    assert sum(isinstance(result, Appointment) for result in results) == 3
    assert Appointment.objects.filter(status=Status.HELD).count() == 3
