"""Admin of the synonyms of the site search."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from content.models import Page, SearchSynonym


@admin.register(SearchSynonym)
class SearchSynonymAdmin(admin.ModelAdmin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["typed", "words", "page"]
    list_select_related = ["page"]
    search_fields = ["typed", "words"]
    fieldsets = [
        (
            None,
            {
                "description": "For what people call things in their own words. It works at once, in any form of the "
                "words. Nothing that people type into the search is stored.",
                "fields": ["typed", "words", "page"],
            },
        ),
    ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "page":
            kwargs["queryset"] = Page.objects.with_an_address().order_by("title")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
