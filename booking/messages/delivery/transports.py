"""Transports: send a message through the SMTP server or the SMS gateway.

A transport distinguishes failures of one message from those of the whole channel: it raises
``TransportUnavailable`` if nothing can be sent for now, which does not count as an attempt of the message.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from django.core.mail import get_connection

from booking.messages.delivery.failures import explain
from booking.messages.outbox.reminders import reminder_due
from booking.messages.rendering.email import render
from booking.messages.rendering.sms import text_message
from booking.messages.sms import gateway
from booking.messages.sms.encoding import can_receive_sms
from booking.models import Channel, Message


class TransportUnavailable(Exception):
    """Nothing can be sent through this channel for now. No message was sent. The text is advice for staff."""


class SmtpUnavailable(TransportUnavailable):
    """The SMTP server cannot be reached or rejects the login."""


class Transport(Protocol):
    """Sends the messages of one batch.

    ``send`` returns the provider's id of the accepted message, or "" if there is none, and raises otherwise.
    """

    channel: Channel
    unavailable: type[TransportUnavailable]

    def open(self) -> None: ...

    def send(self, message: Message, *, now: Callable[[], datetime]) -> str: ...

    def close(self) -> None: ...


class EmailTransport:
    """Reuses one connection to the SMTP server, and reconnects if it is lost."""

    channel = Channel.EMAIL
    unavailable: type[TransportUnavailable] = SmtpUnavailable

    def __init__(self) -> None:
        self.connection = get_connection()

    def open(self) -> None:
        """Connect before a message is claimed, so that an outage does not count as an attempt."""
        try:
            self.connection.open()
        except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; ValueError: TLS configuration.
            raise SmtpUnavailable(explain(error).advice) from error

    def send(self, message: Message, *, now: Callable[[], datetime]) -> str:
        if not render(message, now=now(), connection=self.connection).send():
            raise ConnectionError("the mail backend took nothing")
        return ""

    def close(self) -> None:
        with suppress(OSError):  # The connection may be lost.
            self.connection.close()


class SmsTransport:
    """Sends each text message in a separate request to the SMS gateway."""

    channel = Channel.TEXT
    unavailable: type[TransportUnavailable] = TransportUnavailable

    def __init__(self) -> None:
        self.gateway = gateway.configured_gateway()

    def open(self) -> None:
        """Do nothing: there is no persistent connection."""

    def send(self, message: Message, *, now: Callable[[], datetime]) -> str:
        sms = text_message(message, now=now())
        if not can_receive_sms(sms.to):
            raise gateway.SmsRefused
        try:
            # It may have been accepted already, if an attempt was interrupted or the worker died.
            if message.attempts > 1:
                accepted_id = self.gateway.accepted_id(sms, since=_original_due_at(message))
                if accepted_id is not None:
                    return accepted_id
            return self.gateway.send(sms)
        except gateway.SmsGatewayUnavailable as error:
            raise TransportUnavailable(str(error)) from error

    def close(self) -> None:
        """Do nothing: there is no persistent connection."""


def transport_for(channel: Channel) -> Transport:
    return SmsTransport() if channel == Channel.TEXT else EmailTransport()


def _original_due_at(message: Message) -> datetime:
    """Return the message's original due time; ``due_at`` changes with each retry."""
    assert message.appointment is not None
    if "hours_before" not in message.content:
        return message.created_at  # Due at once.
    return reminder_due(message.appointment, message.content["hours_before"])
