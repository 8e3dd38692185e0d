"""confirm(): a booking that waits for the patient's email, confirmed by the link in it."""

from datetime import UTC, datetime, time, timedelta

import pytest

from booking import messages, scheduling
from booking.models import Appointment, AppointmentEvent, Closure, Message, Patient, Room
from booking.scheduling import Actor, KnownVisits, NotBookable, NotConfirmed, SlotTaken, VisitOverlaps
from tests.support.factories import (
    make_appointment,
    make_hours,
    make_patient,
    make_practitioner,
    make_room,
)

PATIENT = Actor.patient()
MINUTE = timedelta(minutes=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


def at(hour, minute=0, day=24):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


@pytest.fixture
def unconfirmed(service, location, practitioner, now):
    """A function that makes a booking that waits to be confirmed."""

    def make(starts_at=at(10), **fields):
        return make_appointment(
            **{"service": service, "location": location, "practitioner": practitioner, "starts_at": starts_at}
            | {"status": "unconfirmed", "hold_expires_at": now + 60 * MINUTE, "is_unverified": True}
            | {"submission_key": f"{starts_at}"}
            | fields
        )

    return make


def confirm(appointment, now, **fields):
    return scheduling.confirm(appointment=appointment, by=PATIENT, now=now, **fields)


def kinds(appointment):
    return set(appointment.messages.values_list("kind", flat=True))


def test_confirming_books_it_and_then_the_clinic_hears_of_it(unconfirmed, now):
    waiting = unconfirmed(starts_at=at(10, day=27))
    booked = confirm(waiting, now + 59 * MINUTE)
    assert (booked.pk, booked.status, booked.is_unverified, booked.hold_expires_at) == (
        waiting.pk, "booked", False, None,
    )  # fmt: skip
    assert list(booked.events.values_list("kind", flat=True)) == ["booked"]
    assert kinds(booked) == {"confirmation", "reminder", "clinic_notice"}


def test_confirming_again_changes_nothing(unconfirmed, now):
    waiting = unconfirmed()
    confirm(waiting, now)
    count = Message.objects.count(), AppointmentEvent.objects.count()
    assert confirm(waiting, now).status == "booked"
    assert (Message.objects.count(), AppointmentEvent.objects.count()) == count


def test_who_confirms_first_has_the_time_and_the_later_one_is_offered_near_ones(unconfirmed, now):
    first, second = unconfirmed(), unconfirmed(submission_key="second", patient=make_patient(name="Bob"))
    confirm(second, now)
    with pytest.raises(SlotTaken) as refused:
        confirm(first, now)
    assert [slot.starts_at for slot in refused.value.nearest] == [at(9), at(11), at(12)]
    first.refresh_from_db()
    assert first.status == "unconfirmed"


def test_who_comes_too_late_confirms_another_time_with_the_same_answers(unconfirmed, now):
    first, second = unconfirmed(), unconfirmed(submission_key="second")
    confirm(second, now)
    booked = confirm(first, now, starts_at=at(11))
    assert (booked.pk, booked.status, booked.starts_at, booked.local_time) == (first.pk, "booked", at(11), time(11))
    with pytest.raises(SlotTaken):
        confirm(unconfirmed(submission_key="third"), now, starts_at=at(11))


def test_another_time_may_be_with_another_person(unconfirmed, service, location, now):
    other = make_practitioner([service])
    make_hours(other, location)
    waiting = unconfirmed()
    assert confirm(waiting, now, starts_at=at(10), practitioner=other).practitioner == other


def test_after_sixty_minutes_it_is_too_late_before_and_after_the_worker_has_seen_it(unconfirmed, now):
    waiting, late = unconfirmed(), now + 60 * MINUTE
    with pytest.raises(NotConfirmed):
        confirm(waiting, late)
    assert scheduling.expire_holds(now=late) == 1
    waiting.refresh_from_db()
    assert (waiting.status, list(waiting.events.values_list("kind", flat=True))) == ("expired", ["expired"])
    with pytest.raises(NotConfirmed):
        confirm(waiting, late)


def test_a_booking_that_was_not_confirmed_goes_after_a_week_with_its_patient(unconfirmed, now):
    known = make_patient(name="Known")
    make_appointment(patient=known, starts_at=at(10, day=30))
    unconfirmed()
    unconfirmed(starts_at=at(11), patient=known, submission_key="known")
    Appointment.objects.update(created_at=now)
    Patient.objects.update(created_at=now)
    scheduling.expire_holds(now=now + 60 * MINUTE)
    Appointment.objects.filter(status="expired").update(updated_at=now)
    assert scheduling.delete_lapsed_bookings(now=now + timedelta(days=7)) == 0
    assert scheduling.delete_lapsed_bookings(now=now + timedelta(days=7, seconds=1)) == 2
    assert list(Patient.objects.values_list("name", flat=True)) == ["Known"]
    assert list(Appointment.objects.values_list("status", flat=True)) == ["booked"]


def test_a_patient_who_was_here_before_stays(unconfirmed, now):
    unconfirmed()
    Patient.objects.update(created_at=now - timedelta(days=1))
    Appointment.objects.update(status="expired", created_at=now, updated_at=now - timedelta(days=8))
    assert scheduling.delete_lapsed_bookings(now=now) == 1
    assert Patient.objects.count() == 1


def test_a_patient_whose_data_staff_changed_stays_so_that_the_log_of_it_can_be_disposed_of(
    unconfirmed, now, admin_user
):
    patient = unconfirmed().patient
    scheduling.correct_contact(
        patient=patient,
        email="new@patients.example",
        phone="+14035550199",
        by=Actor.staff(admin_user),
        now=now,
        send=False,
    )
    Appointment.objects.update(status="expired", created_at=patient.created_at, updated_at=now - timedelta(days=8))
    assert scheduling.delete_lapsed_bookings(now=now) == 1
    assert Patient.objects.get() == patient


def close_the_day(waiting):
    Closure.objects.create(location=waiting.location, on=waiting.local_on, name="Founders Day")


def let_the_practitioner_leave(waiting):
    waiting.practitioner.is_active = False
    waiting.practitioner.save()


def book_it_otherwise(waiting):
    make_appointment(
        service=waiting.service, practitioner=waiting.practitioner, location=waiting.location,
        starts_at=waiting.starts_at,
    )  # fmt: skip


def need_a_room(waiting):
    waiting.service.needs_room = True
    waiting.service.save()


@pytest.mark.parametrize(
    "happening", [close_the_day, let_the_practitioner_leave, book_it_otherwise, need_a_room], ids=lambda f: f.__name__
)
def test_everything_is_checked_again_when_it_is_confirmed(unconfirmed, now, happening):
    waiting = unconfirmed()
    happening(waiting)
    with pytest.raises(SlotTaken):
        confirm(waiting, now)
    waiting.refresh_from_db()
    assert waiting.status == "unconfirmed"


def test_a_service_that_is_no_longer_booked_online_is_refused(unconfirmed, now):
    waiting = unconfirmed()
    waiting.service.booked_by = "staff"
    waiting.service.save()
    with pytest.raises(NotBookable):
        confirm(waiting, now)
    with pytest.raises(NotBookable):
        confirm(waiting, now, starts_at=at(12))


def test_a_room_is_assigned_when_it_is_confirmed(unconfirmed, location, now):
    room = make_room(location)
    waiting = unconfirmed()
    need_a_room(waiting)
    assert confirm(waiting, now).room == room
    assert Room.objects.count() == 1


def test_another_visit_of_the_patient_at_that_time_is_asked_about(unconfirmed, now):
    waiting = unconfirmed()
    make_appointment(patient=waiting.patient, starts_at=at(10))
    known = KnownVisits(patient=waiting.patient_id)
    with pytest.raises(VisitOverlaps, match="10:00"):
        confirm(waiting, now, known=known)
    assert confirm(waiting, now, known=known, accepts_overlap=True).status == "booked"


def test_a_visit_that_has_begun_cannot_be_confirmed(unconfirmed, service, now):
    waiting = unconfirmed(hold_expires_at=at(11))
    with pytest.raises(SlotTaken):
        confirm(waiting, at(10))


def test_the_request_leaves_while_it_can_be_confirmed_only(unconfirmed, now, mailoutbox):
    waiting, other = unconfirmed(), unconfirmed(starts_at=at(11))
    for appointment in (waiting, other):
        messages.enqueue_confirm_request(appointment, now=now)
    confirm(other, now)
    messages.send_due(now=now)
    assert [mail.subject.partition(":")[0] for mail in mailoutbox if "confirm" in mail.subject] == ["Please confirm"]
    messages.enqueue_confirm_request(unconfirmed(starts_at=at(12)), now=now)
    messages.send_due(now=now + 60 * MINUTE)
    assert len([mail for mail in mailoutbox if "Please confirm" in mail.subject]) == 1


def test_a_corrected_address_gets_the_link_and_the_old_one_opens_nothing(unconfirmed, desk, now):
    waiting = unconfirmed()
    messages.enqueue_confirm_request(waiting, now=now)
    scheduling.correct_contact(
        patient=waiting.patient, email="new@patients.example", phone="+14035550123", by=desk, now=now, send=True
    )
    waiting.refresh_from_db()
    assert waiting.link_generation == 2
    assert waiting.messages.filter(kind="confirm_request").count() == 2
