"""Claim due messages, send them and record the result.

Claiming is one conditional UPDATE, so exactly one of several workers gets a message, and no transaction is
open while a server is contacted. Delivery is at least once: a crash after the server accepted a message and
before it is marked as sent causes a duplicate, with the same Message-ID.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import F, Q, QuerySet

from booking.messages.delivery.delivery_checks import first_check
from booking.messages.delivery.failures import Failure, explain
from booking.messages.delivery.staleness import is_still_true
from booking.messages.delivery.transports import Transport, transport_for
from booking.messages.outbox.reminders import morning_after
from booking.messages.sms import gateway
from booking.models import Channel, Message

logger = logging.getLogger("booking.messages")

# Longer than the slowest SMTP session: about seven replies with EMAIL_TIMEOUT (20 s) each.
LEASE = timedelta(minutes=5)
RETRY_MINUTES = (1, 5, 15, 60, 120, 240)  # Backoff; the last value repeats.
MAX_ATTEMPTS = 12  # The last is a day and a half after the first.
# After this many consecutive server failures the batch stops: the server is considered unavailable.
MAX_CONSECUTIVE_FAILURES = 3
SMS_FALLBACK_AFTER = timedelta(hours=1)  # Then a reminder by SMS is sent by e-mail instead.

State = Message.State


@dataclass
class Tally:
    """Counts of the results of one batch."""

    sent: int = 0
    dropped: int = 0
    postponed: int = 0
    parked: int = 0

    @property
    def handled(self) -> int:
        return self.sent + self.dropped + self.postponed + self.parked

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.sent + other.sent,
            self.dropped + other.dropped,
            self.postponed + other.postponed,
            self.parked + other.parked,
        )


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Send up to ``limit`` due messages per channel. Returns the number sent. Raises TransportUnavailable."""
    return sum(send_batch(now=now, by=channel, limit=limit).sent for channel in channels())


def channels() -> list[Channel]:
    """The available channels: e-mail, and SMS if a gateway is configured."""
    return list(Channel) if gateway.is_enabled() else [Channel.EMAIL]


