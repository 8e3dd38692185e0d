"""The secret key that a local site makes for itself."""

from django.conf import settings
from django.core.management.base import CommandError

from booking.ops.secret_key import has_secret_key, require_secret_key
from clinic.ops import environment
from clinic.ops.folders import make_for_command


def prepare_secret_key() -> None:
    """Make a local site's key if there is none. Raises CommandError for a public one."""
    if settings.IS_HTTPS:
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
