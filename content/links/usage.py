"""Find where a picture, page or snippet is used, and refuse to delete it while it is in use.

Drafts, menus and notices reference it by a foreign key. Published and scheduled revisions reference it inside their
JSON, where the database cannot protect it: those are searched here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import ProtectedError, Q
from django.db.models.signals import pre_delete
from django.utils import timezone

from content.blocks.page_content import KINDS, content_of_revision, keys_of
from content.models import Menu, MenuEntry, Notice, Page, Picture, PlaceMap, Revision, Snippet

DRAFT, LIVE, SCHEDULED = "in the draft", "readers see it", "scheduled to go live"
LINK = "a link"
MAP = "on the Contact page"


@dataclass(frozen=True)
class Usage:
    """A page or snippet that uses an object, and in which of its versions; a menu or notice that links to it; a map."""

    by: Page | Menu | Notice | PlaceMap
    where: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.by} ({', '.join(self.where)})"


def uses_of(row: Any, *, now: datetime) -> list[Usage]:
    """Return the usages of a picture, page or snippet, by title. References of a page to itself do not count."""
    return find_usages([row], now=now)[row.pk]


def find_usages(rows: Iterable[Any], *, now: datetime) -> dict[int, list[Usage]]:
    """Return the usages of several rows of one model, by id, in a constant number of queries."""
    rows = list(rows)
    ids = {row.pk for row in rows}
    versions: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    model = Page if rows and isinstance(rows[0], Page) else Picture
    for used, page in _in_drafts(ids, model):
        versions[used][page].append(DRAFT)
    for used, page, where in _in_revisions(ids, model, now):
        versions[used][page].append(where)
    pages = Page.objects.in_bulk({page for by_page in versions.values() for page in by_page})
    by_pages = {
        pk: [
            Usage(pages[page], tuple(dict.fromkeys(where)))
            for page, where in versions[pk].items()
            if page != pk or model is Picture
        ]
        for pk in ids
    }
    links = _links(ids) if model is Page else _maps(ids)
    return {pk: [*sorted(by_pages[pk], key=lambda usage: str(usage.by)), *links.get(pk, ())] for pk in ids}


def _links(ids: set[int]) -> dict[int, list[Usage]]:
    """Return the menus and notices that link to these pages, by page id."""
    links: dict[int, list[Usage]] = defaultdict(list)
    for entry in MenuEntry.objects.filter(page__in=ids).select_related("menu"):
        links[entry.page_id or 0].append(Usage(entry.menu, (LINK,)))
    for notice in Notice.objects.filter(page__in=ids):
        links[notice.page_id or 0].append(Usage(notice, (LINK,)))
    return links


def _maps(ids: set[int]) -> dict[int, list[Usage]]:
    """Return the maps that show these pictures, by picture id."""
    maps: dict[int, list[Usage]] = defaultdict(list)
    shown = PlaceMap.objects.filter(Q(picture__in=ids) | Q(night_picture__in=ids)).select_related("location")
    for place_map in shown:
        for picture in {place_map.picture_id, place_map.night_picture_id or 0} & ids:
            maps[picture].append(Usage(place_map, (MAP,)))
    return maps


def _in_drafts(ids: set[int], model: type[Any]) -> Iterable[tuple[int, int]]:
    owners: list[type[Any]] = [Page, *KINDS.values()]
    for owner in owners:
        for key in keys_of(owner):
            if key.related_model is model:
                page = "pk" if owner is Page else "parent"
                yield from owner.objects.filter(**{f"{key.name}__in": ids}).values_list(key.attname, page)


def _in_revisions(ids: set[int], model: type[Any], now: datetime) -> Iterable[tuple[int, int, str]]:
    names = ("picture",) if model is Picture else ("page", "snippet")
    live, scheduled = Revision.objects.live(at=now), Revision.objects.scheduled(at=now)
    for where, revisions in ((LIVE, live), (SCHEDULED, scheduled)):
        for revision in revisions:
            references = content_of_revision(revision).references
            for name in names:
                for used in references.get(name, frozenset()) & ids:
                    yield used, revision.page_id, where


def is_page(usage: Usage) -> bool:
    """Whether the user is a page or snippet, not a menu or notice."""
    return isinstance(usage.by, Page)


def _protect(sender: Any, instance: Any, origin: Any = None, **_: Any) -> None:
    """Raise ProtectedError for an object in use. Foreign keys protect what drafts use."""
    deleted = {row.pk for row in origin} if sender is not Picture and hasattr(origin, "__iter__") else set()
    usages = [
        usage for usage in uses_of(instance, now=timezone.now()) if not (is_page(usage) and usage.by.pk in deleted)
    ]
    if usages:
        message = f"“{instance}” is in use: {'; '.join(map(str, usages))}."
        raise ProtectedError(message, {usage.by for usage in usages})


def connect_signals() -> None:
    for model in (Picture, Page, Snippet):
        pre_delete.connect(_protect, sender=model, dispatch_uid=f"in use: {model.__name__}")
