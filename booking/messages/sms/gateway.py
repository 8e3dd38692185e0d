"""SMS gateway interface and configuration.

``settings.SMS`` names an ``SmsGateway`` subclass and its options; if it is empty, SMS is off and no page mentions
it. To add a provider, write a subclass and add its URL scheme to ``clinic.ops.environment.sms``. A gateway must
raise the exceptions that ``SmsGateway.send`` documents.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class SmsMessage:
    """One text message; ``to`` is a number in E.164 format, such as +14035550123."""

    to: str
    body: str


class DeliveryStatus(Enum):
    """PENDING: ask again later. UNKNOWN: the gateway cannot tell, now or later."""

    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DeliveryReport:
    """What became of an accepted message; ``code`` is the gateway's reason if it is undelivered."""

    status: DeliveryStatus
    code: str = ""


class SmsRefused(Exception):
    """The gateway permanently rejects this number; ``code`` is its error code."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code)
        self.code = code


class SmsGatewayUnavailable(Exception):
    """The gateway accepts nothing for now; the message was not accepted. The text is advice for staff."""


class SmsOutcomeUnknown(Exception):
    """The request failed in a way that leaves unknown whether the gateway accepted the message."""


class SmsGateway(ABC):
    """Sends text messages, each in a separate request."""

    @abstractmethod
    def send(self, sms: SmsMessage) -> str:
        """Return the gateway's id of the accepted message, or "" if it has none.

        Raises SmsRefused, SmsGatewayUnavailable or SmsOutcomeUnknown. Must return within a minute, which is well
        within the message's lease.
        """

    def accepted_id(self, sms: SmsMessage, *, since: datetime) -> str | None:
        """Return the id of this message if it was accepted since then, or None. Called before a retry."""
        return None

    def delivery_of(self, provider_id: str) -> DeliveryReport:
        """Return what became of an accepted message. Raises SmsGatewayUnavailable or SmsOutcomeUnknown."""
        return DeliveryReport(DeliveryStatus.UNKNOWN)


def is_enabled() -> bool:
    """Whether an SMS gateway is configured."""
    return bool(settings.SMS)


def configured_gateway() -> SmsGateway:
    gateway = import_string(settings.SMS["SENDER"])(**settings.SMS["OPTIONS"])
    assert isinstance(gateway, SmsGateway)
    return gateway
