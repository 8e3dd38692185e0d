"""Encrypt short secrets that are kept in the database: addresses and passwords of practitioners' own calendars.

The keys are derived from SECRET_KEY and SECRET_KEY_FALLBACKS, so a backup of the database alone opens no calendar.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"booking.calendars.secret_text"  # Keys for another purpose differ.


class Undecryptable(Exception):
    """The text was encrypted under a key that is no longer among the settings."""


def encrypt(text: str) -> str:
    """Encrypt under SECRET_KEY; "" stays empty."""
    return _keys().encrypt(text.encode()).decode("ascii") if text else ""


def decrypt(stored: str) -> str:
    """Decrypt what ``encrypt()`` returned. Raises Undecryptable."""
    if not stored:
        return ""
    try:
        return _keys().decrypt(stored).decode()
    except InvalidToken:
        raise Undecryptable from None


def is_current(stored: str) -> bool:
    """Whether it is encrypted under SECRET_KEY, and not under a fallback."""
    if not stored:
        return True
    try:
        _fernet(settings.SECRET_KEY).decrypt(stored)
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _fernet(secret: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
