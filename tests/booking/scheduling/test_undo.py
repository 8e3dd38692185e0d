"""Take back a cancellation or a move; races of both with other bookings."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections

from booking import messages, scheduling
from booking.models import Appointment, CancelReason, Message, Status, TimeOff
from booking.scheduling import Actor, SchedulingError, SlotTaken, WrongStatus
from booking.scheduling.appointments import change, undo
from tests.support.factories import make_appointment, make_clinic, make_hours, make_patient, make_practitioner
from tests.support.factories import make_location as new_location
from tests.support.factories import make_service as new_service

TEN = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # 10:00 a.m. on Wednesday; it is Monday.
HOUR = timedelta(hours=1)


@pytest.fixture
def booked(service, location, practitioner):
    make_clinic()
    return make_appointment(practitioner=practitioner, service=service, location=location, starts_at=TEN)


@pytest.fixture
def cancelled(booked, desk, now):
    return scheduling.cancel(appointment=booked, by=desk, now=now, reason="Ill", category=CancelReason.objects.first())


@pytest.mark.django_db
def test_a_restored_visit_is_booked_again_and_the_patient_who_was_told_gets_a_confirmation(cancelled, desk, now):
    Message.objects.filter(kind="cancelled").update(state="sent", sent_at=now)
    restored = scheduling.restore(appointment=cancelled, by=desk, now=now)
    assert (restored.status, restored.sequence) == (Status.BOOKED, cancelled.sequence + 1)
    assert (restored.cancel_reason, restored.cancel_category) == ("", None)
    confirmation = restored.messages.get(kind="confirmation", state="waiting")
    assert confirmation.content["sequence"] == restored.sequence
    assert restored.events.last().kind == "restored"


@pytest.mark.django_db
def test_a_patient_who_was_not_told_of_the_cancellation_gets_none(cancelled, desk, now):
    restored = scheduling.restore(appointment=cancelled, by=desk, now=now)
    assert not restored.messages.filter(kind="confirmation").exists()
    assert restored.messages.get(kind="cancelled").state == "dropped"
    assert restored.messages.filter(kind="reminder", state="waiting").exists()


@pytest.mark.django_db
def test_a_first_confirmation_that_the_cancellation_dropped_is_sent_after_all(booked, desk, now):
    messages.enqueue_booking(booked, now=now)
    cancelled = scheduling.cancel(appointment=booked, by=desk, now=now)
    restored = scheduling.restore(appointment=cancelled, by=desk, now=now)
    assert restored.messages.filter(kind="confirmation", state="waiting").count() == 1


@pytest.mark.django_db
def test_a_cancellation_stays_once_its_time_is_taken(cancelled, service, location, practitioner, desk, now):
    make_appointment(practitioner=practitioner, service=service, location=location, starts_at=TEN + HOUR / 2)
    with pytest.raises(SlotTaken, match="The visit stays cancelled"):
        scheduling.restore(appointment=cancelled, by=desk, now=now)
    cancelled.refresh_from_db()
    assert cancelled.status == Status.CANCELLED


@pytest.mark.django_db
def test_a_cancellation_stays_once_the_practitioner_is_away(cancelled, practitioner, desk, now):
    TimeOff.objects.create(practitioner=practitioner, starts_on=date(2026, 11, 25), ends_on=date(2026, 11, 25))
    with pytest.raises(SlotTaken):
        scheduling.restore(appointment=cancelled, by=desk, now=now)


@pytest.mark.django_db
def test_a_visit_outside_the_rules_is_restored_with_its_reason(booked, desk, now, location):
    booked.set_time(TEN.replace(hour=4), booked.duration, location)  # 10 p.m. the day before.
    booked.exception_reason = "Flies at dawn"
    booked.save()
    cancelled = scheduling.cancel(appointment=booked, by=desk, now=now)
    assert scheduling.restore(appointment=cancelled, by=desk, now=now).exception_reason == "Flies at dawn"


@pytest.mark.django_db
def test_a_cancellation_can_be_taken_back_until_the_days_end(cancelled, desk):
    local_midnight = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
    with pytest.raises(WrongStatus, match="is over"):
        scheduling.restore(appointment=cancelled, by=desk, now=local_midnight)
    restored = scheduling.restore(appointment=cancelled, by=desk, now=local_midnight - timedelta(minutes=1))
    assert (restored.status, restored.exception_reason) == (Status.BOOKED, "")


@pytest.mark.django_db
def test_restoring_is_for_staff_and_for_cancelled_visits(cancelled, booked, desk, now):
    with pytest.raises(WrongStatus):
        scheduling.restore(appointment=cancelled, by=Actor.patient(), now=now)
    restored = scheduling.restore(appointment=cancelled, by=desk, now=now)
    assert scheduling.restore(appointment=cancelled, by=desk, now=now).sequence == restored.sequence
    Appointment.objects.update(status=Status.NOSHOW)
    with pytest.raises(WrongStatus, match="isn't cancelled"):
        scheduling.restore(appointment=cancelled, by=desk, now=now)


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "told"), [("waiting", False), ("sent", True)])
def test_undoing_a_move_tells_the_patient_if_news_of_it_has_left(booked, desk, now, state, told):
    messages.enqueue_booking(booked, now=now)
    booked.messages.filter(kind="confirmation").update(state="sent", sent_at=now)
    moved = scheduling.reschedule(appointment=booked, starts_at=TEN + HOUR, by=desk, now=now)
    moved.messages.filter(kind="rescheduled").update(state=state, sent_at=now if state == "sent" else None)
    back = scheduling.undo_move(appointment=moved, by=desk, now=now)
    assert (back.starts_at, back.sequence) == (TEN, 2)
    assert back.messages.filter(kind="rescheduled", content__sequence=2).exists() is told


@pytest.mark.django_db
def test_undoing_a_move_back_outside_the_rules_keeps_the_reason(booked, service, location, practitioner, desk, now):
    early = TEN.replace(hour=12)
    exemption = scheduling.Exemption("Before work", set(scheduling.StaffRule))
    visit = scheduling.book_by_staff(
        service=service, starts_at=early, practitioner=practitioner, location=location, patient=make_patient(),
        by=desk, now=now, exemption=exemption,
    )  # fmt: skip
    moved = scheduling.reschedule(appointment=visit, starts_at=TEN + 3 * HOUR, by=desk, now=now)
    back = scheduling.undo_move(appointment=moved, by=desk, now=now)
    assert (back.starts_at, back.exception_reason) == (early, "Before work")


@pytest.mark.django_db
def test_only_a_move_can_be_moved_back(booked, desk, now):
    with pytest.raises(WrongStatus):
        scheduling.undo_move(appointment=booked, by=desk, now=now)


@pytest.mark.django_db
def test_lateness_is_recorded_cleared_and_reset_by_a_move(booked, desk, now):
    late = scheduling.mark_late(appointment=booked, late_by=timedelta(minutes=10), by=desk, now=now)
    assert (late.late_by, late.events.last().note) == (timedelta(minutes=10), "10 minutes late")
    moved = scheduling.reschedule(appointment=late, starts_at=TEN + HOUR, by=desk, now=now)
    assert moved.late_by is None
    for late_by, by in [(timedelta(hours=3), desk), (timedelta(minutes=-5), desk), (HOUR, Actor.patient())]:
        with pytest.raises(WrongStatus):
            scheduling.mark_late(appointment=moved, late_by=late_by, by=by, now=now)
    Appointment.objects.update(status=Status.ARRIVED)
    with pytest.raises(WrongStatus, match="still expected"):
        scheduling.mark_late(appointment=moved, late_by=HOUR, by=desk, now=now)


# Races


def race(*commands):
    """Run the commands at once, each in its own connection. Returns their results or errors."""
    barrier, results = threading.Barrier(len(commands)), [None] * len(commands)

    def run(index, command):
        try:
            barrier.wait(timeout=10)
            results[index] = command()
        except SchedulingError as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(commands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def desk_of_two(transactional_db, django_user_model):
    """A visit, and two members of staff."""
    make_clinic()
    location, service = new_location(), new_service(duration=HOUR, needs_room=False)
    practitioner = make_practitioner([service])
    make_hours(practitioner, location)
    visit = make_appointment(practitioner=practitioner, service=service, location=location, starts_at=TEN)
    staff = [Actor.staff(django_user_model.objects.create_user(name)) for name in ("rita", "sam")]
    return visit, staff


def test_of_two_moves_at_once_one_wins_and_the_other_is_refused(desk_of_two, now):
    visit, staff = desk_of_two

    def move(by, hours):
        return lambda: scheduling.reschedule(
            appointment=visit,
            starts_at=TEN + hours * HOUR,
            by=by,
            now=now,
        )

    results = race(move(staff[0], 1), move(staff[1], 2))
    won = [result for result in results if isinstance(result, Appointment)]
    lost = [result for result in results if isinstance(result, WrongStatus)]
    assert (len(won), len(lost)) == (1, 1)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.sequence) == (won[0].starts_at, 1)
    assert visit.events.filter(kind="rescheduled").count() == 1


def test_of_an_undo_and_a_new_booking_at_once_one_has_the_time(desk_of_two, now):
    visit, staff = desk_of_two
    cancelled = scheduling.cancel(appointment=visit, by=staff[0], now=now)
    bob = make_patient(name="Bob Berg")

    def rebook():
        return scheduling.book_by_staff(
            service=visit.service, starts_at=TEN, practitioner=visit.practitioner, location=visit.location,
            patient=bob, by=staff[1], now=now,
        )  # fmt: skip

    results = race(lambda: scheduling.restore(appointment=cancelled, by=staff[0], now=now), rebook)
    assert sum(isinstance(result, SlotTaken) for result in results) == 1
    assert Appointment.objects.filter(status=Status.BOOKED, starts_at=TEN).count() == 1


@pytest.mark.django_db
def test_restoring_and_moving_back_check_under_the_lock(
    booked, desk, now, service, location, practitioner, just_before_the_lock
):
    def rival():
        make_appointment(practitioner=practitioner, service=service, location=location, starts_at=TEN)

    cancelled = scheduling.cancel(appointment=booked, by=desk, now=now)
    just_before_the_lock(undo, rival)
    with pytest.raises(SlotTaken):
        scheduling.restore(appointment=cancelled, by=desk, now=now)
    other = make_appointment(
        practitioner=make_practitioner([service]), service=service, location=location, starts_at=TEN + 3 * HOUR
    )
    moved = scheduling.reschedule(
        appointment=other, starts_at=TEN + 4 * HOUR, by=desk, now=now,
        exemption=scheduling.Exemption("x", set(scheduling.StaffRule)),
    )  # fmt: skip
    just_before_the_lock(
        change,
        lambda: make_appointment(
            practitioner=moved.practitioner, service=service, location=location, starts_at=TEN + 3 * HOUR
        ),
    )
    with pytest.raises(SlotTaken, match="stays where it is"):
        scheduling.undo_move(appointment=moved, by=desk, now=now)
