"""The keys that sign links, sessions and forms."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from booking.ops.secret_key import HOW_TO_MAKE_A_KEY
from clinic.ops.environment.key_files import make_key_file, read_key_file
from clinic.ops.environment.secret_files import secret

_KEY_FILE = "secret_key"


def secret_key(var_dir: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return SECRET_KEY, or the key in the file that SECRET_KEY_FILE names, by default ``var/secret_key``.

    "" if there is none: commands that sign nothing need none. Patients' links are signed with it: without the same key,
    links in mails that were already sent stop working.
    """
    key = secret("SECRET_KEY", environ)
    if not is_secret_key_named(environ):
        return _stored_key(var_dir / _KEY_FILE)
    if "\n" in key:
        raise ImproperlyConfigured(
            "SECRET_KEY_FILE holds several lines. Keep the newest key there, and move earlier ones to the file that "
            "SECRET_KEY_FALLBACKS_FILE names."
        )
    if len(key) < 32:
        raise ImproperlyConfigured(
            "SECRET_KEY is too short to be safe. Use at least 32 random characters, for example from: "
            + HOW_TO_MAKE_A_KEY
        )
    return key


def is_secret_key_named(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether SECRET_KEY or SECRET_KEY_FILE is set."""
    return bool(environ.get("SECRET_KEY") or environ.get("SECRET_KEY_FILE", "").strip())


def secret_key_fallbacks(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return SECRET_KEY_FALLBACKS, the earlier keys, newest first and separated by spaces or lines.

    What they have signed stays valid: links in mails that were sent, sessions, and forms that are open.
    """
    keys = secret("SECRET_KEY_FALLBACKS", environ, may_be_empty=True).split()
    if any(len(key) < 32 for key in keys):
        # Does not repeat the value: this text reaches logs.
        raise ImproperlyConfigured(
            "SECRET_KEY_FALLBACKS holds a key of less than 32 characters. List whole earlier keys, separated by spaces."
        )
    return keys


def make_secret_key(var_dir: Path) -> str:
    """Make the key in ``var/secret_key`` unless there is one, and return it. Raises OSError."""
    path = var_dir / _KEY_FILE
    make_key_file(path, secrets.token_urlsafe(48))
    return _stored_key(path)


def _stored_key(path: Path) -> str:
    key = read_key_file(path)
    if key and len(key) < 32:
        raise ImproperlyConfigured(f"{path} does not hold a key. Delete it, or set SECRET_KEY.")
    return key
