"""The links that open one appointment, or one waitlist entry, without an account.

A token is the appointment's uid and a keyed hash of that uid and the link's generation. Nothing
that is stored opens a visit, a mail written days later carries the same link, and raising the
generation makes every earlier link useless. A waitlist entry's token is made alike; it says, too,
whether it leads to the entry or to the time that is offered. The address of a practitioner's
calendar feed is made from an identifier of its own: with another one, the old address is gone.
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
WAITLIST_SALT = "booking.tokens.waitlist"
FEED_SALT = "booking.tokens.feed"
HASH_BYTES = 16  # 128 bits: beyond guessing.
DIES_AFTER = timedelta(days=1)  # after the visit's end
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def manage_token(appointment: Appointment) -> str:
    """The appointment's present token: 43 characters that stand in an address as they are."""
    return _encode(appointment.uid.bytes + _hash(appointment, settings.SECRET_KEY))


def manage_url(appointment: Appointment) -> str:
    """The whole address of the link, for mails."""
    return settings.SITE_URL + reverse("booking:link", args=[manage_token(appointment)])


def appointment_for(token: str, *, now: datetime) -> Appointment | None:
    """The appointment that a token opens, or None: malformed, out of date, or long past."""
    decoded = _decode(token)
    if decoded is None:
        return None
    appointment = (
        Appointment.objects.select_related("patient", "practitioner", "service", "location")
        .filter(uid=uuid.UUID(bytes=decoded[:16]), status__in=AGREED)
        .first()
    )
    if appointment is None or appointment.ends_at + DIES_AFTER < now:
        return None
    # Links in mails outlive a change of SECRET_KEY while the old one stands in the fallbacks.
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(decoded[16:], _hash(appointment, key)) for key in keys):
        return None
    return appointment


def waitlist_token(entry: WaitlistEntry, *, to_offer: bool = False) -> str:
    """The token of a waitlist entry's link, or of the link to what is offered."""
    return _encode(entry.uid.bytes + _waitlist_hash(entry.uid, to_offer, settings.SECRET_KEY))


def waitlist_url(entry: WaitlistEntry, *, to_offer: bool = False) -> str:
    """The whole address of that link, for mails."""
    return settings.SITE_URL + reverse("booking:waitlist_link", args=[waitlist_token(entry, to_offer=to_offer)])


def entry_for(token: str) -> tuple[WaitlistEntry, bool] | None:
    """The entry that a token opens, and whether it leads to the offer; None: malformed, or long forgotten."""
    decoded = _decode(token)
    if decoded is None:
        return None
    uid, said = uuid.UUID(bytes=decoded[:16]), decoded[16:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    for to_offer in (False, True):
        if any(constant_time_compare(said, _waitlist_hash(uid, to_offer, key)) for key in keys):
            entry = WaitlistEntry.objects.filter(uid=uid).first()
            return (entry, to_offer) if entry else None
    return None


def feed_url(practitioner: Practitioner) -> str:
    """The whole address of a practitioner's calendar feed; empty while there is none."""
    if practitioner.feed_uid is None:
        return ""
    uid = practitioner.feed_uid
    token = _encode(uid.bytes + _feed_hash(uid, settings.SECRET_KEY))
    return settings.SITE_URL + reverse("booking:feed", args=[token])


def practitioner_for(token: str) -> Practitioner | None:
    """Whose feed a token opens; None: malformed, revoked, or of somebody who has left."""
    decoded = _decode(token)
    if decoded is None:
        return None
    uid, said = uuid.UUID(bytes=decoded[:16]), decoded[16:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(said, _feed_hash(uid, key)) for key in keys):
        return None
    return Practitioner.objects.active().filter(feed_uid=uid).first()


def _feed_hash(uid: uuid.UUID, key: str | bytes) -> bytes:
    return salted_hmac(FEED_SALT, uid.hex, secret=key, algorithm="sha256").digest()[:HASH_BYTES]


def _waitlist_hash(uid: uuid.UUID, to_offer: bool, key: str | bytes) -> bytes:
    says = f"{uid.hex}:{'offer' if to_offer else 'entry'}"
    return salted_hmac(WAITLIST_SALT, says, secret=key, algorithm="sha256").digest()[:HASH_BYTES]


def _hash(appointment: Appointment, key: str | bytes) -> bytes:
    says = f"{appointment.uid.hex}:{appointment.link_generation}"
    return salted_hmac(SALT, says, secret=key, algorithm="sha256").digest()[:HASH_BYTES]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(token: str) -> bytes | None:
    if not TOKEN.fullmatch(token):
        return None
    try:
        data = base64.urlsafe_b64decode(token + "=")
    except binascii.Error:
        return None
    # 43 characters hold two bits more than 32 bytes: only one spelling of a token is a token.
    return data if _encode(data) == token else None
