"""The library of pictures in the Django admin."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from booking.admin.focal_point import to_click_on
from booking.admin.inputs import OFFICE_INPUTS
from content import models, pictures
from content.admin.deleting import KeptWhileUsed, linked
from content.rows import EDITOR_STYLES
from content.uses import uses, uses_of


@admin.register(models.Picture)
class PictureAdmin(KeptWhileUsed, admin.ModelAdmin):
    """One library for all pages. What a picture says to a reader is decided where it is placed."""

    formfield_overrides = OFFICE_INPUTS
    list_display = ["thumbnail", "title", "credit", "size", "pages", "created_at"]
    list_display_links = ["title"]
    search_fields = ["title", "credit"]
    fields = ["title", "image", "focal_point", ("focal_x", "focal_y"), "credit", "used_on"]
    readonly_fields = ["focal_point", "used_on"]

    class Media:
        css = {"all": EDITOR_STYLES}
        js = ["js/focal_point.js"]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        found = uses(changelist.result_list, now=timezone.now())
        for picture in changelist.result_list:
            picture.pages_that_use_it = len(found[picture.pk])
        return changelist

    @admin.display(description="picture")
    def thumbnail(self, picture: models.Picture) -> SafeString:
        return format_html('<img class="thumbnail" src="{}" alt="">', pictures.show(picture.image).src)

    @admin.display(description="focal point")
    def focal_point(self, picture: models.Picture) -> SafeString:
        shown = pictures.show(picture.image) if picture.pk and picture.image else None
        return to_click_on(shown.src, shown.width, shown.height) if shown else to_click_on("")

    @admin.display(description="pixels")
    def size(self, picture: models.Picture) -> str:
        return f"{picture.width}\u00a0×\u00a0{picture.height}"

    @admin.display(description="used on pages")
    def pages(self, picture: Any) -> int:
        return int(picture.pages_that_use_it)

    @admin.display(description="used on")
    def used_on(self, picture: models.Picture) -> SafeString | str:
        by = uses_of(picture, now=timezone.now()) if picture.pk else []
        return linked(by) if by else "No page yet"

    def save_model(self, request: HttpRequest, obj: models.Picture, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        by = uses_of(obj, now=timezone.now()) if change and "image" in form.changed_data else []
        if by:
            said = "The new picture stands wherever the old one did. Check that what is said of it still fits: {}"
            messages.warning(request, format_html(said, linked(by)))
