"""How long a page that was made may be shown again: what ``clinic/page_cache.py`` asks.

A page holds while nothing that is shown has been changed (the version is still the same), until the
clock alone brings something else, and as long as the times on it are still free.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse

from booking.context import facts_of

# A browser asks each time, and mostly hears that nothing is new; a proxy in front may answer for a second.
POLICY = "max-age=0, s-maxage=1, must-revalidate"


@dataclass(frozen=True)
class Keep:
    """What has to stay so for the page to be shown again. ``look`` tells what is free at an instant."""

    version: int
    until: datetime | None = None
    look: Callable[[datetime], Hashable] | None = None
    seen: Hashable = None


def keep(
    request: HttpRequest,
    response: HttpResponse,
    *,
    version: int,
    until: datetime | None,
    look: Callable[[datetime], Hashable] | None = None,
    seen: Hashable = None,
) -> HttpResponse:
    """Let this answer be given to the next reader as well, until the page or the clinic's facts on it change."""
    until = min(filter(None, (until, facts_of(request).changes_at)), default=None)
    response.headers["Cache-Control"] = POLICY
    response.keep = Keep(version, until, look, seen)  # type: ignore[attr-defined]
    return response
