"""Admin of the maps that show the way to a location."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from content.admin.editing.media import picture_field_media
from content.admin.picture_chooser.fields import PictureFieldsMixin
from content.models import PlaceMap


@admin.register(PlaceMap)
class PlaceMapAdmin(PictureFieldsMixin, admin.ModelAdmin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["location", "picture", "night_picture"]
    list_select_related = ["location", "picture", "night_picture"]
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

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Add the chooser's scripts, whose import map needs the CSP's nonce."""
        response = super().render_change_form(request, context, *args, **kwargs)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            media = response.context_data["media"]
            response.context_data["media"] = picture_field_media(media, nonce=request.csp_nonce)  # type: ignore[attr-defined]
        return response
