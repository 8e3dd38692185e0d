"""Mark a page as cacheable, with its expiry.

A view whose page is the same for every visitor passes its response through ``cacheable``, which sets
``response.page_expiry`` and a Cache-Control header. Such a view must not read anything of the request but its path.
Changes of content are not part of the expiry: the cache compares the content version.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from booking.site_context import site_context_of
from content.pages import next_slot

# Browsers revalidate on each request and usually get a 304; a shared proxy may cache for a second.
POLICY = "max-age=0, s-maxage=1, must-revalidate"
SLOT_MAX_AGE = timedelta(seconds=60)
MAX_AGE = timedelta(days=1)


@dataclass(frozen=True)
class PageExpiry:
    """When a page becomes stale by time alone.

    ``changes_at`` is when its content changes, ``slots_until`` until when its next slots may be shown, if it has any.
    ``phone`` is the HTML that replaces the slots while the database is unavailable.
    """

    changes_at: datetime
    slots_until: datetime | None = None
    phone: bytes = b""

    @property
    def at(self) -> datetime:
        return min(self.changes_at, self.slots_until or self.changes_at)


def cacheable(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Mark a page as cacheable. The view must call ``site_context_of(request)`` before it reads the page's content."""
    context, now = site_context_of(request), timezone.now()
    expiry = PageExpiry(context.changes_at or now + MAX_AGE)
    if next_slot.has_next_slot(response.content):
        phone = render_to_string("includes/_next_slot_by_phone.html", {"clinic": context.clinic})
        expiry = PageExpiry(expiry.changes_at, now + SLOT_MAX_AGE, phone.encode())
    response.page_expiry = expiry  # type: ignore[attr-defined]
    response.headers["Cache-Control"] = POLICY
    return response
