"""The folders that the site writes to. Commands that need one make it (``clinic/ops/folders.py``)."""

import os
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def var_dir(default: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of everything that the site writes. It may be missing."""
    return Path(environ.get("VAR_DIR", "").strip() or default).resolve()


def media_root(var_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of uploaded pictures. It may be missing."""
    return _folder("MEDIA_ROOT", var_dir / "media", environ)


def static_root(var_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory that ``collectstatic`` writes and the site serves. It may be missing."""
    return _folder("STATIC_ROOT", var_dir / "static", environ)


def error_page(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file in which the worker keeps the front server's error page; None for its place in VAR_DIR."""
    if not environ.get("ERROR_PAGE", "").strip():
        return None
    return _folder("ERROR_PAGE", Path("error_page.html"), environ)


def _folder(name: str, default: Path, environ: Mapping[str, str]) -> Path:
    path = Path(environ.get(name, "").strip() or default)
    if not path.is_absolute():
        raise ImproperlyConfigured(f"{name} is {str(path)!r}. Give a full path, such as /srv/clinic/{default.name}.")
    return path
