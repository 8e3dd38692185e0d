"""What must be true before the site may start."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

# Alberta stopped changing its clocks in 2026 (tz database, release 2026c). Older data is one hour
# wrong there every winter.
PROBE = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
PROBE_OFFSET = timedelta(hours=-6)


@register(Tags.compatibility)
def zone_data_is_current(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse stale zone data, and zone data from anywhere but the pinned package."""
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
    """An https address needs a server in front that speaks it, and that we believe."""
    if settings.IS_HTTPS and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "SITE_URL is https, but TRUSTED_PROXIES is empty: every request would be redirected for ever.",
                hint="Set TRUSTED_PROXIES to your front server's address, such as 127.0.0.1.",
                id="clinic.W001",
            )
        ]
    return []
