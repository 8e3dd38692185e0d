"""Whether there is a secret key, for commands that sign links."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

HOW_TO_MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
HOW_TO_SET_A_KEY = (
    f"Make one with {HOW_TO_MAKE_A_KEY} and set it as SECRET_KEY, or keep it in a file that SECRET_KEY_FILE names. "
    "The site and its worker need the same one."
)


def has_secret_key() -> bool:
    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's answer to an empty one.
        return False


def require_secret_key() -> None:
    """Raise CommandError if there is none."""
    if not has_secret_key():
        raise CommandError(f"This site has no secret key, which signs patients' links. {HOW_TO_SET_A_KEY}")
