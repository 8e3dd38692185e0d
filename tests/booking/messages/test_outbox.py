"""Outbox: a message is never lost, never sent twice, and never sent when stale."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import IntegrityError, connections, transaction

from booking import messages
from booking.messages.delivery import send
from booking.models import Message, Status
from tests.support.factories import make_appointment, make_clinic, make_patient, make_practitioner

pytestmark = pytest.mark.django_db
GRACE = timedelta(minutes=2)
HOUR = timedelta(hours=1)
ALICE = "alice@patients.example"


@pytest.fixture(autouse=True)
def clinic(settings):
    settings.BOOKING_CONFIRMATION_DELAY = GRACE
    return make_clinic()


@pytest.fixture
def appointment(now):
    """An appointment in four days at 1:00 p.m.: both reminders are upcoming and outside the quiet hours."""
    return make_appointment(starts_at=now + timedelta(days=4, hours=5))


def rows(**wanted) -> list[tuple]:
    found = Message.objects.filter(**wanted).order_by("due_at", "pk")
    return [(row.kind, row.content.get("hours_before") or row.content.get("event"), row.state) for row in found]


def subjects_to(address: str) -> list[str]:
    return [sent.subject.split(":")[0] for sent in mail.outbox if sent.to == [address]]


def move(appointment, by: timedelta, now) -> None:
    appointment.starts_at += by
    appointment.ends_at += by
    appointment.sequence += 1
    appointment.save()
    messages.enqueue_reschedule(appointment, now=now)


def cancel(appointment, now) -> None:
    appointment.status = Status.CANCELLED
    appointment.sequence += 1
    appointment.save()
    messages.enqueue_cancellation(appointment, now=now)


class TestQueueing:
    def test_a_booking_queues_a_confirmation_both_reminders_and_a_notice(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        due = {(row.kind, row.content.get("hours_before")): row.due_at for row in Message.objects.all()}
        assert due == {
            ("clinic_notice", None): now,
            ("confirmation", None): now + GRACE,
            ("reminder", 48): appointment.starts_at - 48 * HOUR,
            ("reminder", 3): appointment.starts_at - 3 * HOUR,
        }

    def test_a_practitioner_with_an_address_gets_a_notice_of_their_own(self, now):
        steve = make_practitioner(email="steve@dynamic-physio.example")
        messages.enqueue_booking(make_appointment(practitioner=steve), now=now)
        notices = Message.objects.filter(kind="clinic_notice")
        assert {row.practitioner for row in notices} == {None, steve}

    @pytest.mark.parametrize(
        "fields",
        [{"email": ""}, {"email": "Hello@dynamic-physio.example"}, {"email": "s@x.example", "is_active": False}],
        ids=["no-address", "the-clinics-address", "has-left"],
    )
    def test_otherwise_there_is_one_notice(self, fields, now):
        messages.enqueue_booking(make_appointment(practitioner=make_practitioner(**fields)), now=now)
        assert Message.objects.filter(kind="clinic_notice").count() == 1

    @pytest.mark.parametrize(
        ("ahead", "hours"),
        [
            (timedelta(hours=48, seconds=1), [48, 3]),
            (timedelta(hours=48), [3]),
            (timedelta(hours=3, seconds=1), [3]),
            (timedelta(hours=3), []),
        ],
    )
    def test_a_reminder_that_would_be_due_already_is_not_queued(self, ahead, hours, now):
        messages.enqueue_booking(make_appointment(starts_at=now + ahead), now=now)
        assert [row[1] for row in rows(kind="reminder")] == hours

    def test_who_wants_no_reminders_gets_none(self, now):
        messages.enqueue_booking(make_appointment(reminders=False), now=now)
        assert rows(kind="reminder") == []

    def test_the_same_message_is_never_queued_twice(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        messages.enqueue_booking(appointment, now=now + GRACE)
        assert Message.objects.count() == 4

    def test_a_change_that_is_undone_queues_nothing(self, appointment, now):
        with transaction.atomic():
            messages.enqueue_booking(appointment, now=now)
            transaction.set_rollback(True)
        assert Message.objects.count() == 0

    def test_a_contact_form_sent_twice_is_one_message(self, now):
        said = {"name": "Bob", "reply_to": "bob@patients.example", "phone": "", "body": "Parking?", "page": ""}
        for body in ["Parking?", "Parking?", "Parking, please?"]:
            messages.enqueue_contact_message(**said | {"body": body}, practitioner=None, now=now)
        assert [row.content["body"] for row in Message.objects.order_by("pk")] == ["Parking?", "Parking, please?"]


class TestMessagesSent:
    def test_a_booking_tells_the_patient_and_the_clinic_once(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        assert messages.send_due(now=now) == 1
        assert messages.send_due(now=now + GRACE) == 1
        assert messages.send_due(now=now + GRACE) == 0
        assert [sent.to for sent in mail.outbox] == [["hello@dynamic-physio.example"], [ALICE]]

    def test_a_correction_within_the_grace_period_sends_one_email(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        move(appointment, HOUR, now + GRACE / 2)
        messages.send_due(now=now + 2 * GRACE)
        assert subjects_to(ALICE) == ["Appointment at Dynamic Physiotherapy"]
        assert "2:00 p.m." in mail.outbox[-1].body  # Booked for 1:00, moved by an hour.

    def test_a_move_after_the_confirmation_left_is_told_as_a_move(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        messages.send_due(now=now + GRACE)
        move(appointment, HOUR, now + HOUR)
        move(appointment, HOUR, now + HOUR + GRACE / 2)
        messages.send_due(now=now + 2 * HOUR)
        assert subjects_to(ALICE) == [
            "Appointment at Dynamic Physiotherapy",
            "New time for the appointment at Dynamic Physiotherapy",
        ]

    def test_a_move_while_the_confirmation_is_leaving_is_told_as_a_move(self, appointment, now):
        """The worker has claimed it, so whether the patient gets it is unknown."""
        messages.enqueue_booking(appointment, now=now)
        Message.objects.filter(kind="confirmation").update(leased_until=now + send.LEASE)
        move(appointment, HOUR, now)
        assert Message.objects.filter(kind="rescheduled", state="waiting").exists()
        # If it was not sent after all, it is stale, and only the move is sent.
        messages.send_due(now=now + send.LEASE)
        assert subjects_to(ALICE) == ["New time for the appointment at Dynamic Physiotherapy"]

    def test_a_moved_visit_moves_its_reminders(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        move(appointment, timedelta(days=1), now)
        waiting = Message.objects.filter(kind="reminder", state="waiting").order_by("due_at")
        assert [row.due_at for row in waiting] == [appointment.starts_at - 48 * HOUR, appointment.starts_at - 3 * HOUR]
        assert rows(kind="reminder", state="dropped") == [("reminder", 48, "dropped"), ("reminder", 3, "dropped")]

    def test_a_cancelled_visit_tells_of_nothing_else(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        messages.send_due(now=now + GRACE)
        cancel(appointment, now + HOUR)
        for days in range(6):
            messages.send_due(now=now + HOUR + timedelta(days=days))
        assert subjects_to(ALICE) == ["Appointment at Dynamic Physiotherapy", "Cancelled"]

    def test_a_visit_cancelled_within_the_grace_period_is_told_as_cancelled_only(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        cancel(appointment, now + GRACE / 2)
        messages.send_due(now=now + GRACE)
        assert subjects_to(ALICE) == ["Cancelled"]

    def test_whom_a_visit_is_taken_from_hears_of_it(self, now):
        ana = make_practitioner(name="Ana", email="ana@dynamic-physio.example")
        bea = make_practitioner(name="Bea", email="bea@dynamic-physio.example")
        appointment = make_appointment(practitioner=ana, starts_at=now + timedelta(days=4))
        messages.enqueue_booking(appointment, now=now)
        messages.send_due(now=now)
        appointment.practitioner = bea
        move(appointment, timedelta(0), now + HOUR)
        messages.send_due(now=now + HOUR)
        assert subjects_to("ana@dynamic-physio.example") == ["Booked", "Moved"]
        assert subjects_to("bea@dynamic-physio.example") == ["Moved"]

    def test_who_never_heard_of_it_is_not_told_that_it_went(self, now):
        ana = make_practitioner(name="Ana", email="ana@dynamic-physio.example")
        appointment = make_appointment(practitioner=ana, starts_at=now + timedelta(days=4))
        messages.enqueue_booking(appointment, now=now)
        appointment.practitioner = make_practitioner(name="Bea")
        move(appointment, timedelta(0), now)
        messages.send_due(now=now)
        assert subjects_to("ana@dynamic-physio.example") == []


class TestStaleness:
    """Commands drop stale messages; the worker checks messages that were claimed at that time."""

    def test_a_reminder_of_a_time_that_moved_is_dropped(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        appointment.sequence += 1
        appointment.save()
        messages.send_due(now=appointment.starts_at - 48 * HOUR)
        assert mail.outbox == []
        assert set(rows(due_at__lte=appointment.starts_at - 48 * HOUR)) == {
            ("clinic_notice", "booked", "dropped"), ("confirmation", None, "dropped"), ("reminder", 48, "dropped")
        }  # fmt: skip

    @pytest.mark.parametrize("status", [Status.CANCELLED, Status.ARRIVED, Status.NOSHOW])
    def test_no_confirmation_or_reminder_for_a_visit_in_another_state(self, status, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        appointment.status = status
        appointment.save()
        messages.send_due(now=appointment.starts_at - HOUR)
        assert subjects_to(ALICE) == []

    def test_who_no_longer_wants_reminders_gets_none(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        appointment.reminders = False
        appointment.save()
        messages.send_due(now=appointment.starts_at - 48 * HOUR)
        assert subjects_to(ALICE) == ["Appointment at Dynamic Physiotherapy"]

    def test_a_worker_that_was_off_for_two_days_sends_one_reminder_not_two(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        messages.send_due(now=now + GRACE)
        messages.send_due(now=appointment.starts_at - 2 * HOUR)
        assert subjects_to(ALICE) == ["Appointment at Dynamic Physiotherapy", "Reminder"]
        assert rows(kind="reminder") == [("reminder", 48, "dropped"), ("reminder", 3, "sent")]

    def test_a_late_reminder_still_goes_while_the_visit_is_ahead(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        # Sending uses the real clock, and must end before the visit begins.
        messages.send_due(now=appointment.starts_at - timedelta(minutes=5))
        assert "Reminder" in subjects_to(ALICE)

    def test_nothing_is_told_of_a_visit_that_has_begun(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        messages.send_due(now=appointment.starts_at)
        assert subjects_to(ALICE) == []

    def test_a_mail_says_what_holds_when_it_leaves(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        appointment.patient.email = "alice@elsewhere.example"
        appointment.patient.save()
        messages.send_due(now=now + GRACE)
        assert subjects_to("alice@elsewhere.example") == ["Appointment at Dynamic Physiotherapy"]

    def test_a_practitioner_who_has_left_gets_no_notice(self, now):
        steve = make_practitioner(email="steve@dynamic-physio.example")
        messages.enqueue_booking(make_appointment(practitioner=steve), now=now)
        steve.is_active = False
        steve.save()
        messages.send_due(now=now)
        assert subjects_to("steve@dynamic-physio.example") == []


class TestClaiming:
    def test_a_message_that_a_worker_holds_is_left_to_it(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        Message.objects.update(leased_until=now + send.LEASE)
        assert messages.send_due(now=now + GRACE) == 0

    def test_a_message_whose_worker_died_is_sent_when_the_lease_ends(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        Message.objects.filter(kind="clinic_notice").update(leased_until=now + send.LEASE, attempts=1)
        assert messages.send_due(now=now + send.LEASE - timedelta(microseconds=1)) == 1  # the confirmation
        assert messages.send_due(now=now + send.LEASE) == 1

    def test_of_two_workers_that_saw_the_same_message_one_sends_it(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        pk = Message.objects.get(kind="clinic_notice").pk
        assert send.claim(pk, now) is not None
        assert send.claim(pk, now) is None

    def test_a_batch_sends_at_most_its_limit_oldest_first(self, now):
        for days in (5, 6, 7):
            messages.enqueue_booking(
                make_appointment(starts_at=now + timedelta(days=days)), now=now - timedelta(days=days)
            )
        assert messages.send_due(now=now, limit=2) == 2
        assert messages.send_due(now=now, limit=50) == 4

    def test_stopping_is_asked_before_each_message(self, appointment, now):
        messages.enqueue_booking(appointment, now=now)
        answers = iter([False, True])
        assert messages.send_batch(now=now + GRACE, stopping=lambda: next(answers)).sent == 1

    def test_the_queue_costs_the_same_few_queries_a_message(self, appointment, now, django_assert_max_num_queries):
        messages.enqueue_booking(appointment, now=now)
        with django_assert_max_num_queries(1 + 7):
            messages.send_due(now=now)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_each_message_is_sent_by_one(now):
    make_clinic()
    for number in range(20):
        patient = make_patient(email=f"p{number}@patients.example")
        starts_at = now + timedelta(days=5, hours=number)
        messages.enqueue_booking(make_appointment(patient=patient, starts_at=starts_at), now=now - GRACE)
    together = Barrier(4)

    def work(_):
        try:
            together.wait(timeout=30)
            return messages.send_due(now=now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 40
    assert (
        sorted(subjects_to(f"p{number}@patients.example") for number in range(20))
        == [["Appointment at Dynamic Physiotherapy"]] * 20
    )
    assert len(mail.outbox) == len({sent.extra_headers["Message-ID"] for sent in mail.outbox}) == 40


class TestHealth:
    def test_the_oldest_due_message_is_known(self, appointment, stopped_clock):
        assert messages.oldest_due_at() is None
        messages.enqueue_booking(appointment, now=stopped_clock - HOUR)
        assert messages.oldest_due_at() == stopped_clock - HOUR
        messages.send_due(now=stopped_clock)
        assert messages.oldest_due_at() is None


def test_the_database_refuses_the_same_key_twice(now):
    Message.objects.create(key="x", kind="contact", due_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(key="x", kind="contact", due_at=now)


def test_a_patient_without_an_address_gets_no_message(now):
    make_clinic()
    appointment = make_appointment(patient=make_patient(email=""))
    messages.enqueue_booking(appointment, now=now)
    messages.enqueue_cancellation(appointment, now=now)
    assert {message.kind for message in Message.objects.all()} == {Message.Kind.CLINIC_NOTICE}
