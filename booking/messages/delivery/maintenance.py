"""Outbox maintenance: health checks, repair after a clock jump, deletion of old messages."""

from datetime import datetime, timedelta

from django.db.models import Case, Count, Min, Q, When
from django.utils import timezone

from booking.messages.delivery.delivery_checks import LONGEST_WAIT
from booking.messages.delivery.send import LEASE
from booking.messages.delivery.staleness import is_still_true
from booking.models import Channel, Message, RetentionPeriods, Status

KEPT = timedelta(days=30)  # Retention after sending, as stated in the privacy policy.
MAX_RETRY_DELAY = timedelta(hours=12)  # a night, or the largest of RETRY_MINUTES
MIN_FAILED_ATTEMPTS = 4  # about 20 minutes of retries
USUAL_DELAY = timedelta(minutes=15)  # A running worker takes seconds.
NO_SUCCESS_FOR = timedelta(hours=1)

Kind, State = Message.Kind, Message.State
_KINDS_WITHOUT_APPOINTMENT = (Kind.CONTACT, Kind.LOST_LINK, Kind.DAILY_SUMMARY)


def oldest_due_at() -> datetime | None:
    """Return the ``due_at`` of the oldest due message, or None."""
    due = Message.objects.filter(state=State.WAITING, due_at__lte=timezone.now())
    return due.order_by("due_at").values_list("due_at", flat=True).first()


def delayed_messages(*, now: datetime) -> tuple[int, datetime | None]:
    """Count the messages that should have left before now, and when the oldest should have; None if there are none.

    A retry moves ``due_at`` into the future, so a failed attempt counts as well; its time is unknown, so such a
    message counts from its creation.
    """
    waiting = Message.objects.filter(state=State.WAITING)
    overdue, failed = Q(due_at__lte=now - USUAL_DELAY), Q(attempts__gt=0) & ~Q(last_error="")
    should_have_left = Case(When(overdue, then="due_at"), default="created_at")
    result = waiting.filter(overdue | failed).aggregate(count=Count("pk"), oldest=Min(should_have_left))
    return result["count"], result["oldest"]


def is_delivery_failing(*, now: datetime) -> bool:
    """Whether delivery as a whole fails: messages were retried several times and none was sent for an hour."""
    waiting = Message.objects.filter(state=State.WAITING, attempts__gte=MIN_FAILED_ATTEMPTS)
    return waiting.exists() and not Message.objects.filter(state=State.SENT, sent_at__gt=now - NO_SUCCESS_FOR).exists()


def repair_after_clock_jump(*, now: datetime) -> int:
    """Repair messages that were processed while the system clock was ahead. Returns their number.

    Resets leases and retry times that lie further in the future than possible, and requeues reminders that
    were dropped as too late although they are not.
    """
    waiting = Message.objects.filter(state=State.WAITING)
    repaired = waiting.filter(leased_until__gt=now + 2 * LEASE).update(leased_until=None)
    repaired += waiting.filter(attempts__gt=0, due_at__gt=now + MAX_RETRY_DELAY).update(due_at=now)
    Message.objects.filter(delivery_check_at__gt=now + LONGEST_WAIT).update(delivery_check_at=now)
    dropped = Message.objects.filter(
        state=State.DROPPED,
        kind__in=[Kind.REMINDER, Kind.FORM_REMINDER],
        appointment__status=Status.BOOKED,
        appointment__starts_at__gt=now,
    ).select_related("appointment__patient")
    for message in dropped:
        if is_still_true(message, now=now, by=Channel(message.channel)):
            repaired += Message.objects.filter(pk=message.pk, state=State.DROPPED).update(
                state=State.WAITING, leased_until=None, attempts=0
            )
    return repaired


def delete_old_bodies(*, now: datetime) -> int:
    """Delete messages without an appointment (such as contact form messages) after ``KEPT``; return the number.

    Kinds that have a retention period are left to its daily run (``booking.privacy.retention``).
    """
    periods = RetentionPeriods.objects.filter(pk=1).first()
    kinds = set(_KINDS_WITHOUT_APPOINTMENT)
    if periods is not None and periods.contact_days is not None:
        kinds -= {Kind.CONTACT, Kind.LOST_LINK}
    if periods is not None and periods.message_days is not None:
        kinds -= {Kind.DAILY_SUMMARY}
    expired = Q(state=State.SENT, sent_at__lt=now - KEPT) | Q(
        state__in=[State.DROPPED, State.WITHHELD], due_at__lt=now - KEPT
    )
    return Message.objects.filter(expired, kind__in=kinds).delete()[0]
