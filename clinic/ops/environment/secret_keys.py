"""The keys that sign links, sessions and forms."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret_key(var_dir: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return SECRET_KEY, or a key that is generated once and stored in ``var/secret_key``.

    Patients' links are signed with it: without the same key, links in mails that were already sent stop working.
    """
    value = environ.get("SECRET_KEY", "")
    if value:
        if len(value) < 32:
            raise ImproperlyConfigured(
                "SECRET_KEY is too short to be safe. Use at least 32 random characters, for example from: "
                "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return value
    path = var_dir / "secret_key"
    try:
        # O_EXCL, so that two processes that start at once use one key.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        stored = path.read_text().strip()
        if len(stored) < 32:
            raise ImproperlyConfigured(f"{path} does not hold a key. Delete it, or set SECRET_KEY.") from None
        return stored
    except OSError as problem:
        raise ImproperlyConfigured(
            f"No SECRET_KEY is set and {path} cannot be written ({problem.strerror}). Set SECRET_KEY."
        ) from problem
    generated = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(generated + "\n")
    return generated


def secret_key_fallbacks(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return SECRET_KEY_FALLBACKS, the earlier keys, newest first and separated by spaces.

    What they have signed stays valid: links in mails that were sent, sessions, and forms that are open.
    """
    keys = environ.get("SECRET_KEY_FALLBACKS", "").split()
    if any(len(key) < 32 for key in keys):
        # Does not repeat the value: this text reaches logs.
        raise ImproperlyConfigured(
            "SECRET_KEY_FALLBACKS holds a key of less than 32 characters. List whole earlier keys, separated by spaces."
        )
    return keys
