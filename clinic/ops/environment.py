"""Read settings from environment variables.

An invalid value raises ImproperlyConfigured with a message that says how to fix it; nothing falls back to a guess.
"""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

LOCAL_SITE = "http://127.0.0.1:8000"
MAIL_FILES = "clinic.ops.email_file_backend.EmailBackend"


def site_url(environ: Mapping[str, str] = os.environ) -> str:
    """Return SITE_URL as browsers send it. Its scheme decides about secure cookies and HSTS.

    Browsers send host names in lower case, letters beyond ASCII in IDNA's form (xn--...), and no default port.
    """
    value = environ.get("SITE_URL", LOCAL_SITE).strip().rstrip("/")
    try:
        parts = urlsplit(value)
        is_port_valid = parts.port is None or parts.port > 0
    except ValueError:
        is_port_valid = False
        parts = urlsplit("")
    extras = parts.path or parts.query or parts.fragment or parts.username or parts.password
    host = _ascii_host(parts.hostname or "")
    if parts.scheme not in {"http", "https"} or not host or extras or not is_port_valid:
        raise ImproperlyConfigured(
            f"SITE_URL is {value!r}. Set it to the address patients will use, for example "
            "SITE_URL=https://www.yourclinic.ca, with http:// or https:// and nothing after the host. "
            "Copy the host from a browser's address bar; one with other letters than a to z may be written as xn--..."
        )
    if parts.scheme == "http" and not is_local_host(host.strip("[]")):
        raise ImproperlyConfigured(
            f"SITE_URL is {value!r}, but patients' details must not travel unencrypted. "
            "Use https:// for any host other than this machine."
        )
    has_port = parts.port is not None and parts.port != {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if has_port else "")


# Letters that IDNA 2003 (Python's codec) encodes otherwise than browsers do.
_AMBIGUOUS_IN_IDNA = frozenset("\u00df\u03c2\u200c\u200d")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.ASCII)


def _ascii_host(host: str) -> str:
    """Return the host as in a Host header: in ASCII, without a trailing dot, IPv6 in brackets; "" if it is invalid."""
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            return ""
    if _AMBIGUOUS_IN_IDNA & set(host):
        return ""
    try:
        ascii_host = host.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    return ascii_host if _HOST.fullmatch(ascii_host) else ""


