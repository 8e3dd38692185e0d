"""What booking knows of pages: which are published, and whether they helped. Registered with ``booking.statistics``."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q, Sum
from django.db.models.fields.json import KT
from django.utils import timezone

from booking.statistics.pages import PageFacts
from content.models import Page, Revision


def booking_name(page: Page) -> str:
    """The page's name in booking links: its slug, or the kind of a page that is the only one of its kind."""
    return _name(page.kind, page.slug)


def published(names: Collection[str]) -> set[str]:
    """Those of these names that are names of published pages. One query."""
    with_slug = Q(page__kind__in=Page.KINDS_WITH_SLUG, page__slug__in=names)
    only_ones = Q(page__kind__in=set(names) - {*Page.KINDS_WITH_SLUG, Page.Kind.SNIPPET})
    rows = Revision.objects.live(at=timezone.now()).filter(with_slug | only_ones).order_by()
    return {_name(kind, slug) for kind, slug in rows.values_list("page__kind", "page__slug")}


def facts(first_on: date, last_on: date) -> list[PageFacts]:
    """The published pages, with the answers of readers in the months of these days. One query."""
    months = Q(page__feedback__month__range=(first_on.replace(day=1), last_on))
    rows = Revision.objects.live(at=timezone.now()).exclude(page__kind=Page.Kind.SNIPPET).order_by("page")
    counted = rows.annotate(
        helped=Sum("page__feedback__helped", filter=months, default=0),
        did_not_help=Sum("page__feedback__did_not_help", filter=months, default=0),
    )
    columns = ("page__kind", "page__slug", KT("head__title"), "helped", "did_not_help")
    return [
        PageFacts(_name(kind, slug), _title(kind, title), helped, did_not_help)
        for kind, slug, title, helped, did_not_help in counted.values_list(*columns)
    ]


def _name(kind: str, slug: str) -> str:
    return slug if kind in Page.KINDS_WITH_SLUG else kind


def _title(kind: str, title: str) -> str:
    """The title; "Home" and the like for a page that is the only one of its kind, whose heading greets readers."""
    return title if kind in Page.KINDS_WITH_SLUG else str(Page.Kind(kind).label).split(" (")[0]
