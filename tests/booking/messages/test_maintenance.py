"""Outbox maintenance: repair after a clock jump, and deletion of old messages."""

from datetime import timedelta

import pytest
from django.core import mail

from booking import messages
from booking.messages.delivery import maintenance, send
from booking.models import Message
from content.sample.legal_pages import PRIVACY
from tests.support.factories import make_appointment, make_clinic

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def appointment(settings, now):
    """An appointment in four days; its confirmation and notice have been sent."""
    settings.BOOKING_CONFIRMATION_DELAY = timedelta(0)
    make_clinic()
    appointment = make_appointment(starts_at=now + 4 * DAY)
    messages.enqueue_booking(appointment, now=now)
    messages.send_due(now=now)
    mail.outbox.clear()
    return appointment


def send_each_hour(start, end) -> list[str]:
    """Run sending and maintenance each hour. Returns the subjects of the e-mails to the patient."""
    mail.outbox.clear()
    at = start
    while at <= end:
        messages.repair_after_clock_jump(now=at)
        messages.send_due(now=at)
        at += HOUR
    return [sent.subject.split(":")[0] for sent in mail.outbox]


class TestClocks:
    def test_a_clock_ahead_for_a_while_sends_each_reminder_once_in_the_end(self, appointment, now):
        """Past the first reminder: it is sent early, and not again."""
        assert send_each_hour(now + 2 * DAY, now + 2 * DAY) == ["Reminder"]
        assert send_each_hour(now, now + 4 * DAY) == ["Reminder"]  # The second.

    def test_a_clock_a_month_ahead_costs_no_reminder(self, appointment, now):
        assert send_each_hour(now + 30 * DAY, now + 30 * DAY) == []
        assert set(Message.objects.filter(kind="reminder").values_list("state", flat=True)) == {"dropped"}
        assert send_each_hour(now, now + 4 * DAY) == ["Reminder", "Reminder"]

    def test_a_clock_that_falls_behind_sends_nothing_twice(self, appointment, now):
        assert send_each_hour(now, now + 3 * DAY) == ["Reminder"]
        assert send_each_hour(now - DAY, now + 4 * DAY) == ["Reminder"]

    def test_a_worker_that_was_off_for_a_day_catches_up_for_visits_ahead_only(self, appointment, now):
        past = make_appointment(starts_at=now + 2 * DAY + HOUR)
        messages.enqueue_booking(past, now=now)
        messages.send_due(now=now)
        assert send_each_hour(now + 3 * DAY, now + 3 * DAY) == ["Reminder"]
        assert [sent.to for sent in mail.outbox] == [["alice@patients.example"]]
        assert set(past.messages.filter(kind="reminder").values_list("state", flat=True)) == {"dropped"}

    def test_what_was_dropped_for_a_reason_stays_dropped(self, appointment, now):
        before = appointment.starts_at
        appointment.starts_at += HOUR
        appointment.ends_at += HOUR
        appointment.sequence += 1
        appointment.save()
        messages.enqueue_reschedule(appointment, now=now)
        assert messages.repair_after_clock_jump(now=now) == 0
        assert Message.objects.filter(kind="reminder", state="dropped").count() == 2
        send_each_hour(now, before)
        assert [sent.subject.split(":")[0] for sent in mail.outbox if "Reminder" in sent.subject] == ["Reminder"] * 2

    def test_a_lease_from_a_clock_that_was_ahead_holds_nothing_up(self, appointment, now):
        reminders = Message.objects.filter(kind="reminder")
        reminders.update(leased_until=now + DAY, due_at=now)
        assert messages.repair_after_clock_jump(now=now) == 2
        assert messages.send_due(now=now) == 2

    def test_a_worker_at_work_keeps_its_lease(self, appointment, now):
        Message.objects.filter(kind="reminder").update(leased_until=now + send.LEASE)
        assert messages.repair_after_clock_jump(now=now) == 0

    def test_a_next_try_that_a_wrong_clock_set_comes_soon(self, appointment, now):
        Message.objects.filter(kind="reminder").update(attempts=1, due_at=now + DAY)
        assert messages.repair_after_clock_jump(now=now) == 2

    def test_a_next_try_keeps_its_wait(self, appointment, now):
        Message.objects.filter(kind="reminder").update(attempts=6, due_at=now + 4 * HOUR)
        assert messages.repair_after_clock_jump(now=now) == 0


class TestDeletion:
    @pytest.mark.parametrize(
        ("fields", "kept"),
        [
            ({"state": "sent", "age": 30 * DAY}, True),
            ({"state": "sent", "age": 30 * DAY + HOUR}, False),
            ({"state": "parked", "age": 365 * DAY}, True),
            ({"state": "waiting", "age": 365 * DAY}, True),
        ],
        ids=["sent-lately", "sent-long-ago", "not-sent", "waiting"],
    )
    def test_a_contact_forms_words_stay_for_30_days_after_they_were_sent(self, fields, kept, now):
        at = now - fields["age"]
        Message.objects.create(
            key="contact-1", kind="contact", content={"body": "?"}, state=fields["state"], due_at=at,
            sent_at=at if fields["state"] == "sent" else None,
        )  # fmt: skip
        messages.delete_old_bodies(now=now)
        assert Message.objects.exists() == kept

    def test_what_was_told_of_a_visit_stays_with_the_visit(self, appointment, now):
        messages.delete_old_bodies(now=now + 365 * DAY)
        assert Message.objects.count() == 4

    def test_the_privacy_page_states_the_retention(self):
        words = " ".join(str(PRIVACY.blocks).split())
        assert f"deletes its own copy {maintenance.KEPT.days} days later" in words