def host_of(url: str) -> str:
    """Return the host of SITE_URL as in ALLOWED_HOSTS: without the port, IPv6 in brackets."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def is_local_host(host: str) -> bool:
    """Return whether ``host`` is a loopback name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def database(var_dir: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return DATABASES["default"] for DATABASE_URL; by default, a SQLite file under ``var``."""
    value = environ.get("DATABASE_URL", "").strip() or f"sqlite:///{var_dir / 'clinic.sqlite3'}"
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(value))
    except (ValueError, KeyError) as problem:
        raise _invalid_database_url() from problem
    engine = config.get("ENGINE")
    # Persistent connections, one for each thread: 2 processes with 8 threads (clinic/ops/gunicorn.py) hold at most 16
    # of PostgreSQL's default 100. A connection pool would need fewer, but another package and a thread in each process.
    config["CONN_MAX_AGE"] = 60
    if engine == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            # Take the write lock at BEGIN. With Django's default (DEFERRED), two transactions may both read; the
            # second that writes then fails at once with "database is locked", whatever the timeout.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # Durability: with NORMAL, usual with WAL, a power cut can lose the last commits, such as a booking.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    elif engine == "django.db.backends.postgresql":
        config["CONN_HEALTH_CHECKS"] = True
        try:
            import psycopg  # noqa: F401
        except ImportError as problem:
            raise ImproperlyConfigured(
                "DATABASE_URL names PostgreSQL, but its driver is not installed. "
                "Run: pip install --require-hashes -r requirements-postgres.txt"
            ) from problem
    else:
        raise _invalid_database_url()
    return config


def _invalid_database_url() -> ImproperlyConfigured:
    # Does not repeat the value, which may contain a password: this text reaches logs.
    return ImproperlyConfigured(
        "DATABASE_URL is not one this site understands. Use sqlite:////full/path/clinic.sqlite3 or "
        "postgres://user:password@host:5432/name, or leave it out for a SQLite file under var/."
    )


def mail(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return Django's e-mail settings for EMAIL_URL; by default, mails are written to files (EMAIL_FILE_PATH)."""
    value = environ.get("EMAIL_URL", "").strip()
    if not value:
        return {"EMAIL_BACKEND": MAIL_FILES}
    wrong = ImproperlyConfigured(
        "EMAIL_URL is not one this site understands. Use smtp://user:password@host:587 (STARTTLS), "
        "smtps://user:password@host:465 (TLS), smtp://localhost:25, or leave it out to keep mails as files under "
        "var/mail/. Write @ : / in a user name or password as %40 %3A %2F."
    )
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as problem:
        raise wrong from problem
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/"):
        raise wrong
    secure = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or (465 if secure else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": secure,
        # A mail server on this machine has no certificate to verify; any other must support TLS.
        "EMAIL_USE_TLS": not secure and not is_local_host(parts.hostname),
        "EMAIL_TIMEOUT": 20,
    }


def sms(site: str, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the SMS gateway and its options for SMS_URL; empty without it, which disables text messages."""
    value = environ.get("SMS_URL", "").strip()
    if not value:
        return {}
    # Does not repeat the value, which contains a password: this text reaches logs.
    wrong = ImproperlyConfigured(
        "SMS_URL is not one this site understands. Use twilio://user:password@api.twilio.com/+15875550123 with the "
        "number that texts come from (or a messaging service, MG...), add ?account=AC... where the user is an API key, "
        "use console: to see texts on the worker's screen while you try things out, or leave it out: no text messages. "
        "Write @ : / in a password as %40 %3A %2F."
    )
    try:
        parts = urlsplit(value)
        port = parts.port
        account = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError as problem:
        raise wrong from problem
    is_local_site = is_local_host(urlsplit(site).hostname or "")
    if parts.scheme == "console" and is_local_site and not (parts.netloc or parts.path):
        return {"SENDER": "booking.messages.sms.console.ConsoleGateway", "OPTIONS": {}}
    sender = parts.path.removeprefix("/")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme not in {"twilio", "twilio+http"} or not parts.hostname or not user or not password:
        raise wrong
    if not re.fullmatch(r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}", sender, re.ASCII) or set(account) - {"account"}:
        raise wrong
    secure = parts.scheme == "twilio"
    if not secure and not is_local_host(parts.hostname):
        raise wrong  # Phone numbers and the password would be sent unencrypted.
    return {
        "SENDER": "booking.messages.sms.twilio.TwilioGateway",
        "OPTIONS": {
            "host": parts.hostname,
            "port": port or (443 if secure else 80),
            "secure": secure,
            "account": account.get("account", user),
            "user": user,
            "password": password,
            "sender": sender,
        },
    }


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


def trusted_proxies(environ: Mapping[str, str] = os.environ) -> tuple[list[Any], bool]:
    """Return whose X-Forwarded-For and X-Forwarded-Proto are trusted: a list of networks, and whether "unix" is named.

    "unix" is whoever connects to the site's unix socket. Nobody is trusted by default.
    """
    networks, unix = [], False
    for word in environ.get("TRUSTED_PROXIES", "").replace(",", " ").split():
        if word == "unix":
            unix = True
            continue
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError as problem:
            raise ImproperlyConfigured(
                f"TRUSTED_PROXIES holds {word!r}. List the addresses of your front servers, "
                "such as 127.0.0.1 10.0.0.0/8, or unix for a front server that connects to a unix socket."
            ) from problem
    return networks, unix


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
