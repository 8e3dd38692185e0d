"""Reminders: lead times of the service, quiet hours, no duplicates."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from booking import messages
from booking.messages.outbox.reminders import is_night, morning_after, reminder_due, reminders_of
from booking.models import Message
from tests.booking.admin.test_setup import errors_in
from tests.support import factories

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clinic():
    return factories.make_clinic()


def local(hour, minute=0, day=26):
    """Return the instant of a November 2026 local time in Alberta (UTC-06)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + 6 * HOUR


def visit(starts_at, *, first=48, second=3, **fields):
    hours = [None if one is None else timedelta(hours=one) for one in (first, second)]
    service = factories.make_service(first_reminder=hours[0], second_reminder=hours[1])
    return factories.make_appointment(service=service, starts_at=starts_at, **fields)


@pytest.mark.parametrize(
    ("starts_at", "hours", "leaves"),
    [
        (local(11), 3, local(8)),
        (local(10, 59), 3, local(20, day=25)),
        (local(8), 3, local(20, day=25)),
        (local(23, 59), 3, local(20, 59)),
        (local(0, 0, day=27), 3, local(20)),
        (local(13), 48, local(13, day=24)),
        (local(7), 48, local(20, day=23)),
        (local(21), 24, local(20, day=25)),
        (local(20, 59), 24, local(20, 59, day=25)),
    ],
)
def test_what_would_leave_at_night_leaves_the_evening_before(starts_at, hours, leaves):
    assert reminder_due(visit(starts_at), hours) == leaves


def test_night_is_night_where_the_visit_is():
    eastern = factories.make_location(time_zone="America/Toronto", time_zone_label="Eastern time", province="ON")
    starts_at = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)  # 10:00 a.m. there; 3 hours before is 7:00 a.m.
    assert reminder_due(visit(starts_at, location=eastern), 3) == datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def test_no_reminder_of_any_time_of_day_is_due_at_night():
    appointment = visit(local(0))
    for minutes in range(0, 24 * 60, 15):
        appointment.starts_at = local(0) + timedelta(minutes=minutes)
        for hours in (1, 3, 12, 24, 48, 14 * 24):
            due_at = reminder_due(appointment, hours)
            assert not is_night(due_at.astimezone(appointment.location.zone).time())
            assert due_at <= appointment.starts_at - timedelta(hours=hours)


def test_each_service_says_when_and_none_is_a_choice(now):
    for first, second, expected in [(24, 2, [24, 2]), (None, 4, [4]), (72, None, [72]), (None, None, [])]:
        appointment = visit(local(15, day=27), first=first, second=second)
        messages.enqueue_booking(appointment, now=now)
        rows = appointment.messages.filter(kind="reminder").order_by("due_at")
        assert [row.content["hours_before"] for row in rows] == expected


def test_two_that_would_come_the_same_evening_are_one(now):
    appointment = visit(local(9), first=10, second=2)
    assert list(reminders_of(appointment)) == [(10, local(20, day=25))]


def test_a_worker_that_was_away_until_the_night_waits_for_the_morning(now):
    appointment = visit(local(13))
    messages.enqueue_booking(appointment, now=now)
    appointment.messages.exclude(kind="reminder").delete()
    Message.objects.filter(content__hours_before=3).delete()
    messages.send_due(now=local(23, day=24))
    (reminder,) = Message.objects.all()
    assert (mail.outbox, reminder.state, reminder.due_at, reminder.attempts) == ([], "waiting", local(8, day=25), 0)
    messages.send_due(now=local(8, day=25))
    assert len(mail.outbox) == 1


def test_a_reminder_that_the_morning_brings_too_late_is_dropped(now):
    appointment = visit(local(8))
    messages.enqueue_booking(appointment, now=now)
    Message.objects.exclude(kind="reminder").delete()
    Message.objects.filter(content__hours_before=48).delete()
    messages.send_due(now=local(22, day=25))
    messages.send_due(now=local(8))
    assert (mail.outbox, Message.objects.get().state) == ([], "dropped")


def test_night_ends_at_eight():
    appointment = visit(local(13))
    assert morning_after(appointment, local(20, 59)) is None
    assert morning_after(appointment, local(21)) == local(8, day=27)
    assert morning_after(appointment, local(7, 59)) == local(8)
    assert morning_after(appointment, local(8)) is None


# Validation of the lead times


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("15 days", "3 h", "at most 14 days"),
        ("48 h", "30 min", "at least 1 h"),
        ("2 h 30 min", "", "whole hours"),
        ("3 h", "48 h", "The second reminder comes after the first"),
        ("3 h", "3 h", "The second reminder comes after the first"),
    ],
)
def test_times_that_make_no_sense_are_refused_in_words(admin_client, first, second, sentence):
    service = factories.make_service()
    address = f"/admin/booking/service/{service.pk}/change/"
    typed = {
        name: value for name, value in admin_client.get(address).context["adminform"].form.initial.items() if value
    }
    typed |= {"duration": "45", "buffer_before": "0", "buffer_after": "0", "lead_time": "2 h"}
    typed |= {"cancellation_window": "24 h", "first_reminder": first, "second_reminder": second}
    typed |= {"practitioner_services-TOTAL_FORMS": "0", "practitioner_services-INITIAL_FORMS": "0"}
    response = admin_client.post(address, typed)
    assert sentence in " ".join(errors_in(response))


def test_the_database_refuses_them_as_well():
    for first, second in [(timedelta(days=15), None), (3 * HOUR, 3 * HOUR), (None, timedelta(0))]:
        with pytest.raises(IntegrityError), transaction.atomic():
            factories.make_service(first_reminder=first, second_reminder=second)
    with pytest.raises(ValidationError):
        factories.make_service(first_reminder=None, second_reminder=timedelta(minutes=90)).full_clean()
