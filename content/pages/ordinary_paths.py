"""Paths of ordinary pages, which are known without a query.

Every unknown address of one or two segments looks like that of an ordinary page. So that such a request costs what a
404 costs, the paths are part of the site context, which each process caches until the content version changes.
"""

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from booking.site_context import site_context_of
from content.models import Page, SlugRedirect

NAME = "ordinary_paths"  # In ``SiteContext.names``.
OTHER_PREFIXES = ("/treatments/", "/team/", "/book/")  # Below them are paths of other things with a slug.


def read_paths() -> frozenset[str]:
    """Return every path that an ordinary page has, drafts included, or has had. One query."""
    is_other = Q()
    for prefix in OTHER_PREFIXES:
        is_other |= Q(path__startswith=prefix)
    former = SlugRedirect.objects.exclude(is_other).values_list(Value("", CharField()), "path")
    places = Page.objects.ordinary().order_by().values_list(Coalesce("parent__slug", Value("")), "slug")
    # Since Django 6, a union has the ordering of its model, which these columns lack.
    rows = places.union(former).order_by()
    return frozenset(slug if slug.startswith("/") else f"/{parent}/{slug}/".replace("//", "/") for parent, slug in rows)


def is_known(request: HttpRequest, path: str) -> bool:
    """Whether an ordinary page has or had this path, which ends with a slash."""
    return path in site_context_of(request).names[NAME]


def page_at(path: str) -> QuerySet[Page]:
    """Return the ordinary page at a path, drafts included, as a queryset of at most one."""
    match path.strip("/").split("/"):
        case [slug]:
            return Page.objects.ordinary().filter(slug=slug, parent__isnull=True)
        case [parent, slug]:
            return Page.objects.ordinary().filter(slug=slug, parent__slug=parent)
    return Page.objects.none()
