"""The list of pages as a tree: fixed pages, treatments by topic, ordinary pages with those below them."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Case, CharField, F, JSONField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext

from booking.formatting import clock, date_in_words
from content.blocks.page_content import KINDS
from content.models import Page

Kind = Page.Kind
MOST_WORDS = 6  # of a search; each is looked for on its own
FIXED = [kind for kind in Kind if kind not in (*Page.KINDS_WITH_SLUG, Kind.SNIPPET)]
ORDER = (
    Case(When(kind=Kind.TREATMENT, then=1), When(kind=Kind.ORDINARY, then=2), default=0).asc(),
    Case(*(When(kind=kind, then=number) for number, kind in enumerate(FIXED)), default=len(FIXED)).asc(),
    Case(When(kind=Kind.TREATMENT, then=F("topic")), default=Value("")).asc(),
    Coalesce("parent__position", "position").asc(),
    Coalesce("parent__title", "title").asc(),
    Coalesce("parent", "pk").asc(),
    Case(When(parent=None, then=0), default=1).asc(),
    F("position").asc(),
    F("title").asc(),
)


@dataclass(frozen=True)
class TreeRow:
    """One page of the list. ``group`` is the heading above it, if it is the first of its group."""

    page: Page
    group: str
    is_below: bool
    state: str
    tone: str
    address: str
    changed: str
    who: str
    due: str
    is_overdue: bool


def rows_of(pages: list[Any], *, is_tree: bool, state_of: Any) -> list[TreeRow]:
    """Return the rows of these pages, which are in ``ORDER`` for a tree, without queries."""
    today, shown, rows, group = timezone.localdate(), {page.pk for page in pages}, [], None
    for page in pages:
        heading = _group(page)
        state, tone = state_of(page)
        rows.append(
            TreeRow(
                page,
                group=heading if is_tree and heading != group else "",
                is_below=is_tree and page.parent_id in shown,
                state=state,
                tone=tone,
                address=page.get_absolute_url(),
                changed=_changed(page.edited_at, today),
                who=str(page.edited_by.get_full_name() or page.edited_by.get_username()) if page.edited_by else "",
                due=date_in_words(page.next_review_on) if page.next_review_on else "",
                is_overdue=is_overdue(page.next_review_on, today),
            )
        )
        group = heading
    return rows


def is_overdue(due: date | None, today: date) -> bool:
    return due is not None and due < today


def _changed(at: datetime, today: date) -> str:
    """Today, 9:14 a.m.; November 24; November 24, 2025."""
    local = timezone.localtime(at)
    if local.date() == today:
        return gettext("Today, %s") % clock(local)
    return date_in_words(local).removesuffix(f", {today.year}")


def _group(page: Page) -> str:
    if page.kind == Kind.TREATMENT:
        return gettext("Treatments: %s") % page.topic if page.topic else gettext("Treatments")
    return gettext("Ordinary pages") if page.kind == Kind.ORDINARY else gettext("Fixed pages")


def with_words(pages: QuerySet[Any], typed: str) -> QuerySet[Any]:
    """Return the pages whose fields or draft contain every word of a search. One query for each word."""
    conditions = [_in_page(word) | Q(pk__in=_in_blocks(word)) for word in typed.split()[:MOST_WORDS]]
    return pages.filter(reduce(and_, conditions)) if conditions else pages


def _in_page(word: str) -> Q:
    names = ("title", "lede", "slug", "alternate_names", "parent__slug")
    return reduce(lambda found, name: found | Q(**{f"{name}__icontains": word}), names, Q())


def _in_blocks(word: str) -> set[int]:
    """Return the ids of the pages with this word in a block of the draft."""
    parts = []
    for model in KINDS.values():
        fields = [
            field for field in model._meta.concrete_fields if isinstance(field, CharField | TextField | JSONField)
        ]
        fields = [field for field in fields if not field.choices and field.name != "region"]
        found = reduce(lambda found, field: found | Q(**{f"{field.name}__icontains": word}), fields, Q())
        if fields:
            parts.append(model._default_manager.filter(found).order_by().values_list("parent", flat=True))
    return {pk for pk in parts[0].union(*parts[1:]).order_by() if pk is not None}
