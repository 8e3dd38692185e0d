"""What changes between the first look and the lock is seen under the lock.

The database guards bare visits only; buffers, windows and states are kept by looking again.
"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from booking import scheduling
from booking.models import Appointment
from booking.scheduling import Actor, PatientDetails, StartTaken, TooLate, WrongState, booking, changes, holding
from booking.scheduling.patients import known_at, patient_for
from tests.make import make_appointment, make_clinic, make_hours, make_location, make_practitioner, make_service

PATIENT = Actor.patient()
ALICE = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
TEN = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def service():
    make_clinic()
    return make_service(duration=timedelta(minutes=30), buffer_after=timedelta(minutes=10))


@pytest.fixture
def place():
    return make_location()


@pytest.fixture
def practitioner(service, place):
    made = make_practitioner([service])
    make_hours(made, place)
    return made


@pytest.fixture
def just_before_the_lock(monkeypatch):
    """Have something happen after a command's first look and before it holds the lock."""

    def arrange(module, happening):
        real = module.locked

        @contextmanager
        def late(*args, **kwargs):
            happening()
            with real(*args, **kwargs):
                yield

        monkeypatch.setattr(module, "locked", late)

    return arrange


def rival_in_the_buffer(practitioner, service, place):
    """A visit that ends just where ours begins: no overlap, but nobody could breathe between them."""

    def book():
        make_appointment(
            practitioner=practitioner, service=service, location=place, starts_at=TEN - timedelta(minutes=30)
        )

    return book


def hold(service, place, now):
    return scheduling.hold(service=service, starts_at=TEN, holder="me", by=PATIENT, now=now, location=place)


def test_a_hold_looks_again(service, place, practitioner, now, just_before_the_lock):
    just_before_the_lock(holding, rival_in_the_buffer(practitioner, service, place))
    with pytest.raises(StartTaken):
        hold(service, place, now)
    assert Appointment.objects.count() == 1


def test_taking_a_lapsed_hold_again_looks_again(service, place, practitioner, now, just_before_the_lock):
    held = hold(service, place, now)
    just_before_the_lock(booking, rival_in_the_buffer(practitioner, service, place))
    with pytest.raises(StartTaken):
        scheduling.book(
            hold=held, details=ALICE, submission_key="k", by=PATIENT, now=now + timedelta(minutes=11)
        )  # fmt: skip
    assert not Appointment.objects.filter(status="booked", starts_at=TEN).exists()


@pytest.fixture
def booked(service, place, practitioner):
    return make_appointment(
        practitioner=practitioner, service=service, location=place, starts_at=TEN + timedelta(hours=3)
    )


def move(appointment, now):
    return scheduling.reschedule(appointment=appointment, starts_at=TEN, by=PATIENT, now=now)


def test_a_move_looks_again(service, place, practitioner, booked, now, just_before_the_lock):
    just_before_the_lock(changes, rival_in_the_buffer(practitioner, service, place))
    with pytest.raises(StartTaken):
        move(booked, now)
    booked.refresh_from_db()
    assert booked.starts_at == TEN + timedelta(hours=3)


def test_a_move_sees_that_somebody_else_has_just_moved_it(booked, now, just_before_the_lock):
    just_before_the_lock(changes, lambda: Appointment.objects.filter(pk=booked.pk).update(sequence=1))
    with pytest.raises(WrongState):
        move(booked, now)


def test_a_move_sees_that_the_visit_has_just_been_cancelled(booked, now, just_before_the_lock):
    just_before_the_lock(changes, lambda: Appointment.objects.filter(pk=booked.pk).update(status="cancelled"))
    with pytest.raises(WrongState):
        move(booked, now)


def test_a_move_sees_that_the_window_has_just_become_longer(booked, now, just_before_the_lock):
    longer = timedelta(days=30)
    just_before_the_lock(changes, lambda: Appointment.objects.filter(pk=booked.pk).update(cancellation_window=longer))
    with pytest.raises(TooLate):
        move(booked, now)


def test_a_patient_who_has_arrived_cannot_cancel_any_more(booked, now):
    Appointment.objects.update(status="arrived")
    with pytest.raises(WrongState):
        scheduling.cancel(appointment=booked, by=PATIENT, now=now)


def test_a_lapsed_hold_is_not_booked_for_a_service_that_has_been_withdrawn(service, place, practitioner, now):
    held = hold(service, place, now)
    service.is_active = False
    service.save()
    with pytest.raises(scheduling.NotOffered):
        scheduling.book(hold=held, details=ALICE, submission_key="k", by=PATIENT, now=now + timedelta(minutes=11))


def test_who_comes_back_long_after_a_hold_lapsed_has_to_keep_the_lead_time(service, place, practitioner, now):
    held = hold(service, place, now)
    shortly = TEN - timedelta(minutes=5)
    with pytest.raises(StartTaken):
        scheduling.book(hold=held, details=ALICE, submission_key="k", by=PATIENT, now=shortly)


def test_nobody_can_rename_a_patient_by_booking_in_their_name(service, place, practitioner, now):
    named = PatientDetails(
        name=ALICE.name, email=ALICE.email, phone=ALICE.phone, preferred_name="Ally", pronouns="she/her"
    )
    mocked = PatientDetails(name=ALICE.name, email=ALICE.email, phone=ALICE.phone, preferred_name="Rude")

    def booked_by(details):
        patient = patient_for(details, known_at(details, now=now))
        patient.save()
        return patient

    first, second = (booked_by(details) for details in (named, mocked))
    first.refresh_from_db()
    assert (first.preferred_name, second.preferred_name, first.pk == second.pk) == ("Ally", "Rude", False)
    assert booked_by(ALICE).pk == first.pk


def test_holds_that_came_to_nothing_are_forgotten_after_a_week(service, place, practitioner, now):
    held = hold(service, place, now)
    scheduling.release(appointment=held, by=PATIENT, now=now)
    assert scheduling.forget_holds(now=now + timedelta(days=7)) == 0
    assert scheduling.forget_holds(now=now + timedelta(days=7, seconds=1)) == 1
    assert not Appointment.objects.exists()
