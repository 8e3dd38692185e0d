"""Admin of pages and snippets. It edits the draft; readers see the published revision."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from content import models
from content.admin.editing.blocks import PAGE_INLINES, SNIPPET_INLINES
from content.admin.editing.draft import DraftAdmin, DraftForm
from content.admin.editing.filters import ReviewFilter, StateFilter
from content.models import LONGEST_LEDE, Page, Revision

ADDRESS: list[Any] = [("kind", "slug")]
# What the fields at the top are called there: their place says the rest.
TOP_FIELDS: dict[str, dict[str, Any]] = {
    "title": {"help_text": ""},
    "lede": {
        "label": _("One sentence under it"),
        "help_text": "",
        "widget": AdminTextareaWidget(attrs={"rows": 2, "data-most-words": LONGEST_LEDE}),
    },
    "service": {"label": _("What the button books"), "help_text": ""},
    "booking_label": {"label": _("Text on the button"), "help_text": ""},
    "hero_picture": {"label": _("Picture at the top")},
    "hero_is_decorative": {"help_text": ""},
}


@admin.register(models.Page)
class PageAdmin(DraftAdmin):
    """Edit a page's fields and, below them, its blocks."""

    list_display = ["title", "kind", "state", "edited_at", "edited_by", "next_review_on"]
    list_filter = [StateFilter, ReviewFilter, "kind"]
    search_fields = ["title", "lede", "alternate_names", "slug"]
    ordering = ["kind", "position", "title"]
    autocomplete_fields = ["hero_picture", "service", "written_by"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["edited_at", "edited_by", "reviewed_by", "last_reviewed_on", "next_review_on"]
    view_on_site = False
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "title",
                    "lede",
                    ("service", "hero_picture"),
                    ("booking_label", "hero_alt", "hero_is_decorative"),
                    "opened_at",
                ]
            },
        ),
        ("Address", {"fields": ADDRESS, "classes": ["collapse"]}),
        (
            "Facts",
            {
                "description": _(
                    "The length, the fee and the next free time come from the appointment that the button books. "
                    "No one has to type them."
                ),
                "fields": ["performed_by", "referral", "alternate_names"],
                "classes": ["collapse"],
            },
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

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the address of a new page at once. Later it is below, because it hardly ever changes."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        (name, top), address, *others = fieldsets
        title, *rest = top["fields"]
        return [(name, {**top, "fields": [title, *address[1]["fields"], *rest]}), *others]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs, **TOP_FIELDS.get(db_field.name, {}))
        if db_field.name == "service":  # Who writes a page doesn't change what the clinic offers.
            widget: Any = field.widget  # type: ignore[union-attr]
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return field

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
