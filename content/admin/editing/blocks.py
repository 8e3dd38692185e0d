"""Inlines of the page editor, one for each kind of block."""

from typing import Any

from content_editor.admin import ContentEditorInline
from django.http import HttpRequest
from django_prose_editor.widgets import AdminProseEditorWidget

from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from content import models
from content.admin.picture_chooser.fields import PictureFieldsMixin, PlacedPictureForm
from content.fields.rich_text import RichTextField

PAGE_INPUTS = ADMIN_FORMFIELD_OVERRIDES | {RichTextField: {"widget": AdminProseEditorWidget}}


class BlockInline(PictureFieldsMixin, ContentEditorInline):
    """Show heading and level in one line, the other fields below in the model's order."""

    formfield_overrides = PAGE_INPUTS

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in self.get_fields(request, obj) if name not in ("region", "ordering")]
        others = [name for name in names if name not in ("heading", "level")]
        head: list[Any] = [("heading", "level")] if "heading" in names else []
        return [(None, {"fields": [*head, *others, "region", "ordering"]})]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is models.Page and db_field.name == "page":
            kwargs["queryset"] = models.Page.objects.with_an_address()  # Snippets have no URL.
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def block_inline(model: Any, icon: str, **options: Any) -> type[BlockInline]:
    return BlockInline.create(model, icon=icon, **options)


CONTENT_INLINES = [
    block_inline(models.Section, "notes"),
    block_inline(models.Callout, "campaign"),
    block_inline(models.LeadList, "format_list_bulleted"),
    block_inline(models.NumberedSections, "format_list_numbered"),
    block_inline(models.DefinitionList, "menu_book"),
    block_inline(models.BeforeDuringAfter, "timeline"),
    block_inline(models.DoList, "rule"),
    block_inline(models.RiskTable, "table_chart"),
    block_inline(models.CareCard, "emergency"),
    block_inline(models.Questions, "quiz"),
    block_inline(models.PlacedPicture, "image", form=PlacedPictureForm),
    block_inline(models.CallToAction, "event_available"),
    block_inline(models.PersonCard, "person"),
    block_inline(models.Signpost, "signpost", fk_name="parent"),
]
# Snippets contain neither snippets nor sources: nesting is not supported, and sources are numbered by page.
SNIPPET_INLINES = CONTENT_INLINES
PAGE_INLINES = [
    *CONTENT_INLINES,
    block_inline(models.SnippetHere, "content_paste", fk_name="parent"),
    block_inline(models.Sources, "library_books"),
]
