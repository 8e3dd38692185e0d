"""Encrypt answers with the keys of FORMS_KEY (Fernet: AES-128-CBC with HMAC-SHA256).

The first key encrypts, every key decrypts. The plain text names its appointment, so that a ciphertext copied to the
row of another appointment does not open. Why so: docs/decisions/intake-forms.md.
"""

import json
import uuid
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

Answers = dict[str, Any]  # By the question's key.


class AnswersUnreadable(Exception):
    """Raised if no key opens the answers, or if they are those of another appointment."""


class FormsKeyMissing(Exception):
    """Raised if there is no key to encrypt with."""


def has_key() -> bool:
    return bool(settings.FORMS_KEYS)


def encrypt(answers: Answers, *, appointment: uuid.UUID) -> str:
    """Return the ciphertext. Raises FormsKeyMissing."""
    plain = json.dumps({"appointment": appointment.hex, "answers": answers}, ensure_ascii=False)
    return _fernet().encrypt(plain.encode()).decode("ascii")


def decrypt(ciphertext: str, *, appointment: uuid.UUID) -> Answers:
    """Return the answers of this appointment. Raises AnswersUnreadable."""
    try:
        content = json.loads(_fernet().decrypt(ciphertext.encode()))
    except (FormsKeyMissing, InvalidToken) as problem:
        raise AnswersUnreadable from problem
    if content["appointment"] != appointment.hex:
        raise AnswersUnreadable
    answers: Answers = content["answers"]
    return answers


def rotate(ciphertext: str) -> str:
    """Encrypt again with the newest key. Raises AnswersUnreadable."""
    try:
        return _fernet().rotate(ciphertext.encode()).decode("ascii")
    except (FormsKeyMissing, InvalidToken) as problem:
        raise AnswersUnreadable from problem


def opens(ciphertext: str) -> bool:
    """Whether one of the keys opens it."""
    try:
        _fernet().decrypt(ciphertext.encode())
    except (FormsKeyMissing, InvalidToken):
        return False
    return True


def _fernet() -> MultiFernet:
    if not settings.FORMS_KEYS:
        raise FormsKeyMissing
    return MultiFernet([Fernet(key) for key in settings.FORMS_KEYS])
