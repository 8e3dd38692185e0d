"""The two ways out of the outbox: a mail server, and a service for text messages.

A carrier tells apart what concerns one message from what concerns all: ``ServiceAway`` means that
nothing leaves this way for now, and costs no message a try.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from django.core.mail import get_connection

from booking.messages import texting
from booking.messages.failures import explain
from booking.messages.reminding import reminder_due
from booking.messages.rendering import render
from booking.messages.texts import can_get_texts, reminder_text
from booking.models import Channel, Message


class ServiceAway(Exception):
    """Nothing can leave this way for now: no message was touched. The text says what to do."""


class MailServerAway(ServiceAway):
    """The mail server cannot be reached or does not let us in."""


class Carrier(Protocol):
    """One batch's way out. ``send`` returns when the message was taken, and raises otherwise."""

    channel: Channel
    away: type[ServiceAway]

    def open(self) -> None: ...

    def send(self, message: Message, *, now: Callable[[], datetime]) -> None: ...

    def close(self) -> None: ...


class MailCarrier:
    """One connection to the mail server, for as long as it holds."""

    channel = Channel.EMAIL
    away: type[ServiceAway] = MailServerAway

    def __init__(self) -> None:
        self.connection = get_connection()

    def open(self) -> None:
        """Have an open connection before a message is claimed, so that an outage costs no message a try."""
        try:
            self.connection.open()
        except (OSError, ValueError) as problem:  # smtplib's errors are OSErrors; ValueError: TLS set-up.
            raise MailServerAway(explain(problem).advice) from problem

    def send(self, message: Message, *, now: Callable[[], datetime]) -> None:
        if not render(message, now=now(), connection=self.connection).send():
            raise ConnectionError("the mail backend took nothing")

    def close(self) -> None:
        with suppress(OSError):  # It may be gone already.
            self.connection.close()


class TextCarrier:
    """A service for text messages: each text is a conversation of its own."""

    channel = Channel.TEXT
    away: type[ServiceAway] = ServiceAway

    def __init__(self) -> None:
        self.sender = texting.sender()

    def open(self) -> None:
        """Nothing to open: whether the service is there shows with each text."""

    def send(self, message: Message, *, now: Callable[[], datetime]) -> None:
        text = reminder_text(message)
        if not can_get_texts(text.to):
            raise texting.TextRefused
        try:
            # After a try that broke off, or a worker that died, it may have been taken already.
            if message.attempts > 1 and self.sender.took(text, since=_first_due(message)):
                return
            self.sender.send(text)
        except texting.TextServiceAway as problem:
            raise ServiceAway(str(problem)) from problem

    def close(self) -> None:
        """Nothing is open."""


def carrier_for(channel: Channel) -> Carrier:
    return TextCarrier() if channel == Channel.TEXT else MailCarrier()


def _first_due(message: Message) -> datetime:
    """When a reminder was to leave; ``due_at`` moves with each try."""
    assert message.appointment is not None
    return reminder_due(message.appointment, message.content["hours_before"])
