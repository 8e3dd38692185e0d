"""Links that staff typed into a text: what is wrong with one that leads to this site. Other sites are not asked.

A link to nothing stops a page from going out. An old address still leads on, so it is only advised against.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils import timezone

from booking.models import Practitioner, Service
from content import former
from content.models import Page, Revision


@dataclass(frozen=True)
class Problem:
    """``today``: where an old address leads now; "" if it leads to nothing."""

    reason: str
    today: str = ""


def is_elsewhere(address: str) -> bool:
    """Whether it leads to a page of another site."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"", "http", "https"} and bool(parts.netloc) and not _is_ours(parts)


def _is_ours(parts: SplitResult) -> bool:
    """Whole addresses of this site are followed like short ones."""
    return parts.netloc.lower() == urlsplit(settings.SITE_URL).netloc.lower()


def path_here(address: str) -> str:
    """The path that a link to this site leads to; "" for every other link."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.netloc:
        return (unquote(parts.path) or "/") if _is_ours(parts) else ""
    return "" if parts.scheme else unquote(parts.path)


def problem_of(address: str, anchors: Collection[str]) -> Problem | None:
    """What is wrong with an address, typed on a page with these anchors; None if it leads somewhere."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return Problem("it is no address.")
    if parts.scheme in ("mailto", "tel"):
        return None if parts.path else Problem("it has no address.")
    if parts.netloc and not _is_ours(parts):
        return None
    if (parts.scheme and not parts.netloc) or not address:
        return Problem("it has no address.")
    if not parts.path and not parts.netloc:
        return None if parts.fragment in anchors else Problem("no heading of this page is called that.")
    path = unquote(parts.path) or "/"
    reason = _reason(path)
    if not reason:
        return None
    today = former.leads_to(path)
    return Problem(reason, today if today and not _reason(today) else "")


def _reason(path: str) -> str:
    try:
        match = resolve(path)
    except Resolver404:
        return "this site has no such address."
    slug = match.kwargs.get("slug", "")
    if match.view_name.startswith("content:"):
        return _page_reason(match.url_name or "", slug)
    if match.view_name == "booking:times" and not Service.objects.bookable().filter(slug=slug).exists():
        return "this visit cannot be booked online."
    return ""


def _page_reason(name: str, slug: str) -> str:
    if name == "practitioner":
        return "" if Practitioner.objects.active().filter(slug=slug).exists() else "this person is not on the team."
    if name == Page.Kind.HOME or name not in Page.Kind:
        return ""
    is_live = Revision.objects.live(at=timezone.now()).filter(page__kind=name, page__slug=slug).exists()
    is_known = name != Page.Kind.TREATMENT and Page.objects.filter(kind=name).exists()
    return "" if is_live or is_known else "this page is not published."
