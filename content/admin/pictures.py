"""Admin of the picture library."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES, focal_point_picker
from content import models
from content.admin.protect_references import ProtectReferencedMixin, editor_links
from content.fields.rows import EDITOR_STYLES
from content.links.usage import find_usages, uses_of
from content.media.renditions import PictureFiles, sources_of


@admin.register(models.Picture)
class PictureAdmin(ProtectReferencedMixin, admin.ModelAdmin):
    """One library for all pages. The alternative text is set where a picture is placed."""

    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["thumbnail", "title", "credit", "size", "state", "pages", "created_at"]
    list_display_links = ["title"]
    search_fields = ["title", "credit"]
    fields = ["title", "image", "focal_point", ("focal_x", "focal_y"), "credit", "used_on"]
    readonly_fields = ["focal_point", "used_on"]

    class Media:
        css = {"all": EDITOR_STYLES}
        js = ["js/focal_point.js"]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        usages = find_usages(changelist.result_list, now=timezone.now())
        files = PictureFiles()
        files.load(picture.image.name for picture in changelist.result_list)
        for picture in changelist.result_list:
            picture.usage_count = len(usages[picture.pk])
            picture.file = files.get(picture.image.name)
        return changelist

    @admin.display(description="picture")
    def thumbnail(self, picture: Any) -> SafeString:
        return format_html('<img class="thumbnail" src="{}" alt="">', sources_of(picture.image, picture.file).src)

    @admin.display(description="file")
    def state(self, picture: Any) -> str:
        return str(picture.file.get_state_display() if picture.file else models.PictureFile.State.WAITING.label)

    @admin.display(description="focal point")
    def focal_point(self, picture: models.Picture) -> SafeString:
        sources = PictureFiles().sources(picture.image) if picture.pk and picture.image else None
        return focal_point_picker(sources.src, sources.width, sources.height) if sources else focal_point_picker("")

    @admin.display(description="pixels")
    def size(self, picture: models.Picture) -> str:
        return f"{picture.width}\u00a0×\u00a0{picture.height}"

    @admin.display(description="used on pages")
    def pages(self, picture: Any) -> int:
        return int(picture.usage_count)

    @admin.display(description="used on")
    def used_on(self, picture: models.Picture) -> SafeString | str:
        usages = uses_of(picture, now=timezone.now()) if picture.pk else []
        return editor_links(usages) if usages else "No page yet"

    def save_model(self, request: HttpRequest, obj: models.Picture, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        usages = uses_of(obj, now=timezone.now()) if change and "image" in form.changed_data else []
        if usages:
            message = (
                "The new picture is now used everywhere the old one was. Check that the descriptions still fit: {}"
            )
            messages.warning(request, format_html(message, editor_links(usages)))
