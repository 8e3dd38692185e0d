"""Context provider for every page: menus, notices and the kinds of pages that are published.

Registered with ``booking.site_context``.
"""

from datetime import datetime
from typing import Any

from content.models import Notice
from content.pages import ordinary_paths, published
from content.site import menus, notices


def read(now: datetime) -> tuple[dict[str, Any], datetime | None]:
    """Return the context variables, and when time alone next changes any public page (None for never)."""
    entries = menus.entries()
    rows = list(Notice.objects.ending_after(now).select_related("page__parent", "service"))
    linked = [*(entry.page for entry in entries), *(row.page for row in rows)]
    page_ids = {page.pk for page in linked if page is not None}
    pages = menus.live_pages(now, pages=page_ids)
    context = {
        "menus": menus.links_by_menu(entries, pages),
        "notices": notices.active_notices(rows, pages, now),
        "live_kinds": pages.kinds,
        ordinary_paths.NAME: ordinary_paths.read_paths(),
    }
    changes = [notices.next_change(rows, now), published.next_change(now)]
    return context, min((change for change in changes if change is not None), default=None)
