"""What the worker looks after in the outbox beside sending: signs of trouble, clocks that jumped, old words."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from booking.messages.fitting import still_fits
from booking.messages.sending import LEASE
from booking.models import Channel, Message, Status

KEPT = timedelta(days=30)  # How long words that exist nowhere else stay after they were sent, as the privacy page says.
LONGEST_WAIT = timedelta(hours=12)  # from one try to the next: a night, or the longest of MINUTES_BETWEEN_TRIES
FAILED_OFTEN = 4  # tries: some twenty minutes of them
QUIET = timedelta(hours=1)

Kind, State = Message.Kind, Message.State
_OF_NO_APPOINTMENT = (Kind.CONTACT, Kind.LOST_LINK, Kind.DAILY_SUMMARY)


def oldest_due() -> datetime | None:
    """When the message that has waited longest was due; None if nothing is due."""
    due = Message.objects.filter(state=State.WAITING, due_at__lte=timezone.now())
    return due.order_by("due_at").values_list("due_at", flat=True).first()


def nothing_leaves(*, now: datetime) -> bool:
    """Messages were tried again and again, and for an hour none has left: it is not one address that is wrong."""
    waiting = Message.objects.filter(state=State.WAITING, attempts__gte=FAILED_OFTEN)
    return waiting.exists() and not Message.objects.filter(state=State.SENT, sent_at__gt=now - QUIET).exists()


def after_a_clock_jump(*, now: datetime) -> int:
    """Mend what a machine with a wrong clock did, once the clock is right again; how many messages.

    A lease or a next try that lies further ahead than any can is from a clock that was ahead. So is
    a reminder that was dropped as too late and is not: no other dropped one still fits its visit.
    """
    waiting = Message.objects.filter(state=State.WAITING)
    mended = waiting.filter(leased_until__gt=now + 2 * LEASE).update(leased_until=None)
    mended += waiting.filter(attempts__gt=0, due_at__gt=now + LONGEST_WAIT).update(due_at=now)
    dropped = Message.objects.filter(
        state=State.DROPPED,
        kind=Kind.REMINDER,
        appointment__status=Status.BOOKED,
        appointment__starts_at__gt=now,
    ).select_related("appointment__patient")
    for message in dropped:
        if still_fits(message, now=now, by=Channel(message.channel)):
            mended += Message.objects.filter(pk=message.pk, state=State.DROPPED).update(
                state=State.WAITING, leased_until=None, attempts=0
            )
    return mended


def forget(*, now: datetime) -> int:
    """Delete what was written to the clinic, and other words that belong to no visit, a while after they left."""
    over = Q(state=State.SENT, sent_at__lt=now - KEPT) | Q(state=State.DROPPED, due_at__lt=now - KEPT)
    return Message.objects.filter(over, kind__in=_OF_NO_APPOINTMENT).delete()[0]
