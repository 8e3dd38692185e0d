"""Claim what is due, send it, and mark what became of it.

A claim is one conditional update, so of any number of workers one wins. Between the mail server's
yes and our mark a crash can cause a repeat, and then with the same Message-ID; nothing else can.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError
from django.db.models import F, Q, QuerySet

from booking.messages.failures import Failure, explain
from booking.messages.fitting import still_fits
from booking.messages.reminding import morning_after
from booking.messages.rendering import render
from booking.models import Message

logger = logging.getLogger("booking.messages")

# Longer than the slowest conversation with a mail server: about seven waits of EMAIL_TIMEOUT (20 s).
LEASE = timedelta(minutes=5)
MINUTES_BETWEEN_TRIES = (1, 5, 15, 60, 120, 240)  # and 240 from then on
MOST_TRIES = 12  # The last comes a day and a half after the first.

State = Message.State


class MailServerAway(Exception):
    """The mail server cannot be reached or does not let us in: no message was touched."""


@dataclass
class Tally:
    """What became of the messages of one batch."""

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
    """Send up to ``limit`` messages that are due; how many left. Raises MailServerAway."""
    return send_batch(now=now, limit=limit).sent


def send_batch(*, now: datetime, limit: int = 50, stopping: Callable[[], bool] = lambda: False) -> Tally:
    """As ``send_due``, with all that became of them. ``stopping`` is asked before each message."""
    tally = Tally()
    clock = _Clock(now)
    due = list(_due(now).order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
    if not due:
        return tally
    connection = get_connection()
    try:
        for pk in due:
            if stopping():
                break
            _reach(connection)
            message = _claim(pk, clock.now())
            if message is not None:
                _handle(message, connection, clock, tally)
    finally:
        _close(connection)
    return tally


class _Clock:
    """The time passed in, moving on as real time does: leases must not age while a batch runs."""

    def __init__(self, now: datetime) -> None:
        self.began_at, self.began = now, time.monotonic()

    def now(self) -> datetime:
        return self.began_at + timedelta(seconds=time.monotonic() - self.began)


def _due(now: datetime) -> QuerySet[Message]:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Message.objects.filter(free, state=State.WAITING, due_at__lte=now)


def _claim(pk: int, now: datetime) -> Message | None:
    """The message, ours until its lease ends; None when another worker was faster.

    The try is counted with the claim: a message that kills its worker is parked in the end, too.
    """
    if not _due(now).filter(pk=pk).update(leased_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    return Message.objects.select_related(
        "practitioner",
        *(f"waitlist_entry__{relation}" for relation in ("service", "practitioner", "location")),
        *(f"waitlist_offer__entry__{relation}" for relation in ("service", "practitioner", "location")),
        *(f"waitlist_offer__appointment__{relation}" for relation in ("practitioner", "service", "location")),
        *(f"appointment__{relation}" for relation in ("patient", "practitioner", "service", "location")),
    ).get(pk=pk)


def _handle(message: Message, connection: BaseEmailBackend, clock: _Clock, tally: Tally) -> None:
    if message.attempts > MOST_TRIES:
        _mark_failed(
            message, Failure("Sending this stopped the worker each time. Tell whoever runs the site."), clock, tally
        )
        return
    try:
        if not still_fits(message, now=clock.now()):
            _mark(message, state=State.DROPPED)
            tally.dropped += 1
            return
        later = _morning_to_wait_for(message, clock.now())
        if later is not None:  # Not a failed try: nothing was tried.
            _mark(message, due_at=later, attempts=message.attempts - 1)
            tally.postponed += 1
            return
        if not render(message, now=clock.now(), connection=connection).send():
            raise ConnectionError("the mail backend took nothing")
    except DatabaseError:
        raise  # The lease runs out by itself, and the next try begins afresh.
    except Exception as problem:  # Whatever one message does, the queue goes on.
        _close(connection)  # What state the conversation is in, nobody knows: the next message opens its own.
        _mark_failed(message, explain(problem), clock, tally)
        return
    # It left, whoever holds the lease by now.
    Message.objects.filter(pk=message.pk).update(
        state=State.SENT, sent_at=clock.now(), leased_until=None, last_error=""
    )
    tally.sent += 1


def _morning_to_wait_for(message: Message, now: datetime) -> datetime | None:
    """When a reminder may leave that came to its turn at night, because nobody sent it in the evening."""
    if message.kind != Message.Kind.REMINDER or message.appointment is None:
        return None
    return morning_after(message.appointment, now)


def _mark_failed(message: Message, failure: Failure, clock: _Clock, tally: Tally) -> None:
    logger.warning("Message %s (%s), try %s: %s", message.pk, message.kind, message.attempts, failure.advice)
    if failure.is_final or message.attempts >= MOST_TRIES:
        _mark(message, state=State.PARKED, last_error=f"{failure.advice} Then choose Send again.")
        tally.parked += 1
    else:
        minutes = MINUTES_BETWEEN_TRIES[min(message.attempts, len(MINUTES_BETWEEN_TRIES)) - 1]
        _mark(message, due_at=clock.now() + timedelta(minutes=minutes), last_error=f"{failure.advice} We try again.")
        tally.postponed += 1


def _mark(message: Message, **fields: object) -> None:
    """Write the outcome and end the lease, unless it ran out and another worker has the message now."""
    Message.objects.filter(pk=message.pk, state=State.WAITING, leased_until=message.leased_until).update(
        leased_until=None, **fields
    )


def _reach(connection: BaseEmailBackend) -> None:
    """Have an open connection before a message is claimed, so that an outage costs no message a try."""
    try:
        connection.open()
    except (OSError, ValueError) as problem:  # smtplib's errors are OSErrors; ValueError: TLS set-up.
        raise MailServerAway(explain(problem).advice) from problem


def _close(connection: BaseEmailBackend) -> None:
    with suppress(OSError):  # It may be gone already.
        connection.close()
