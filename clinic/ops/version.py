"""The version of this site: that of pyproject.toml, and the commit if it is known.

The commit is read from the environment variable RELEASE, or from the file RELEASE_FILE, which a build may write beside
manage.py. Imports nothing of the project: gunicorn's settings run this file, too.
"""

import os
import re
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE_FILE = "release.txt"
_RELEASE = re.compile(r"[A-Za-z0-9._-]{1,60}", re.ASCII)


@cache
def site_version() -> str:
    """Return the version, such as ``0.1.0`` or ``0.1.0+05971f0``."""
    release = os.environ.get("RELEASE", "").strip() or _text_of(ROOT / RELEASE_FILE).strip()
    number = _number()
    return f"{number}+{release}" if _RELEASE.fullmatch(release) else number


def _number() -> str:
    try:
        return str(tomllib.loads(_text_of(ROOT / "pyproject.toml"))["project"]["version"])
    except (KeyError, tomllib.TOMLDecodeError):
        return "unknown"


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
