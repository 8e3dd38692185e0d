"""Admin of the picture library."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from js_asset import Script

from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES, focal_point_picker
from content import models
from content.admin.picture_chooser import views as chooser
from content.admin.picture_chooser.forms import OneLineTextarea
from content.admin.picture_chooser.listing import thumbnail_url
from content.admin.protect_references import ProtectReferencedMixin, editor_links
from content.fields.rows import EDITOR_STYLES
from content.links.usage import find_usages, uses_of
from content.media.renditions import PictureFiles

MISSING = "—"
SHAPES = ("card", "gallery", "tall", "share")


class UsedFilter(admin.SimpleListFilter):
    title = _("use")
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", gettext("Not used"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[models.Picture]) -> QuerySet[models.Picture]:
        if self.value() != "no":
            return queryset
        usages = find_usages(models.Picture.objects.only("pk"), now=timezone.now())
        return queryset.filter(pk__in=[pk for pk, used in usages.items() if not used])


@admin.register(models.Picture)
class PictureAdmin(ProtectReferencedMixin, admin.ModelAdmin):
    """One library for all pages. The alternative text of a picture is what a new place of it starts with."""

    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["thumbnail", "title", "subject", "credit", "size", "state", "pages", "created_at"]
    list_display_links = ["title"]
    list_filter = ["subject", UsedFilter]
    search_fields = ["title", "credit", "alt"]
    fields = [
        "title",
        "image",
        "focal_point",
        ("focal_x", "focal_y"),
        "alt",
        "is_decorative",
        "subject",
        "credit",
        "used_on",
    ]
    readonly_fields = ["focal_point", "used_on"]

    class Media:
        css = {"all": EDITOR_STYLES}
        js = [Script("js/focal_point.js", type="module")]

    def get_urls(self) -> list[URLPattern]:
        addresses: dict[str, tuple[str, Callable[..., Any]]] = {
            "choose": ("choose/", chooser.choose),
            "states": ("choose/states/", chooser.states),
            "upload": ("choose/upload/", chooser.upload),
            "save_details": ("choose/<int:pk>/", chooser.save_details),
        }
        urls = [
            path(address, self.admin_site.admin_view(partial(view, self)), name=f"content_picture_{name}")
            for name, (address, view) in addresses.items()
        ]
        return urls + super().get_urls()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if db_field.name == "alt":
            kwargs["widget"] = OneLineTextarea(attrs={"rows": 3, "class": "vLargeTextField"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[arg-type]

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
    def thumbnail(self, picture: Any) -> SafeString | str:
        address = thumbnail_url(picture, picture.file)
        return format_html('<img class="thumbnail" src="{}" alt="" loading="lazy">', address) if address else MISSING

    @admin.display(description="file")
    def state(self, picture: Any) -> str:
        return str(picture.file.get_state_display() if picture.file else models.PictureFile.State.WAITING.label)

    @admin.display(description="focal point")
    def focal_point(self, picture: models.Picture) -> SafeString:
        sources = PictureFiles().sources(picture.image) if picture.pk and picture.image else None
        size = (sources.src, sources.width, sources.height) if sources else ("",)
        return focal_point_picker(*size, shapes=SHAPES)

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
