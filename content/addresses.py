"""Addresses of ordinary pages: which words the site uses itself, and which page may be below which."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLResolver, get_resolver
from django.utils.translation import gettext

# Answered before Django's URLs: by the front server, WhiteNoise or the probes.
ANSWERED_ELSEWHERE = frozenset({"static", "media", "livez", "readyz", "healthz", "clinic-down"})
_LITERAL = re.compile(r"\^?([\w.-]+)")


def first_segments() -> frozenset[str]:
    """Return the first segment of every address in the site's URLs, such as "admin" and "treatments"."""
    return frozenset(_segments(get_resolver()))


def _segments(resolver: Any) -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = str(entry.pattern)
        if isinstance(entry, URLResolver) and not route:
            yield from _segments(entry)
        elif literal := _LITERAL.match(route):
            yield literal[1].lower()


def is_reserved(slug: str) -> bool:
    """Whether a page at ``/<slug>/`` would hide an address of the site, or be hidden by one."""
    return slug.lower() in ANSWERED_ELSEWHERE | first_segments()


def problems_of(page: Any) -> dict[str, str]:
    """Return what is wrong with the slug and the parent of an ordinary page, by field."""
    if page.kind != page.Kind.ORDINARY:
        return {}
    if page.parent_id is None:
        if is_reserved(page.slug):
            return {"slug": gettext("The site uses this address itself. Choose another one.")}
        return {}
    if page.pk is not None and page.parent_id == page.pk:
        return {"parent": gettext("A page can't be below itself.")}
    if page.parent.kind != page.Kind.ORDINARY:
        return {"parent": gettext("Only an ordinary page can have pages below it.")}
    if page.parent.parent_id is not None:
        return {"parent": gettext("That page is below another one itself. Choose a page at the top.")}
    if page.pk is not None and page.children.exists():
        return {"parent": gettext("This page has pages below it, so it can't be below another one.")}
    return {}
