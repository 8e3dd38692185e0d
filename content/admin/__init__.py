"""Editing pages and pictures in the Django admin."""

from datetime import timedelta
from typing import Any

from content_editor.admin import ContentEditor, ContentEditorInline
from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_prose_editor.widgets import AdminProseEditorWidget
from js_asset import Media, Script

from booking.admin.inputs import OFFICE_INPUTS
from content import models, pictures
from content.prose import RichTextField

SOON_DUE = 60  # days
PAGE_INPUTS = OFFICE_INPUTS | {RichTextField: {"widget": AdminProseEditorWidget}}


class BlockInline(ContentEditorInline):
    """One kind of block. Heading and level share a line; the words follow in the model's order."""

    formfield_overrides = PAGE_INPUTS

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in self.get_fields(request, obj) if name not in ("region", "ordering")]
        rest = [name for name in names if name not in ("heading", "level")]
        head: list[Any] = [("heading", "level")] if "heading" in names else []
        return [(None, {"fields": [*head, *rest, "region", "ordering"]})]


def inline(model: Any, icon: str, **options: Any) -> type[BlockInline]:
    return BlockInline.create(model, icon=icon, **options)


class ReviewFilter(admin.SimpleListFilter):
    title = "clinical review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", f"Due within {SOON_DUE} days"), ("overdue", "Overdue"), ("none", "Never reviewed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[models.Page]) -> QuerySet[models.Page]:
        today = timezone.now().date()
        if self.value() == "due":
            return queryset.due_for_review(by=today + timedelta(days=SOON_DUE))  # type: ignore[attr-defined]
        if self.value() == "overdue":
            return queryset.due_for_review(by=today)  # type: ignore[attr-defined]
        if self.value() == "none":
            return queryset.filter(kind=models.Page.Kind.TREATMENT, last_reviewed_on__isnull=True)
        return queryset


@admin.register(models.Page)
class PageAdmin(ContentEditor):
    """Facts above, words below. Blocks are ordered by dragging."""

    formfield_overrides = OFFICE_INPUTS
    list_display = ["title", "kind", "edited_at", "next_review_on"]
    list_filter = ["kind", ReviewFilter]
    search_fields = ["title", "lede", "alternate_names", "slug"]
    ordering = ["kind", "position", "title"]
    autocomplete_fields = ["hero_picture", "service", "written_by", "reviewed_by"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["edited_at"]
    fieldsets = [
        (None, {"fields": ["title", "lede", ("kind", "slug")]}),
        (
            "Facts and booking",
            {
                "description": "How long, the fee and the next free time come from the service and are never typed.",
                "fields": ["service", "booking_label", "performed_by", "referral", "alternate_names"],
                "classes": ["collapse"],
            },
        ),
        (
            "Picture at the head",
            {"fields": ["hero_picture", "hero_alt", "hero_is_decorative"], "classes": ["collapse"]},
        ),
        (
            "Who wrote and reviewed it",
            {
                "description": "Name a reviewer only after a review has really taken place.",
                "fields": ["written_by", "reviewed_by", ("last_reviewed_on", "next_review_on")],
                "classes": ["collapse"],
            },
        ),
        (
            "Order and search engines",
            {"fields": [("topic", "position"), "description", "edited_at"], "classes": ["collapse"]},
        ),
    ]
    inlines = [
        inline(models.Section, "notes"),
        inline(models.Callout, "campaign"),
        inline(models.LeadList, "format_list_bulleted"),
        inline(models.NumberedSections, "format_list_numbered"),
        inline(models.DefinitionList, "menu_book"),
        inline(models.BeforeDuringAfter, "timeline"),
        inline(models.DoList, "rule"),
        inline(models.RiskTable, "table_chart"),
        inline(models.CareCard, "emergency"),
        inline(models.Questions, "quiz"),
        inline(models.PlacedPicture, "image", autocomplete_fields=["picture"]),
        inline(models.CallToAction, "event_available"),
        inline(models.PersonCard, "person"),
        inline(models.Signpost, "signpost", fk_name="parent"),
        inline(models.Sources, "library_books"),
    ]

    class Media:
        css = {"all": ["css/content_admin.css"]}

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> Any:
        """Our policy allows no inline script: import maps carry a nonce, and injected styles are adopted."""
        response = super().render_change_form(request, context, **kwargs)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            media = Media(js=[Script("js/adopt_styles.js")]) + response.context_data["media"]
            response.context_data["media"] = Media.from_media(media, nonce=request.csp_nonce)  # type: ignore[attr-defined]
        return response

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        """Search engines are told of a change only when there was one."""
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            models.Page.objects.filter(pk=form.instance.pk).update(edited_by=request.user, edited_at=timezone.now())


@admin.register(models.Picture)
class PictureAdmin(admin.ModelAdmin):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["thumbnail", "title", "credit", "size", "pages", "created_at"]
    list_display_links = ["thumbnail", "title"]
    search_fields = ["title", "credit"]
    fields = ["title", "image", "thumbnail", "credit", ("focal_x", "focal_y")]
    readonly_fields = ["thumbnail"]

    class Media:
        css = {"all": ["css/content_admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Picture]:
        return (
            super()
            .get_queryset(request)
            .annotate(used=Count("placed", distinct=True) + Count("hero_of", distinct=True))
        )

    @admin.display(description="picture")
    def thumbnail(self, picture: models.Picture) -> SafeString | str:
        if not picture.image:
            return "It appears here once it is saved."
        return format_html('<img class="thumbnail" src="{}" alt="">', pictures.show(picture.image).src)

    @admin.display(description="pixels")
    def size(self, picture: models.Picture) -> str:
        return f"{picture.width} x {picture.height}"

    @admin.display(description="used on pages", ordering="used")
    def pages(self, picture: Any) -> int:
        return picture.used
