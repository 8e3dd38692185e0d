"""Secrets from variables, or from files that variables name (credentials of Docker and systemd)."""

import os
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret(name: str, environ: Mapping[str, str] = os.environ, *, may_be_empty: bool = False) -> str:
    """Return the variable ``name``, or the text of the file that ``name``_FILE names; "" if neither is set."""
    value, path = environ.get(name, ""), environ.get(f"{name}_FILE", "").strip()
    if not path:
        return value
    if value.strip():
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Keep one of them.")
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not text"
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which cannot be read ({reason}). Give the full path of a file that the site's "
            "user may read."
        ) from problem
    if not (text or may_be_empty):
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which is empty.")
    return text
