"""One patient should not be in two places at once (R16)."""

from datetime import UTC, datetime, timedelta

import pytest

from booking import scheduling
from booking.models import Appointment
from booking.scheduling import Actor, KnownVisits, PatientDetails, VisitOverlaps
from tests.support.factories import make_appointment, make_hours, make_patient, make_practitioner

PATIENT = Actor.patient()
ALICE = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
TEN = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic", "practitioner")]


@pytest.fixture
def visit(service, location):
    """Alice's visit at ten, with somebody who has no hours."""
    return make_appointment(service=service, location=location, starts_at=TEN)


@pytest.fixture
def book(service, location, now):
    def command(at=TEN, **fields):
        held = scheduling.hold(service=service, starts_at=at, holder="me", by=PATIENT, now=now, location=location)
        return scheduling.book(hold=held, details=ALICE, submission_key=str(at), by=PATIENT, now=now, **fields)

    return command


def test_a_visitor_is_asked_about_a_visit_of_the_same_session_without_its_time(book, visit):
    with pytest.raises(VisitOverlaps) as asked:
        book(known=KnownVisits(uids=[visit.uid]))
    assert asked.value.message == "You may have another appointment then."
    assert not Appointment.objects.filter(status="booked").exclude(pk=visit.pk).exists()
    assert book(known=KnownVisits(uids=[visit.uid]), accepts_overlap=True).status == "booked"


def test_who_came_by_the_manage_link_is_told_the_time(book, visit):
    with pytest.raises(VisitOverlaps) as asked:
        book(known=KnownVisits(patient=visit.patient_id))
    assert asked.value.message == "You have another appointment then: Wednesday, November 25, 10:00 a.m."


def test_a_stranger_learns_nothing(book, visit):
    assert book().patient == visit.patient


@pytest.mark.parametrize("hours", [-1, 1])
def test_visits_that_touch_do_not_overlap(book, visit, hours):
    assert book(at=TEN + hours * HOUR, known=KnownVisits(uids=[visit.uid])).status == "booked"


@pytest.mark.parametrize("status", ["cancelled", "noshow"])
def test_a_visit_that_nobody_attends_is_no_other_place(book, visit, status):
    Appointment.objects.update(status=status)
    assert book(known=KnownVisits(uids=[visit.uid])).status == "booked"


def test_a_move_onto_another_visit_of_the_patient_is_asked_about(service, location, practitioner, visit, now):
    other = make_appointment(
        service=service, location=location, practitioner=practitioner, starts_at=TEN + 3 * HOUR, patient=visit.patient
    )
    command = {"appointment": other, "starts_at": TEN, "by": PATIENT, "now": now}
    with pytest.raises(VisitOverlaps):
        scheduling.reschedule(**command, known=KnownVisits(patient=visit.patient_id))
    other.refresh_from_db()
    assert other.starts_at == TEN + 3 * HOUR
    assert scheduling.reschedule(**command, accepts_overlap=True).starts_at == TEN


def test_a_move_over_part_of_the_visit_itself_is_no_overlap(service, location, practitioner, now):
    service.step = timedelta(minutes=30)
    service.save()
    visit = make_appointment(service=service, location=location, practitioner=practitioner, starts_at=TEN)
    known = KnownVisits(uids=[visit.uid], patient=visit.patient_id)
    moved = scheduling.reschedule(appointment=visit, starts_at=TEN + HOUR / 2, by=PATIENT, now=now, known=known)
    assert moved.starts_at == TEN + HOUR / 2


def test_two_children_under_one_address_can_come_at_the_same_time(service, location, visit, now):
    second = make_practitioner([service])
    make_hours(second, location)
    child = make_patient(name="Bob Martin")
    assert list(Appointment.objects.at_same_time(visit)) == []
    beside = make_appointment(
        service=service, location=location, practitioner=second, starts_at=TEN + HOUR / 2, patient=child
    )
    assert list(Appointment.objects.at_same_time(beside)) == []
