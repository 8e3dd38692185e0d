"""The library of pictures in the Django admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from booking.admin.inputs import OFFICE_INPUTS
from content import models, pictures


@admin.register(models.Picture)
class PictureAdmin(admin.ModelAdmin):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["thumbnail", "title", "credit", "size", "pages", "created_at"]
    list_display_links = ["thumbnail", "title"]
    search_fields = ["title", "credit"]
    ordering = ["title"]  # Counting where pictures are used would undo the model's own.
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
