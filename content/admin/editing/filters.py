"""Filters of the page changelist."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("page", "Ordinary pages"), ("treatment", "Treatments"), ("fixed", "Fixed pages")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "fixed":
            return queryset.exclude(kind__in=models.Page.KINDS_WITH_SLUG)
        return queryset.filter(kind=self.value()) if self.value() in models.Page.KINDS_WITH_SLUG else queryset


class WaitingFilter(admin.SimpleListFilter):
    """What waits for the person who looks: their drafts, their reviews, and what they may publish."""

    title = _("waiting for me")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        choices = [("mine", gettext("My drafts")), ("review", gettext("For me to review"))]
        may_publish = request.user.has_perm("content.publish_page")  # type: ignore[union-attr]
        return [*choices, ("publish", gettext("Ready to publish"))] if may_publish else choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "mine":
                return queryset.filter(drafts_ahead(), edited_by=request.user)
            case "review":
                requests = models.ReviewRequest.objects.filter(closed_at=None, reviewer__user=request.user.pk)
                return queryset.filter(pk__in=requests.values("page"))
            case "publish" if request.user.has_perm("content.publish_page"):  # type: ignore[union-attr]
                return queryset.filter(drafts_ahead())
        return queryset


def with_state(pages: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate pages with ``is_live``, and ``decided_at``: when the draft was last published or hidden."""
    live = Revision.objects.live(at=timezone.now()).filter(page=OuterRef("pk"))
    from_draft = Revision.objects.filter(page=OuterRef("pk"), is_repeat=False).order_by("-made_at")
    return pages.annotate(is_live=Exists(live), decided_at=Subquery(from_draft.values("made_at")[:1]))


def drafts_ahead() -> Q:
    """Match pages whose draft has changed since it was last published or hidden. Requires ``with_state``."""
    return Q(decided_at=None) | Q(edited_at__gt=F("decided_at"))
