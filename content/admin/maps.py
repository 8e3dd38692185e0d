"""Choosing the picture that shows the way to a place."""

from django.contrib import admin

from booking.admin.inputs import OFFICE_INPUTS
from content.models import PlaceMap


@admin.register(PlaceMap)
class PlaceMapAdmin(admin.ModelAdmin):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["location", "picture", "night_picture"]
    list_select_related = ["location", "picture", "night_picture"]
    autocomplete_fields = ["picture", "night_picture"]
    fieldsets = [
        (
            None,
            {
                "description": "Shown on Contact beside the way in words, which you write with the location itself.",
                "fields": ["location", "picture", "night_picture", "alt", "caption"],
            },
        )
    ]
