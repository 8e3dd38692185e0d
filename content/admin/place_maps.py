"""Admin of the maps that show the way to a location."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

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
                "description": _(
                    "Shown on the Contact page beside the written directions, which you can edit under Locations."
                ),
                "fields": ["location", "picture", "night_picture", "alt", "caption"],
            },
        )
    ]
