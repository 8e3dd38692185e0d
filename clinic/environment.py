"""Read the few environment variables that differ between one clinic and the next.

A wrong value stops the start with a sentence that says how to mend it: a site that
half works with a guessed setting is worse than one that does not start.
"""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

LOCAL_SITE = "http://127.0.0.1:8000"


def site_url(environ: Mapping[str, str] = os.environ) -> str:
    """The address people type, without a trailing slash; https decides about cookies and HSTS."""
    value = environ.get("SITE_URL", LOCAL_SITE).strip().rstrip("/")
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
        parts = urlsplit("")
    extras = parts.path or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in {"http", "https"} or not parts.hostname or extras or not port_is_fine:
        raise ImproperlyConfigured(
            f"SITE_URL is {value!r}. Set it to the address patients will use, for example "
            "SITE_URL=https://www.yourclinic.ca, with http:// or https:// and nothing after the host."
        )
    if parts.scheme == "http" and not is_local_host(parts.hostname):
        raise ImproperlyConfigured(
            f"SITE_URL is {value!r}, but patients' details must not travel unencrypted. "
            "Use https:// for any host other than this machine."
        )
    return value


def is_local_host(host: str) -> bool:
    """True for names and addresses that only this machine can reach."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def database(var_dir: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Django's DATABASES["default"] for DATABASE_URL, or a SQLite file under ``var``."""
    value = environ.get("DATABASE_URL", "").strip() or f"sqlite:///{var_dir / 'clinic.sqlite3'}"
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(value))
    except (ValueError, KeyError) as problem:
        raise _bad_database_url() from problem
    engine = config.get("ENGINE")
    if engine == "django.db.backends.sqlite3":
        config["ENGINE"] = "clinic.queued_sqlite"
        # One writer at a time, decided at BEGIN: Django's default lets two transactions read,
        # and then refuses one of them as it starts to write.
        config["CONN_MAX_AGE"] = 60
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    elif engine == "django.db.backends.postgresql":
        config["ENGINE"] = "clinic.watched_postgresql"
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
        asked_for: dict[str, Any] = dict(config.get("OPTIONS") or {})  # By the address itself.
        # Our cursor has the server keep planned what comes again. psycopg would throw all of that away with every
        # transaction that is taken back.
        config["OPTIONS"] = asked_for | {"server_side_binding": True, "prepare_threshold": None}
        try:
            import psycopg  # noqa: F401
        except ImportError as problem:
            raise ImproperlyConfigured(
                "DATABASE_URL names PostgreSQL, but its driver is not installed. "
                "Run: pip install --require-hashes -r requirements-postgres.txt"
            ) from problem
    else:
        raise _bad_database_url()
    return config


def _bad_database_url() -> ImproperlyConfigured:
    # The value itself is not repeated: it may hold a password, and this text reaches logs.
    return ImproperlyConfigured(
        "DATABASE_URL is not one this site understands. Use sqlite:////full/path/clinic.sqlite3 or "
        "postgres://user:password@host:5432/name, or leave it out for a SQLite file under var/."
    )


def mail(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Django's e-mail settings for EMAIL_URL; without it, mails become files (EMAIL_FILE_PATH)."""
    value = environ.get("EMAIL_URL", "").strip()
    if not value:
        return {"EMAIL_BACKEND": "clinic.mailfiles.EmailBackend"}
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
        # A mail server on this machine has no certificate to check; any other must speak TLS.
        "EMAIL_USE_TLS": not secure and not is_local_host(parts.hostname),
        "EMAIL_TIMEOUT": 20,
    }


def sms(site: str, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The sender of text messages and its options for SMS_URL; empty without it: then there are none."""
    value = environ.get("SMS_URL", "").strip()
    if not value:
        return {}
    # The value itself is not repeated: it holds a password, and this text reaches logs.
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
        return {"SENDER": "booking.messages.texting.console.ConsoleSender", "OPTIONS": {}}
    sender = parts.path.removeprefix("/")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme not in {"twilio", "twilio+http"} or not parts.hostname or not user or not password:
        raise wrong
    if not re.fullmatch(r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}", sender, re.ASCII) or set(account) - {"account"}:
        raise wrong
    secure = parts.scheme == "twilio"
    if not secure and not is_local_host(parts.hostname):
        raise wrong  # Numbers and passwords do not travel unencrypted.
    return {
        "SENDER": "booking.messages.texting.twilio.TwilioSender",
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
    """SECRET_KEY, or one made once and kept in ``var/secret_key``.

    Patients' links are signed with it: whoever loses it breaks the links in mails already sent.
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
        # Opened exclusively, so that two processes starting at once agree on one key.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text().strip()
        if len(kept) < 32:
            raise ImproperlyConfigured(f"{path} does not hold a key. Delete it, or set SECRET_KEY.") from None
        return kept
    except OSError as problem:
        raise ImproperlyConfigured(
            f"No SECRET_KEY is set and {path} cannot be written ({problem.strerror}). Set SECRET_KEY."
        ) from problem
    made = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(made + "\n")
    return made


def media_root(var_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where uploaded pictures are kept; made when it is missing."""
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


def trusted_proxies(environ: Mapping[str, str] = os.environ) -> list[Any]:
    """The networks whose X-Forwarded-For and X-Forwarded-Proto are believed: none unless said."""
    networks = []
    for word in environ.get("TRUSTED_PROXIES", "").replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError as problem:
            raise ImproperlyConfigured(
                f"TRUSTED_PROXIES holds {word!r}. List the addresses of your front servers, "
                "such as 127.0.0.1 10.0.0.0/8."
            ) from problem
    return networks


def var_dir(default: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where everything that is written goes; made when it is missing."""
    path = Path(environ.get("VAR_DIR", "").strip() or default).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ImproperlyConfigured(
            f"VAR_DIR {path} cannot be made ({problem.strerror}). Choose a folder this user may write to."
        ) from problem
    return path


def whole_number(name: str, default: int, environ: Mapping[str, str] = os.environ, *, lowest: int = 0) -> int:
    """A variable that counts something."""
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and lowest <= int(value) <= 100_000):
        raise ImproperlyConfigured(f"{name} is {value!r}. Write a whole number of at least {lowest}, or leave it out.")
    return int(value)
