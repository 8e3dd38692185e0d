"""Claim what is due, send it, and mark what became of it.

A claim is one conditional update, so of any number of workers one wins, and no transaction is open
while a server is spoken to. Between its yes and our mark a crash can cause a repeat, and then with
the same Message-ID; nothing else can.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import F, Q, QuerySet

from booking.messages import texting
from booking.messages.carriers import Carrier, carrier_for
from booking.messages.failures import Failure, explain
from booking.messages.fitting import still_fits
from booking.messages.reminding import morning_after
from booking.models import Channel, Message

logger = logging.getLogger("booking.messages")

# Longer than the slowest conversation with a mail server: about seven waits of EMAIL_TIMEOUT (20 s).
LEASE = timedelta(minutes=5)
MINUTES_BETWEEN_TRIES = (1, 5, 15, 60, 120, 240)  # and 240 from then on
MOST_TRIES = 12  # The last comes a day and a half after the first.
# So many failures one after the other that speak of the server mean that it is away: the rest is spared a try.
MOST_IN_A_ROW = 3
TEXT_TURNS_MAIL = timedelta(hours=1)  # A reminder that no text service has taken until then goes by mail.

State = Message.State


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
    """Send up to ``limit`` messages that are due, each way; how many left. Raises ServiceAway."""
    return sum(send_batch(now=now, by=channel, limit=limit).sent for channel in channels())


def channels() -> list[Channel]:
    """The ways that messages leave: mail, and text where the clinic has a service for it."""
    return list(Channel) if texting.is_on() else [Channel.EMAIL]


def send_batch(
    *,
    now: datetime,
    by: Channel = Channel.EMAIL,
    limit: int = 50,
    stopping: Callable[[], bool] = lambda: False,
    tally: Tally | None = None,
) -> Tally:
    """As ``send_due``, one way, with all that became of them. ``stopping`` is asked before each message.

    What was done before a service turned out to be away stands in the ``tally`` that is passed in.
    """
    tally = Tally() if tally is None else tally
    clock = _Clock(now)
    leaving = _due(now).filter(_goes_by(by, now))
    due = list(leaving.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
    if not due:
        return tally
    carrier = carrier_for(by)
    in_a_row = 0
    try:
        for pk in due:
            if stopping():
                break
            carrier.open()
            message = _claim(pk, clock.now())
            if message is None:
                continue
            failure = _handle(message, carrier, clock, tally)
            in_a_row = in_a_row + 1 if failure and failure.is_the_servers else 0
            if failure and in_a_row == MOST_IN_A_ROW:
                raise carrier.away(failure.advice)
    finally:
        carrier.close()
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


def _goes_by(channel: Channel, now: datetime) -> Q:
    """What leaves this way. A reminder by text goes by mail when texts are off, or late, and there is an address."""
    if channel == Channel.TEXT:
        return Q(channel=Channel.TEXT)
    if not texting.is_on():
        return Q()
    late = Q(due_at__lte=now - TEXT_TURNS_MAIL) & ~Q(appointment__patient__email="")
    return Q(channel=Channel.EMAIL) | (Q(channel=Channel.TEXT) & late)


def _claim(pk: int, now: datetime) -> Message | None:
    """The message, ours until its lease ends; None when another worker was faster.

    The try is counted with the claim: a message that kills its worker is parked in the end, too.
    """
    if not _due(now).filter(pk=pk).update(leased_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    claimed = Message.objects.select_related(
        "practitioner",
        *(f"waitlist_entry__{relation}" for relation in ("service", "practitioner", "location")),
        *(f"waitlist_offer__entry__{relation}" for relation in ("service", "practitioner", "location")),
        *(f"waitlist_offer__appointment__{relation}" for relation in ("practitioner", "service", "location")),
        *(f"appointment__{relation}" for relation in ("patient", "practitioner", "service", "location")),
    )
    return claimed.filter(pk=pk).first()  # None: deleted in between, with what it was about.


def _handle(message: Message, carrier: Carrier, clock: _Clock, tally: Tally) -> Failure | None:
    """Send one message and mark it; why it did not leave, if it was to."""
    if message.attempts > MOST_TRIES:
        gave_up = Failure("Sending this stopped the worker each time. Tell whoever runs the site.")
        return _mark_failed(message, gave_up, clock, tally)
    try:
        if not still_fits(message, now=clock.now(), by=carrier.channel):
            # Who asked for links and has no visit is nobody's business afterwards.
            forgotten: dict[str, object] = {"content": {}} if message.kind == Message.Kind.LOST_LINK else {}
            _mark(message, state=State.DROPPED, **forgotten)
            tally.dropped += 1
            return None
        later = _morning_to_wait_for(message, clock.now())
        if later is not None:  # Not a failed try: nothing was tried.
            _mark(message, due_at=later, attempts=message.attempts - 1)
            tally.postponed += 1
            return None
        carrier.send(message, now=clock.now)
    except DatabaseError:
        raise  # The lease runs out by itself, and the next try begins afresh.
    except carrier.away:
        _give_back(message)  # Nothing was taken, and the message is not to blame.
        raise
    except Exception as problem:  # Whatever one message does, the queue goes on.
        carrier.close()  # What state the conversation is in, nobody knows: the next message opens its own.
        return _mark_failed(message, explain(problem), clock, tally)
    _mark_sent(message, carrier, clock)
    tally.sent += 1
    return None


def _morning_to_wait_for(message: Message, now: datetime) -> datetime | None:
    """When a reminder may leave that came to its turn at night, because nobody sent it in the evening."""
    if message.kind != Message.Kind.REMINDER or message.appointment is None:
        return None
    return morning_after(message.appointment, now)


def _mark_sent(message: Message, carrier: Carrier, clock: _Clock) -> None:
    """It left, whoever holds the lease by now. A database that hiccups just then is asked again at once."""
    rest = 2
    while True:
        try:
            Message.objects.filter(pk=message.pk).update(
                state=State.SENT, channel=carrier.channel, sent_at=clock.now(), leased_until=None, last_error=""
            )
            return
        except DatabaseError:
            if not rest or connection.in_atomic_block:
                raise
            rest -= 1
            connection.close()


def _mark_failed(message: Message, failure: Failure, clock: _Clock, tally: Tally) -> Failure:
    logger.warning("Message %s (%s), try %s: %s", message.pk, message.kind, message.attempts, failure.advice)
    is_over = failure.is_final or message.attempts >= MOST_TRIES
    if is_over and message.channel == Channel.TEXT and _has_mail(message):
        by_mail = f"{failure.advice} It goes by e-mail instead."
        _mark(message, channel=Channel.EMAIL, attempts=0, due_at=clock.now(), last_error=by_mail)
        tally.postponed += 1
    elif is_over:
        _mark(message, state=State.PARKED, last_error=f"{failure.advice} Then choose Send again.")
        tally.parked += 1
    else:
        minutes = MINUTES_BETWEEN_TRIES[min(message.attempts, len(MINUTES_BETWEEN_TRIES)) - 1]
        _mark(message, due_at=clock.now() + timedelta(minutes=minutes), last_error=f"{failure.advice} We try again.")
        tally.postponed += 1
    return failure


def _has_mail(message: Message) -> bool:
    appointment = message.appointment
    return bool(appointment and appointment.patient and appointment.patient.email)


def _mark(message: Message, **fields: object) -> None:
    """Write the outcome and end the lease, unless it ran out and another worker has the message now."""
    Message.objects.filter(pk=message.pk, state=State.WAITING, leased_until=message.leased_until).update(
        leased_until=None, **fields
    )


def _give_back(message: Message) -> None:
    """As if it had not been claimed."""
    _mark(message, attempts=message.attempts - 1)
