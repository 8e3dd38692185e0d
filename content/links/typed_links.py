"""Validate links that staff typed into a text. Only links to this site are checked; no requests are sent.

A broken link blocks publishing. A link to a former URL is redirected, so it only causes a warning.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext

from booking.models import Practitioner, Service
from content.links import redirects
from content.models import Page, Revision
from content.pages.ordinary_paths import page_at


@dataclass(frozen=True)
class Problem:
    """Why a link is broken. ``current_path`` is where a former URL redirects to; "" if it does not."""

    reason: str
    current_path: str = ""


def is_external(address: str) -> bool:
    """Whether a link leads to another site."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"", "http", "https"} and bool(parts.netloc) and not _is_this_site(parts)


def _is_this_site(parts: SplitResult) -> bool:
    """Whether an absolute URL has the host of this site."""
    return parts.netloc.lower() == urlsplit(settings.SITE_URL).netloc.lower()


def internal_path(address: str) -> str:
    """Return the path of a link to this site; "" for every other link."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.netloc:
        return (unquote(parts.path) or "/") if _is_this_site(parts) else ""
    return "" if parts.scheme else unquote(parts.path)


def find_problem(address: str, anchors: Collection[str]) -> Problem | None:
    """Return why a link on a page with these anchors is broken; None if it works."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return Problem(gettext("it isn't an address."))
    if parts.scheme in ("mailto", "tel"):
        return None if parts.path else Problem(gettext("it has no address."))
    if parts.netloc and not _is_this_site(parts):
        return None
    if (parts.scheme and not parts.netloc) or not address:
        return Problem(gettext("it has no address."))
    if not parts.path and not parts.netloc:
        return None if parts.fragment in anchors else Problem(gettext("this page has no heading with that name."))
    path = unquote(parts.path) or "/"
    reason = _reason(path)
    if not reason:
        return None
    current_path = redirects.current_path(path)
    return Problem(reason, current_path if current_path and not _reason(current_path) else "")


def _reason(path: str) -> str:
    try:
        match = resolve(path)
    except Resolver404:
        return gettext("this site has no such page.")
    slug = match.kwargs.get("slug", "")
    if match.url_name in ("page", "page_below") and match.namespace == "content":
        return _ordinary_reason(path)
    if match.view_name.startswith("content:"):
        return _page_reason(match.url_name or "", slug)
    if match.view_name == "booking:times" and not Service.objects.bookable().filter(slug=slug).exists():
        return gettext("this can't be booked online.")
    return ""


def _ordinary_reason(path: str) -> str:
    page = page_at(path).first()
    if page is None:
        return gettext("this site has no such page.")
    is_live = Revision.objects.live(at=timezone.now()).filter(page=page).exists()
    return "" if is_live else gettext("this page isn't published.")


def _page_reason(name: str, slug: str) -> str:
    if name == "practitioner":
        return (
            ""
            if Practitioner.objects.active().filter(slug=slug).exists()
            else gettext("this person isn't on the team.")
        )
    if name == Page.Kind.HOME or name not in Page.Kind:
        return ""
    is_live = Revision.objects.live(at=timezone.now()).filter(page__kind=name, page__slug=slug).exists()
    is_known = name != Page.Kind.TREATMENT and Page.objects.filter(kind=name).exists()
    return "" if is_live or is_known else gettext("this page isn't published.")
