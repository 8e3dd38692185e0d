"""Whether there is a secret key, and the one that a local site makes for itself."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from clinic.ops import environment
from clinic.ops.folders import make_for_command


def has_secret_key() -> bool:
    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's answer to an empty one.
        return False


def require_secret_key() -> None:
    """Raise CommandError if this is a public site without a key. A local one makes its own."""
    if settings.IS_HTTPS and not has_secret_key():
        raise CommandError(f"This site has no secret key. {environment.HOW_TO_SET_A_KEY}")


def prepare_secret_key() -> None:
    """Make a local site's key if there is none. Raises CommandError for a public one."""
    require_secret_key()
    if has_secret_key():
        return
    make_for_command(settings.VAR_DIR, "VAR_DIR")
    try:
        settings.SECRET_KEY = environment.make_secret_key(settings.VAR_DIR)  # For the rest of this command.
    except OSError as problem:
        raise CommandError(
            f"No secret key can be kept in {settings.VAR_DIR} ({problem.strerror}). Set SECRET_KEY, or VAR_DIR to a "
            "folder that this user may write to."
        ) from problem
