"""Small parts of appointments: their status, where they came from, their messages' channel, their reference."""

import hashlib
import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """FHIR's appointment statuses, plus our own of a time that is not agreed yet.

    UNHELD: chosen online, but nobody holds the time while the visitor types. UNCONFIRMED: booked online, and waiting
    for the patient to confirm it by the link in an e-mail. Neither occupies time.
    """

    HELD = "held", "Held"
    UNHELD = "unheld", "Chosen, not held"
    EXPIRED = "expired", "Expired"
    UNCONFIRMED = "unconfirmed", "Waiting for the patient's email"
    BOOKED = "booked", "Booked"
    ARRIVED = "arrived", "Arrived"
    FULFILLED = "fulfilled", "Attended"
    CANCELLED = "cancelled", "Cancelled"
    NOSHOW = "noshow", _("No-show")


class Channel(models.TextChoices):
    """How a message is delivered."""

    EMAIL = "email", _("Email")
    TEXT = "text", "Text message"


class BookedFrom(models.TextChoices):
    """Where a booking came from if not from a page. In brackets, which no page's slug can have."""

    AGAIN = "(again)", _("“Book again”")
    WAITLIST = "(waitlist)", _("An offer from the waitlist")
    DESK = "(desk)", _("Front desk, by phone or in person")


OCCUPYING = (Status.HELD, Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.NOSHOW)
AGREED = (Status.BOOKED, Status.ARRIVED, Status.FULFILLED, Status.CANCELLED, Status.NOSHOW)
CHOSEN = (Status.HELD, Status.UNHELD)  # A visitor is filling in the form.
PENDING = (*CHOSEN, Status.UNCONFIRMED)  # Each ends at hold_expires_at.

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # Without 0/O, 1/I/L and U: it is read out on the phone.
REFERENCE_LENGTH = 8


def new_reference() -> str:
    """Generate a reference such as ``7K3QX9TB``."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


def is_reference(text: str) -> bool:
    """Whether the text has the form of a reference."""
    return len(text) == REFERENCE_LENGTH and set(text) <= set(REFERENCE_ALPHABET)


def reference_for(text: str) -> str:
    """A text in the form of a reference, the same for the same text."""
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(REFERENCE_ALPHABET[byte % len(REFERENCE_ALPHABET)] for byte in digest[:REFERENCE_LENGTH])
