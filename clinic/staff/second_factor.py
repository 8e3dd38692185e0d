"""Passkeys, authenticator apps and recovery codes: who needs one, who has one, and taking them away."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings

_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def is_missing(user: Any) -> bool:
    """Whether this person has to set one up before they may go on: everybody, on a public site."""
    return bool(settings.STAFF_SECOND_FACTOR) and not has_one(user)


def has_one(user: Any) -> bool:
    return Authenticator.objects.filter(user=user, type__in=_FACTORS).exists()


def in_words(user: Any) -> str:
    """What somebody logs in with, beside a password. ``authenticator_set`` may have been fetched already."""
    kinds = {found.type for found in user.authenticator_set.all()}
    names = [
        name
        for kind, name in [(Authenticator.Type.WEBAUTHN, "passkey"), (Authenticator.Type.TOTP, "authenticator app")]
        if kind in kinds
    ]
    return ", ".join(names)


def reset(user: Any) -> int:
    """Take away every passkey, app and recovery code of somebody who lost them; how many."""
    return Authenticator.objects.filter(user=user).delete()[0]