def send_batch(
    *,
    now: datetime,
    by: Channel = Channel.EMAIL,
    limit: int = 50,
    stopping: Callable[[], bool] = lambda: False,
    tally: Tally | None = None,
) -> Tally:
    """Send up to ``limit`` due messages of one channel. Raises TransportUnavailable.

    ``stopping`` is called before each message; if it returns True, the batch ends. Pass a ``tally`` to get the
    counts even if an exception is raised.
    """
    tally = Tally() if tally is None else tally
    clock = _Clock(now)
    deliverable = due_messages(now).filter(_channel_filter(by, now))
    due = list(deliverable.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
    if not due:
        return tally
    transport = transport_for(by)
    consecutive_failures = 0
    try:
        for pk in due:
            if stopping():
                break
            transport.open()
            message = claim(pk, clock.now())
            if message is None:
                continue
            failure = _handle(message, transport, clock, tally)
            consecutive_failures = consecutive_failures + 1 if failure and failure.is_server_failure else 0
            if failure and consecutive_failures == MAX_CONSECUTIVE_FAILURES:
                raise transport.unavailable(failure.advice)
    finally:
        transport.close()
    return tally


class _Clock:
    """``now`` plus the time elapsed since: leases must be computed from the current time, not the batch's start."""

    def __init__(self, now: datetime) -> None:
        self.started_at, self.started = now, time.monotonic()

    def now(self) -> datetime:
        return self.started_at + timedelta(seconds=time.monotonic() - self.started)


def due_messages(now: datetime) -> QuerySet[Message]:
    unleased = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Message.objects.filter(unleased, state=State.WAITING, due_at__lte=now)


def _channel_filter(channel: Channel, now: datetime) -> Q:
    """Filter for the messages of a channel. Reminders by SMS fall back to e-mail if SMS is off, or if they are late."""
    if channel == Channel.TEXT:
        return Q(channel=Channel.TEXT)
    if not gateway.is_enabled():
        return Q()
    is_late = Q(due_at__lte=now - SMS_FALLBACK_AFTER) & ~Q(appointment__patient__email="")
    return Q(channel=Channel.EMAIL) | (Q(channel=Channel.TEXT) & is_late)


def claim(pk: int, now: datetime) -> Message | None:
    """Lease a message to this worker. Returns None if another worker has claimed it.

    The claim counts the attempt, so that a message that crashes the worker is parked eventually, too.
    """
    if not due_messages(now).filter(pk=pk).update(leased_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    claimed = Message.objects.select_related(
        "practitioner",
        *(f"waitlist_entry__{relation}" for relation in ("service", "practitioner", "location")),
        *(f"waitlist_offer__entry__{relation}" for relation in ("service", "practitioner", "location")),
        *(f"waitlist_offer__appointment__{relation}" for relation in ("practitioner", "service", "location")),
        *(f"appointment__{relation}" for relation in ("patient", "practitioner", "service", "location")),
    )
    return claimed.filter(pk=pk).first()  # None: deleted concurrently.


def _handle(message: Message, transport: Transport, clock: _Clock, tally: Tally) -> Failure | None:
    """Send one message and record the result. Returns the failure, if any."""
    if message.attempts > MAX_ATTEMPTS:
        failure = Failure("Sending this stopped the worker each time. Tell whoever runs the site.")
        return _mark_failed(message, failure, clock, tally)
    try:
        if not is_still_true(message, now=clock.now(), by=transport.channel):
            # Privacy: delete the address of a person who requested links but has no visit.
            cleared: dict[str, object] = {"content": {}} if message.kind == Message.Kind.LOST_LINK else {}
            _mark(message, state=State.DROPPED, **cleared)
            tally.dropped += 1
            return None
        send_at = _quiet_hours_end(message, clock.now())
        if send_at is not None:  # This was no attempt.
            _mark(message, due_at=send_at, attempts=message.attempts - 1)
            tally.postponed += 1
            return None
        provider_id = transport.send(message, now=clock.now)
    except DatabaseError:
        raise  # The message is retried when its lease ends.
    except transport.unavailable:
        _release(message)  # This was no attempt of the message.
        raise
    except Exception as error:  # One failing message must not stop the queue.
        transport.close()  # Its protocol state is unknown, so reconnect for the next message.
        return _mark_failed(message, explain(error), clock, tally)
    mark_sent(message, transport, clock, provider_id)
    tally.sent += 1
    return None


def _quiet_hours_end(message: Message, now: datetime) -> datetime | None:
    """Return the end of the night if this is a reminder and it is night at the location, or None."""
    if message.kind not in {Message.Kind.REMINDER, Message.Kind.FORM_REMINDER} or message.appointment is None:
        return None
    return morning_after(message.appointment, now)


def mark_sent(message: Message, transport: Transport, clock: _Clock, provider_id: str) -> None:
    """Mark as sent, even if the lease has ended. Retries twice on database errors, to avoid a duplicate."""
    retries_left = 2
    while True:
        try:
            sent_at = clock.now()
            Message.objects.filter(pk=message.pk).update(
                state=State.SENT,
                channel=transport.channel,
                sent_at=sent_at,
                leased_until=None,
                last_error="",
                **first_check(transport.channel, provider_id, sent_at),
            )
            return
        except DatabaseError:
            if not retries_left or connection.in_atomic_block:
                raise
            retries_left -= 1
            connection.close()


def _mark_failed(message: Message, failure: Failure, clock: _Clock, tally: Tally) -> Failure:
    logger.warning("Message %s (%s), try %s: %s", message.pk, message.kind, message.attempts, failure.advice)
    is_given_up = failure.is_final or message.attempts >= MAX_ATTEMPTS
    if is_given_up and message.channel == Channel.TEXT and _has_email(message):
        advice = f"{failure.advice} We're sending it by email instead."
        _mark(message, channel=Channel.EMAIL, attempts=0, due_at=clock.now(), last_error=advice)
        tally.postponed += 1
    elif is_given_up:
        _mark(message, state=State.PARKED, last_error=f"{failure.advice} Then choose Send again.")
        tally.parked += 1
    else:
        minutes = RETRY_MINUTES[min(message.attempts, len(RETRY_MINUTES)) - 1]
        _mark(message, due_at=clock.now() + timedelta(minutes=minutes), last_error=f"{failure.advice} We try again.")
        tally.postponed += 1
    return failure


def _has_email(message: Message) -> bool:
    appointment = message.appointment
    return bool(appointment and appointment.patient and appointment.patient.email)


def _mark(message: Message, **fields: object) -> None:
    """Save the result and end the lease, unless another worker has claimed the message since."""
    Message.objects.filter(pk=message.pk, state=State.WAITING, leased_until=message.leased_until).update(
        leased_until=None, **fields
    )


def _release(message: Message) -> None:
    """End the lease and do not count the attempt."""
    _mark(message, attempts=message.attempts - 1)
