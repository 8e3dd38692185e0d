"""Where a picture, a page or a snippet is used, so that nobody deletes it from under a reader.

A draft, a menu or a notice refers to it by a foreign key. What was published names it inside the words of a revision,
where no database looks: those are asked here, whether readers see them now or will.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from django.utils import timezone

from content.models import Menu, MenuEntry, Notice, Page, Picture, Revision, Snippet
from content.snapshot import KINDS, keys_of, of_revision

DRAFT, LIVE, SCHEDULED = "in the draft", "readers see it", "scheduled to go live"
LINK = "a link"


@dataclass(frozen=True)
class Use:
    """One page (or snippet) that uses something, and in which of its versions; or a menu or notice with a link."""

    by: Page | Menu | Notice
    where: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.by} ({', '.join(self.where)})"


def uses_of(row: Any, *, now: datetime) -> list[Use]:
    """Whatever uses this picture, page or snippet, by title. A page does not use itself."""
    return uses([row], now=now)[row.pk]


def uses(rows: Iterable[Any], *, now: datetime) -> dict[int, list[Use]]:
    """The same for several rows of one kind, by their ids: as many queries for many as for one."""
    rows = list(rows)
    ids = {row.pk for row in rows}
    found: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    model = Page if rows and isinstance(rows[0], Page) else Picture
    for used, page in _in_drafts(ids, model):
        found[used][page].append(DRAFT)
    for used, page, where in _in_revisions(ids, model, now):
        found[used][page].append(where)
    pages = Page.objects.in_bulk({page for by_page in found.values() for page in by_page})
    by_pages = {
        pk: [
            Use(pages[page], tuple(dict.fromkeys(where)))
            for page, where in found[pk].items()
            if page != pk or model is Picture
        ]
        for pk in ids
    }
    links = _links(ids) if model is Page else {}
    return {pk: [*sorted(by_pages[pk], key=lambda use: str(use.by)), *links.get(pk, ())] for pk in ids}


def _links(ids: set[int]) -> dict[int, list[Use]]:
    """Menus and notices that lead to these pages, by the ids of the pages."""
    found: dict[int, list[Use]] = defaultdict(list)
    for entry in MenuEntry.objects.filter(page__in=ids).select_related("menu"):
        found[entry.page_id or 0].append(Use(entry.menu, (LINK,)))
    for notice in Notice.objects.filter(page__in=ids):
        found[notice.page_id or 0].append(Use(notice, (LINK,)))
    return found


def _in_drafts(ids: set[int], model: type[Any]) -> Iterable[tuple[int, int]]:
    owners: list[type[Any]] = [Page, *KINDS.values()]
    for owner in owners:
        for key in keys_of(owner):
            if key.related_model is model:
                page = "pk" if owner is Page else "parent"
                yield from owner.objects.filter(**{f"{key.name}__in": ids}).values_list(key.attname, page)


def _in_revisions(ids: set[int], model: type[Any], now: datetime) -> Iterable[tuple[int, int, str]]:
    names = ("picture",) if model is Picture else ("page", "snippet")
    live, ahead = Revision.objects.live(at=now), Revision.objects.scheduled(at=now)
    for where, revisions in ((LIVE, live), (SCHEDULED, ahead)):
        for revision in revisions:
            references = of_revision(revision).references
            for name in names:
                for used in references.get(name, frozenset()) & ids:
                    yield used, revision.page_id, where


def is_page(use: Use) -> bool:
    """Whether it is a page, or a snippet, that uses it."""
    return isinstance(use.by, Page)


def _refuse(sender: Any, instance: Any, origin: Any = None, **_: Any) -> None:
    """The last guard, whichever way a row is deleted. Drafts are guarded by their foreign keys."""
    going = {row.pk for row in origin} if sender is not Picture and hasattr(origin, "__iter__") else set()
    held = [use for use in uses_of(instance, now=timezone.now()) if not (is_page(use) and use.by.pk in going)]
    if held:
        message = f"“{instance}” is in use: {'; '.join(map(str, held))}."
        raise ProtectedError(message, {use.by for use in held})


def guard() -> None:
    """Refuse to delete what is in use."""
    for model in (Picture, Page, Snippet):
        pre_delete.connect(_refuse, sender=model, dispatch_uid=f"in use: {model.__name__}")
