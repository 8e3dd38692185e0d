"""Tokens for links that open one appointment, waitlist entry or calendar feed without an account.

An appointment's token is its uid and a keyed hash (HMAC) of that uid and ``link_generation``. Tokens
are not stored, so the database alone gives no access; every e-mail contains the same link; and
incrementing the generation revokes all earlier links. A waitlist entry's token also encodes whether it
leads to the entry or to the offer. A feed's token is made from ``Practitioner.feed_uid``: changing
that revokes the old URL.
"""

import base64
import binascii
import re
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from booking.models import AGREED, Appointment, Practitioner, WaitlistEntry

SALT = "booking.tokens"
PAGE_SALT = "booking.tokens.page"
WAITLIST_SALT = "booking.tokens.waitlist"
FEED_SALT = "booking.tokens.feed"
HASH_BYTES = 16  # 128 bits
LINK_LIFETIME = timedelta(days=1)  # after the appointment's end
BOOK_AGAIN_LIFETIME = timedelta(days=180)  # after the appointment's end; the link then shows nothing of it
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def manage_token(appointment: Appointment) -> str:
    """The appointment's current token, for e-mails alone: 43 characters of URL-safe base64.

    Who has it has shown to own the patient's mailbox. Pages link with ``page_token()``.
    """
    return encode(appointment.uid.bytes + _hash(appointment, settings.SECRET_KEY))


def page_token(appointment: Appointment) -> str:
    """A token that opens the appointment, too, and proves nothing: for the pages of whoever has just booked it."""
    return encode(appointment.uid.bytes + _hash(appointment, settings.SECRET_KEY, PAGE_SALT))


def manage_url(appointment: Appointment) -> str:
    """The absolute URL of the appointment's link, for e-mails."""
    return settings.SITE_URL + reverse("booking:link", args=[manage_token(appointment)])


def appointment_for(token: str, *, now: datetime) -> Appointment | None:
    """The appointment of a token; None if the token is malformed or revoked, or the appointment is over for 180 days.

    After ``LINK_LIFETIME`` (``is_past``) pages show nothing of the appointment any more.

    A booking that waits to be confirmed, or was not confirmed in time, is opened by the token in its e-mail alone.
    """
    decoded = _decode(token)
    if decoded is None:
        return None
    appointment = (
        Appointment.objects.select_related("patient", "practitioner", "service", "location")
        .filter(uid=uuid.UUID(bytes=decoded[:16]), patient__isnull=False, patient__disposed_at__isnull=True)
        .first()
    )
    if appointment is None or appointment.ends_at + BOOK_AGAIN_LIFETIME < now:
        return None
    is_agreed = appointment.status in AGREED
    if appointment.ends_at + LINK_LIFETIME < now and not is_agreed:
        return None
    return appointment if is_from_email(token, appointment) or (is_agreed and _fits(token, appointment)) else None


def is_past(appointment: Appointment, now: datetime) -> bool:
    """Whether the appointment is over for so long that its link only offers to book again."""
    is_over = appointment.ends_at + LINK_LIFETIME < now <= appointment.ends_at + BOOK_AGAIN_LIFETIME
    return is_over and appointment.status in AGREED


def is_from_email(token: str, appointment: Appointment) -> bool:
    """Whether it is the token that was sent to the patient's e-mail address, and not that of a page."""
    return _fits(token, appointment, SALT)


def _fits(token: str, appointment: Appointment, salt: str = PAGE_SALT) -> bool:
    decoded = _decode(token)
    if decoded is None:
        return False
    # Links in e-mails stay valid after SECRET_KEY is rotated, while the old key is in the fallbacks.
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(decoded[16:], _hash(appointment, key, salt)) for key in keys)


def waitlist_token(entry: WaitlistEntry, *, to_offer: bool = False) -> str:
    """The token of the link to a waitlist entry, or with ``to_offer`` to its offer."""
    return encode(entry.uid.bytes + _waitlist_hash(entry.uid, to_offer, settings.SECRET_KEY))


def waitlist_url(entry: WaitlistEntry, *, to_offer: bool = False) -> str:
    """The absolute URL of that link, for e-mails."""
    return settings.SITE_URL + reverse("booking:waitlist_link", args=[waitlist_token(entry, to_offer=to_offer)])


def waitlist_entry_for(token: str) -> tuple[WaitlistEntry, bool] | None:
    """The entry of a token and whether the token leads to the offer; None if malformed or deleted."""
    decoded = _decode(token)
    if decoded is None:
        return None
    uid, signature = uuid.UUID(bytes=decoded[:16]), decoded[16:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    for to_offer in (False, True):
        if any(constant_time_compare(signature, _waitlist_hash(uid, to_offer, key)) for key in keys):
            entry = WaitlistEntry.objects.filter(uid=uid).first()
            return (entry, to_offer) if entry else None
    return None


def feed_url(practitioner: Practitioner) -> str:
    """The absolute URL of a practitioner's calendar feed; "" if they have none."""
    if practitioner.feed_uid is None:
        return ""
    uid = practitioner.feed_uid
    token = encode(uid.bytes + _feed_hash(uid, settings.SECRET_KEY))
    return settings.SITE_URL + reverse("booking:feed", args=[token])


def practitioner_for(token: str) -> Practitioner | None:
    """The practitioner of a feed's token.

    None if the token is malformed or revoked, the practitioner is inactive, or their login is switched off.
    """
    decoded = _decode(token)
    if decoded is None:
        return None
    uid, signature = uuid.UUID(bytes=decoded[:16]), decoded[16:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(signature, _feed_hash(uid, key)) for key in keys):
        return None
    return Practitioner.objects.active().exclude(user__is_active=False).filter(feed_uid=uid).first()


def _feed_hash(uid: uuid.UUID, key: str | bytes) -> bytes:
    return salted_hmac(FEED_SALT, uid.hex, secret=key, algorithm="sha256").digest()[:HASH_BYTES]


def _waitlist_hash(uid: uuid.UUID, to_offer: bool, key: str | bytes) -> bytes:
    message = f"{uid.hex}:{'offer' if to_offer else 'entry'}"
    return salted_hmac(WAITLIST_SALT, message, secret=key, algorithm="sha256").digest()[:HASH_BYTES]


def _hash(appointment: Appointment, key: str | bytes, salt: str = SALT) -> bytes:
    message = f"{appointment.uid.hex}:{appointment.link_generation}"
    return salted_hmac(salt, message, secret=key, algorithm="sha256").digest()[:HASH_BYTES]


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(token: str) -> bytes | None:
    if not TOKEN.fullmatch(token):
        return None
    try:
        data = base64.urlsafe_b64decode(token + "=")
    except binascii.Error:
        return None
    # 43 characters encode two bits more than 32 bytes: accept only the canonical encoding.
    return data if encode(data) == token else None
