"""The folders that the site writes to."""

import os
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def var_dir(default: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of everything that the site writes, and create it if it is missing."""
    path = Path(environ.get("VAR_DIR", "").strip() or default).resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise ImproperlyConfigured(
            f"VAR_DIR {path} cannot be made ({problem.strerror}). Choose a folder this user may write to."
        ) from problem
    return path


def media_root(var_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of uploaded pictures, and create it if it is missing."""
    path = Path(environ.get("MEDIA_ROOT", "").strip() or var_dir / "media")
    if not path.is_absolute():
        raise ImproperlyConfigured(f"MEDIA_ROOT is {str(path)!r}. Give a full path, such as /srv/clinic/media.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ImproperlyConfigured(
            f"MEDIA_ROOT {path} cannot be made ({problem.strerror}). Choose a folder this user may write to."
        ) from problem
    return path
