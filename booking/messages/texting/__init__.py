"""Text messages (SMS): what a service that carries them has to offer, and which one is set.

``settings.SMS`` names a ``TextSender`` and its options; empty, there are no text messages, and no
page speaks of any. To add a provider, write such a class and let ``clinic.environment.sms`` know
its address. What a sender promises is how it fails: see ``TextSender.send``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Text:
    """One text message: ``to`` is a number in E.164 form, such as +14035550123."""

    to: str
    body: str


class TextRefused(Exception):
    """The service takes no text for this number, now or later; ``code`` is its own word for why."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code)
        self.code = code


class TextServiceAway(Exception):
    """Nothing was taken, and nothing will be for now, whatever the number. The text says what to do."""


class TextUncertain(Exception):
    """The conversation broke off: whether the service took the text, nobody knows."""


class TextSender(ABC):
    """A way to hand over text messages. One at a time; nothing is kept open between two."""

    @abstractmethod
    def send(self, text: Text) -> None:
        """Return once the service has taken the text; raise one of the three errors above otherwise.

        Must end within a minute, so that the message's lease outlives it.
        """

    def took(self, text: Text, *, since: datetime) -> bool:
        """Whether this very text was taken since then; asked before a second try. False where nobody can say."""
        return False


def is_on() -> bool:
    """Whether the clinic has a service for text messages."""
    return bool(settings.SMS)


def sender() -> TextSender:
    """The service that is set."""
    made = import_string(settings.SMS["SENDER"])(**settings.SMS["OPTIONS"])
    assert isinstance(made, TextSender)
    return made
