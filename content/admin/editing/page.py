"""Admin of pages and snippets. It edits the draft; readers see the published revision."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from content import models
from content.admin.editing.blocks import PAGE_INLINES, SNIPPET_INLINES
from content.admin.editing.draft import DraftAdmin, DraftForm
from content.admin.editing.filters import ReviewFilter, StateFilter
from content.models import Page, Revision


@admin.register(models.Page)
class PageAdmin(DraftAdmin):
    """Edit a page's fields and, below them, its blocks."""

    list_display = ["title", "kind", "state", "edited_at", "edited_by", "next_review_on"]
    list_filter = [StateFilter, ReviewFilter, "kind"]
    search_fields = ["title", "lede", "alternate_names", "slug"]
    ordering = ["kind", "position", "title"]
    autocomplete_fields = ["service", "written_by"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["edited_at", "edited_by", "reviewed_by", "last_reviewed_on", "next_review_on"]
    view_on_site = False
    fieldsets = [
        (None, {"fields": ["title", "lede", ("kind", "slug"), "opened_at"]}),
        (
            "Facts and booking",
            {
                "description": _(
                    "The length, the fee and the next free time come from the service. No one has to type them."
                ),
                "fields": ["service", "booking_label", "performed_by", "referral", "alternate_names"],
                "classes": ["collapse"],
            },
        ),
        (
            _("Picture at the top"),
            {"fields": ["hero_picture", "hero_alt", "hero_is_decorative"], "classes": ["collapse"]},
        ),
        (
            _("Author and reviewer"),
            {
                "description": _(
                    "The person who has read the page records a review with the button “Clinical review”."
                ),
                "fields": ["written_by", "reviewed_by", ("last_reviewed_on", "next_review_on")],
                "classes": ["collapse"],
            },
        ),
        (
            "Order and search engines",
            {"fields": [("topic", "position"), "description", ("edited_at", "edited_by")], "classes": ["collapse"]},
        ),
    ]
    inlines = PAGE_INLINES

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(kind=Page.Kind.SNIPPET)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            kwargs["choices"] = [choice for choice in Page.Kind.choices if choice[0] != Page.Kind.SNIPPET]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


class SnippetForm(DraftForm):
    def clean(self) -> Any:
        self.instance.kind = Page.Kind.SNIPPET
        self.instance.slug = ""
        return super().clean()


@admin.register(models.Snippet)
class SnippetAdmin(DraftAdmin):
    """Edit snippets, whose blocks are shown in several pages."""

    form = SnippetForm
    list_display = ["title", "state", "edited_at", "edited_by", "used_on"]
    search_fields = ["title"]
    ordering = ["title"]
    fields = ["title", ("edited_at", "edited_by"), "opened_at"]
    inlines = SNIPPET_INLINES
    view_on_site = False

    @admin.display(description="shown on")
    def used_on(self, snippet: Page) -> str:
        live = Revision.objects.live(at=timezone.now()).filter(snippets=snippet)
        return ", ".join(revision.title for revision in live) or "No page yet"
