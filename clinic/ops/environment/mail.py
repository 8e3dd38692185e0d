"""The mail server and the SMS gateway."""

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from clinic.ops.environment.secret_files import secret
from clinic.ops.environment.site import is_local_host

MAIL_FILES = "clinic.ops.email_file_backend.EmailBackend"


def mail(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return Django's e-mail settings for EMAIL_URL; by default, mails are written to files (EMAIL_FILE_PATH)."""
    value = secret("EMAIL_URL", environ).strip()
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
    value = secret("SMS_URL", environ).strip()
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
