"""Numbers and switches."""

import os
from collections.abc import Mapping
from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured


def whole_number(name: str, default: int, environ: Mapping[str, str] = os.environ, *, lowest: int = 0) -> int:
    """Read a variable that is a whole number from ``lowest`` to 100,000."""
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and lowest <= int(value) <= 100_000):
        raise ImproperlyConfigured(f"{name} is {value!r}. Write a whole number of at least {lowest}, or leave it out.")
    return int(value)


def clock_tolerance(environ: Mapping[str, str] = os.environ) -> timedelta | None:
    """Read CLOCK_TOLERANCE_MINUTES: by how much the worker's clock may be off. None for 0: no comparison."""
    minutes = whole_number("CLOCK_TOLERANCE_MINUTES", 5, environ)
    return timedelta(minutes=minutes) if minutes else None


def switch(name: str, *, default: bool, environ: Mapping[str, str] = os.environ) -> bool:
    """Read a variable that is "on" or "off"."""
    value = environ.get(name, "").strip().lower()
    if value not in {"", "on", "off"}:
        raise ImproperlyConfigured(f"{name} is {value!r}. Write on or off, or leave it out.")
    return value == "on" if value else default
