"""Admin of the maps that show the way to a location."""

from django.contrib import admin

from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from content.models import PlaceMap


@admin.register(PlaceMap)
class PlaceMapAdmin(admin.ModelAdmin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
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
