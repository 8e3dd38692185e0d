"""Filters of the page changelist."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import DateTimeField, Exists, F, Max, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from content import models
from content.models import Revision

SOON_DUE = 60  # days


class ReviewFilter(admin.SimpleListFilter):
    title = "clinical review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", f"Due within {SOON_DUE} days"), ("overdue", "Overdue"), ("none", "Never reviewed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[models.Page]) -> QuerySet[models.Page]:
        today = timezone.localdate()
        if self.value() == "due":
            return queryset.due_for_review(by=today + timedelta(days=SOON_DUE))  # type: ignore[attr-defined]
        if self.value() == "overdue":
            return queryset.due_for_review(by=today - timedelta(days=1))  # type: ignore[attr-defined]
        if self.value() == "none":
            return queryset.filter(kind=models.Page.Kind.TREATMENT, last_reviewed_on__isnull=True)
        return queryset


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("live", "Readers see it"),
            ("ahead", "Draft not yet published"),
            ("hidden", gettext("Readers don't see it")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "live":
            return queryset.filter(is_live=True)
        if self.value() == "ahead":
            return queryset.filter(drafts_ahead())
        if self.value() == "hidden":
            return queryset.filter(is_live=False)
        return queryset


def with_state(pages: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate pages with ``is_live``, and ``decided_at``: when the draft was last published or hidden."""
    live = Revision.objects.live(at=timezone.now()).filter(page=OuterRef("pk"))
    from_draft = Q(revisions__is_repeat=False)
    decided_at = Max("revisions__made_at", filter=from_draft, output_field=DateTimeField())
    return pages.annotate(is_live=Exists(live), decided_at=decided_at)


def drafts_ahead() -> Q:
    """Match pages whose draft has changed since it was last published or hidden. Requires ``with_state``."""
    return Q(decided_at=None) | Q(edited_at__gt=F("decided_at"))
