"""Page cache: cache rendered public pages until the content version changes or they expire.

Views mark cacheable responses with ``response.page_expiry`` (``content/pages/page_expiry.py``). Such a page depends on
its path alone, so the cache key leaves out the query string: ``utm_source`` and invented parameters hit the same entry.
docs/decisions/page-cache.md lists the alternatives and what the cache saves.

The backend is Django's LocMemCache (``CACHES["pages"]``), which is thread-safe and evicts the least recently used
entries. A cache for each process is enough, because every hit compares the content version in the database.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import MiddlewareNotUsed
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from booking.site_context import content_version
from clinic.ops.metrics.middleware import PAGE_CACHE_RESULT
from clinic.ops.outages import outage_log, outage_of
from clinic.web.errors.unavailable import known_contact
from content.pages import next_slot

STALE_IF_ERROR = timedelta(minutes=5)
OUTAGE_NOTICE = b"<!-- outage notice -->"  # Written by templates/base.html, where the notice is to stand.


@dataclass(frozen=True)
class CachedPage:
    """A response of the view and the inner middleware, with its ``page_expiry``."""

    version: int
    cached_at: datetime
    response: Any

    def is_fresh(self, version: int, now: datetime) -> bool:
        return self.version == version and self.cached_at <= now < self.response.page_expiry.at

    def for_outage(self) -> HttpResponse:
        """Return the page for an outage: a notice, the phone number in place of next free slots, not cacheable."""
        response: HttpResponse = self.response
        notice = render_to_string("includes/_outage_notice.html", {"contact": known_contact()}).encode()
        content = next_slot.replace_next_slots(response.content, self.response.page_expiry.phone)
        response.content = content.replace(OUTAGE_NOTICE, notice, 1)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Length"] = str(len(response.content))
        del response.headers["ETag"]
        return response


class PageCacheMiddleware:
    """Serve GET and HEAD requests without a session from the cache, and fill it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.PAGE_CACHE:
            raise MiddlewareNotUsed
        self.get_response = get_response
        # The newest content version read from the database, and when it was last read.
        self.confirmed = (-1, datetime.min.replace(tzinfo=UTC))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not can_use_cache(request):
            return self.get_response(request)
        request.get_host()  # Raises DisallowedHost, as CommonMiddleware would.
        now, page = timezone.now(), caches["pages"].get(key_of(request))
        try:
            version = content_version(request)
        except Error as error:
            return self.stale_page(request, error) or self.get_response(request)
        self.confirmed = max(self.confirmed, (version, now))
        is_hit = page is not None and page.is_fresh(version, now)
        request.META[PAGE_CACHE_RESULT] = "hit" if is_hit else "miss"
        if is_hit:
            return page.response  # type: ignore[no-any-return]
        response = self.get_response(request)
        if request.method == "GET" and is_cacheable(response):
            response.headers["ETag"] = f'"{hashlib.blake2b(response.content, digest_size=12).hexdigest()}"'
            patch_vary_headers(response, ["Accept-Encoding"])  # GZipMiddleware leaves it out of a 304.
            page = CachedPage(version, now, response)
            timeout = (page.response.page_expiry.changes_at - now + STALE_IF_ERROR).total_seconds()
            caches["pages"].set(key_of(request), page, timeout)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Serve a stale page if the database fails while the view runs."""
        return self.stale_page(request, exception) if can_use_cache(request) else None

    def stale_page(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the cached page if the error is an outage and its version was current within STALE_IF_ERROR."""
        outage = outage_of(error)
        if outage is None:
            return None
        page: CachedPage | None = caches["pages"].get(key_of(request))
        version, confirmed_at = self.confirmed
        is_recent = confirmed_at <= timezone.now() < confirmed_at + STALE_IF_ERROR
        if page is None or page.version != version or not is_recent:
            return None
        outage_log.served_stale(outage, error)
        return page.for_outage()


def key_of(request: HttpRequest) -> str:
    return hashlib.blake2b(request.path.encode(), digest_size=16).hexdigest()


def can_use_cache(request: HttpRequest) -> bool:
    """Return whether this is a plain GET or HEAD request of a visitor without a session."""
    is_plain = request.method in {"GET", "HEAD"} and not request.META.get("CONTENT_TYPE")
    return is_plain and settings.SESSION_COOKIE_NAME not in request.COOKIES


def is_cacheable(response: HttpResponse) -> bool:
    """Return whether the view marked the response as cacheable, and nothing in it is private to one visitor."""
    is_private = "cookie" in response.get("Vary", "").lower() or any(
        directive in response.get("Cache-Control", "") for directive in ("private", "no-store")
    )
    is_complete = response.status_code == 200 and not response.streaming and not response.cookies
    return hasattr(response, "page_expiry") and is_complete and not is_private
