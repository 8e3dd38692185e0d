"""Logs, metrics and error reports."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from clinic.ops.environment.secret_files import secret
from clinic.ops.environment.site import is_local_host
from clinic.ops.environment.values import switch


def logging_config(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return Django's LOGGING for LOG_FORMAT, "line" or "json": everything to standard error, redacted."""
    value = environ.get("LOG_FORMAT", "").strip().lower() or "line"
    formatters = {"line": "clinic.ops.logs.formats.LineFormatter", "json": "clinic.ops.logs.formats.JsonLineFormatter"}
    if value not in formatters:
        raise ImproperlyConfigured(f"LOG_FORMAT is {value!r}. Write line or json, or leave it out for line.")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"site": {"()": formatters[value]}},
        "filters": {
            "outages": {"()": "clinic.ops.logs.filters.OutageFilter"},
            "being_set_up": {"()": "clinic.ops.logs.filters.BeingSetUpFilter"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "site"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "booking": {"level": "INFO"},
            "clinic": {"level": "INFO"},
            "django.request": {"level": "ERROR", "filters": ["outages", "being_set_up"]},
            # Anybody can send forged hosts and oversized forms: their tracebacks would hide other errors.
            "django.security": {"level": "CRITICAL"},
            "django.security.csrf": {"level": "WARNING"},
            # gunicorn's own handler writes in another format, and addresses with their queries.
            "gunicorn.error": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        },
    }


def metrics_bind(environ: Mapping[str, str] = os.environ) -> tuple[str, int] | None:
    """Return address and port of METRICS_BIND, or None without it: then nothing is measured.

    An address that other machines can reach needs METRICS_PUBLIC=on.
    """
    value = environ.get("METRICS_BIND", "").strip()
    if not value:
        return None
    try:
        parts = urlsplit(f"//{value}")
        host, port = parts.hostname or "", parts.port
        if host != "localhost":
            ipaddress.ip_address(host)
    except ValueError:
        host, port = "", None
    if not host or not port or parts.netloc != value or "@" in value:
        raise ImproperlyConfigured(
            f"METRICS_BIND is {value!r}. Write an address of this machine and a port, such as 127.0.0.1:9464."
        )
    if not is_local_host(host) and not switch("METRICS_PUBLIC", default=False, environ=environ):
        raise ImproperlyConfigured(
            f"METRICS_BIND is {value!r}, which other machines may be able to reach. Use 127.0.0.1:{port}, or set "
            "METRICS_PUBLIC=on if a firewall lets only your Prometheus in."
        )
    return host, port


def metrics_dir(var_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder through which processes share their counts: METRICS_DIR, or ``metrics`` in VAR_DIR."""
    return Path(environ.get("METRICS_DIR", "").strip() or var_dir / "metrics")


def sentry_dsn(environ: Mapping[str, str] = os.environ) -> str:
    """Return SENTRY_DSN, or the content of the file SENTRY_DSN_FILE; "" without them: no errors are reported."""
    value = secret("SENTRY_DSN", environ)
    if value and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).username):
        # Does not repeat the value, which contains a key: this text reaches logs.
        raise ImproperlyConfigured(
            "SENTRY_DSN is not one this site understands. Copy it from the project's settings in Sentry or GlitchTip: "
            "https://key@host/number."
        )
    return value
