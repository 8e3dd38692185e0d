"""Commands check again under the lock what may have changed since the first check.

The overlap constraints do not cover buffers, cancellation windows and statuses.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from booking import scheduling
from booking.models import Appointment
from booking.scheduling import Actor, PatientDetails, SlotTaken, TooLate, WrongStatus
from booking.scheduling.appointments import book as booking
from booking.scheduling.appointments import change
from booking.scheduling.appointments import hold as holding
from booking.scheduling.appointments.patient_matching import match_or_create, patients_with_email
from tests.support.factories import (
    make_appointment,
    make_clinic,
    make_service,
)

PATIENT = Actor.patient()
ALICE = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
TEN = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def service():
    make_clinic()
    return make_service(duration=timedelta(minutes=30), buffer_after=timedelta(minutes=10))


def rival_in_the_buffer(practitioner, service, location):
    """A visit that ends exactly when ours begins: no overlap, but a violated buffer."""

    def book():
        make_appointment(
            practitioner=practitioner, service=service, location=location, starts_at=TEN - timedelta(minutes=30)
        )

    return book


def hold(service, location, now):
    return scheduling.hold(service=service, starts_at=TEN, holder="me", by=PATIENT, now=now, location=location)


def test_hold_checks_again_under_the_lock(service, location, practitioner, now, just_before_the_lock):
    just_before_the_lock(holding, rival_in_the_buffer(practitioner, service, location))
    with pytest.raises(SlotTaken):
        hold(service, location, now)
    assert Appointment.objects.count() == 1


def test_reacquiring_a_hold_checks_again_under_the_lock(service, location, practitioner, now, just_before_the_lock):
    held = hold(service, location, now)
    just_before_the_lock(booking, rival_in_the_buffer(practitioner, service, location))
    with pytest.raises(SlotTaken):
        scheduling.book(
            hold=held, details=ALICE, submission_key="k", by=PATIENT, now=now + timedelta(minutes=11)
        )  # fmt: skip
    assert not Appointment.objects.filter(status="booked", starts_at=TEN).exists()


@pytest.fixture
def booked(service, location, practitioner):
    return make_appointment(
        practitioner=practitioner, service=service, location=location, starts_at=TEN + timedelta(hours=3)
    )


def move(appointment, now):
    return scheduling.reschedule(appointment=appointment, starts_at=TEN, by=PATIENT, now=now)


def test_a_move_checks_again_under_the_lock(service, location, practitioner, booked, now, just_before_the_lock):
    just_before_the_lock(change, rival_in_the_buffer(practitioner, service, location))
    with pytest.raises(SlotTaken):
        move(booked, now)
    booked.refresh_from_db()
    assert booked.starts_at == TEN + timedelta(hours=3)


def test_a_move_sees_that_somebody_else_has_just_moved_it(booked, now, just_before_the_lock):
    just_before_the_lock(change, lambda: Appointment.objects.filter(pk=booked.pk).update(sequence=1))
    with pytest.raises(WrongStatus):
        move(booked, now)


def test_a_move_sees_that_the_visit_has_just_been_cancelled(booked, now, just_before_the_lock):
    just_before_the_lock(change, lambda: Appointment.objects.filter(pk=booked.pk).update(status="cancelled"))
    with pytest.raises(WrongStatus):
        move(booked, now)


def test_a_move_sees_that_the_window_has_just_become_longer(booked, now, just_before_the_lock):
    longer = timedelta(days=30)
    just_before_the_lock(change, lambda: Appointment.objects.filter(pk=booked.pk).update(cancellation_window=longer))
    with pytest.raises(TooLate):
        move(booked, now)


def test_a_patient_who_has_arrived_cannot_cancel_any_more(booked, now):
    Appointment.objects.update(status="arrived")
    with pytest.raises(WrongStatus):
        scheduling.cancel(appointment=booked, by=PATIENT, now=now)


def test_a_lapsed_hold_is_not_booked_for_a_service_that_has_been_withdrawn(service, location, practitioner, now):
    held = hold(service, location, now)
    service.is_active = False
    service.save()
    with pytest.raises(scheduling.NotBookable):
        scheduling.book(hold=held, details=ALICE, submission_key="k", by=PATIENT, now=now + timedelta(minutes=11))


def test_the_lead_time_applies_again_long_after_a_hold_expired(service, location, practitioner, now):
    held = hold(service, location, now)
    shortly = TEN - timedelta(minutes=5)
    with pytest.raises(SlotTaken):
        scheduling.book(hold=held, details=ALICE, submission_key="k", by=PATIENT, now=shortly)


def test_nobody_can_rename_a_patient_by_booking_in_their_name(service, location, practitioner, now):
    named = PatientDetails(
        name=ALICE.name, email=ALICE.email, phone=ALICE.phone, preferred_name="Ally", pronouns="she/her"
    )
    mocked = PatientDetails(name=ALICE.name, email=ALICE.email, phone=ALICE.phone, preferred_name="Rude")

    def booked_by(details):
        with transaction.atomic():
            return match_or_create(details, patients_with_email(details), by=PATIENT)

    first, second = (booked_by(details) for details in (named, mocked))
    first.refresh_from_db()
    assert (first.preferred_name, second.preferred_name, first.pk == second.pk) == ("Ally", "Rude", False)
    assert booked_by(ALICE).pk == first.pk


def test_expired_holds_are_deleted_after_a_week(service, location, practitioner, now):
    held = hold(service, location, now)
    scheduling.release(appointment=held, by=PATIENT, now=now)
    assert scheduling.delete_old_holds(now=now + timedelta(days=7)) == 0
    assert scheduling.delete_old_holds(now=now + timedelta(days=7, seconds=1)) == 1
    assert not Appointment.objects.exists()
