"""System checks: time zone data, the reverse proxy, the mail server, the secret key and that of health forms."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from booking.intake.rotation import sample_opens
from booking.ops.secret_key import HOW_TO_SET_A_KEY, has_secret_key
from clinic.ops import environment

# Alberta ended daylight saving changes in 2026 (tz database, release 2026c). Older data is wrong by one hour
# there every winter.
PROBE = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
PROBE_OFFSET = timedelta(hours=-6)


@register(Tags.compatibility)
def zone_data_is_current(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Require current time zone data, from the pinned tzdata package alone."""
    hint = "Install the locked requirements again: they pin a tzdata release of 2026.3 or later."
    if zoneinfo.TZPATH:
        return [Error("Time zones are read from the system's files.", hint=hint, id="clinic.E001")]
    try:
        offset = PROBE.astimezone(zoneinfo.ZoneInfo("America/Edmonton")).utcoffset()
    except zoneinfo.ZoneInfoNotFoundError:
        return [Error("There is no time zone data.", hint=hint, id="clinic.E002")]
    if offset != PROBE_OFFSET:
        return [
            Error("The time zone data is out of date: it gets Alberta's winter wrong.", hint=hint, id="clinic.E003")
        ]
    return []


@register(Tags.security)
def https_has_a_front_server(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if SITE_URL is https without a trusted reverse proxy, because gunicorn itself serves http."""
    if settings.IS_HTTPS and not (settings.TRUSTED_PROXIES or settings.TRUST_UNIX_SOCKET):
        return [
            Warning(
                "SITE_URL is https, but TRUSTED_PROXIES is empty: no request could be answered.",
                hint="Set TRUSTED_PROXIES to your front server's address, such as 127.0.0.1, or to unix for a socket.",
                id="clinic.W001",
            )
        ]
    return []


@register(Tags.security)
def public_site_sends_mail(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if a public site has no mail server. A later release will refuse to start."""
    if is_mail_unsent():
        return [
            Warning(
                (
                    "This site isn't sending any emails: EMAIL_URL isn't set, so they are written to "
                    "files and patients get none."
                ),
                hint="Set EMAIL_URL to your mail server. A later release won't start without it.",
                id="clinic.W002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def secret_key_is_set(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Require a secret key, and warn if a public site's is not named. Only for a deployment: migrate needs no key."""
    if not has_secret_key():
        on_this_machine = "manage.py setup makes one, as does manage.py serve; or set SECRET_KEY."
        hint = HOW_TO_SET_A_KEY if settings.IS_HTTPS else on_this_machine
        return [Error("This site has no secret key, which signs patients' links.", hint=hint, id="clinic.E004")]
    if is_secret_key_unnamed():
        path = settings.VAR_DIR / "secret_key"
        return [
            Warning(
                f"The secret key is in {path}, but neither SECRET_KEY nor SECRET_KEY_FILE is set.",
                hint=f"Set SECRET_KEY_FILE={path}. A later release won't start without it.",
                id="clinic.W003",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def forms_key_opens_answers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Require a key that opens patients' answers to health forms, if there are any.

    Nothing is reported while the database does not answer or is not migrated: others say so.
    """
    hint = (
        "Set FORMS_KEY or FORMS_KEY_FILE to the keys that this site had, newest first. "
        "A local site's is in forms_key, in VAR_DIR."
    )
    try:
        opened = sample_opens()
    except DatabaseError:
        return []
    if all(opened):
        return []
    if any(opened):
        text = "Some answers to health forms cannot be opened with FORMS_KEY. An earlier key is missing."
        return [Warning(text, hint=hint, id="clinic.W004")]
    text = "There are answers to health forms, and no key of FORMS_KEY opens them."
    return [Error(text, hint=hint, id="clinic.E005")]


def is_secret_key_unnamed() -> bool:
    """Whether this is a public site whose key is in var/secret_key, where earlier releases made it."""
    return bool(settings.IS_HTTPS and not settings.IS_SECRET_KEY_NAMED)


def is_mail_unsent() -> bool:
    """Whether this is a public site that writes its emails to files."""
    return bool(settings.IS_HTTPS and settings.EMAIL_BACKEND == environment.MAIL_FILES)
