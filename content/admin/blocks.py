"""The blocks of a page in its editor: one inline for each kind."""

from typing import Any

from content_editor.admin import ContentEditorInline
from django.http import HttpRequest
from django_prose_editor.widgets import AdminProseEditorWidget

from booking.admin.inputs import OFFICE_INPUTS
from content import models
from content.prose import RichTextField

PAGE_INPUTS = OFFICE_INPUTS | {RichTextField: {"widget": AdminProseEditorWidget}}


class BlockInline(ContentEditorInline):
    """One kind of block. Heading and level share a line; the words follow in the model's order."""

    formfield_overrides = PAGE_INPUTS

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in self.get_fields(request, obj) if name not in ("region", "ordering")]
        rest = [name for name in names if name not in ("heading", "level")]
        head: list[Any] = [("heading", "level")] if "heading" in names else []
        return [(None, {"fields": [*head, *rest, "region", "ordering"]})]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is models.Page and db_field.name == "page":
            kwargs["queryset"] = models.Page.objects.with_an_address()  # A snippet has nowhere to lead to.
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def inline(model: Any, icon: str, **options: Any) -> type[BlockInline]:
    return BlockInline.create(model, icon=icon, **options)


WORDS = [
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
]
# A snippet brings neither another snippet nor sources: both would be numbered and nested out of sight.
IN_A_SNIPPET = WORDS
IN_A_PAGE = [
    *WORDS,
    inline(models.SnippetHere, "content_paste", fk_name="parent"),
    inline(models.Sources, "library_books"),
]
