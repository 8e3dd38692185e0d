"""The keys that a local site makes for itself."""

from django.conf import settings
from django.core.management.base import CommandError

from booking.ops.secret_key import has_secret_key, require_secret_key
from clinic.ops import environment
from clinic.ops.folders import make_for_command


def prepare_keys() -> None:
    """Make a local site's keys, the secret one and that of health forms. Raises CommandError for a public one's.

    A public site needs no key for health forms: without one they cannot be switched on.
    """
    if settings.IS_HTTPS:
        require_secret_key()
    if not has_secret_key():
        _make_secret_key()
    if not (settings.FORMS_KEYS or settings.IS_HTTPS):
        _make_forms_key()


def _make_secret_key() -> None:
    make_for_command(settings.VAR_DIR, "VAR_DIR")
    try:
        settings.SECRET_KEY = environment.make_secret_key(settings.VAR_DIR)  # For the rest of this command.
    except OSError as problem:
        raise CommandError(
            f"No secret key can be kept in {settings.VAR_DIR} ({problem.strerror}). Set SECRET_KEY, or VAR_DIR to a "
            "folder that this user may write to."
        ) from problem


def _make_forms_key() -> None:
    make_for_command(settings.VAR_DIR, "VAR_DIR")
    try:
        settings.FORMS_KEYS = environment.make_forms_key(settings.VAR_DIR)
    except OSError as problem:
        raise CommandError(
            f"No key for health forms can be kept in {settings.VAR_DIR} ({problem.strerror}). Set FORMS_KEY, or "
            "VAR_DIR to a folder that this user may write to."
        ) from problem
