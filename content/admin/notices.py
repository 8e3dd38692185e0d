"""Writing the notices that stand above every page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from booking.admin.inputs import OFFICE_INPUTS
from booking.admin.words import moment
from content.models import Notice, Page

MOMENT = {
    "form_class": forms.DateTimeField,
    "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
}


@admin.register(Notice)
class NoticeAdmin(admin.ModelAdmin):
    formfield_overrides = OFFICE_INPUTS | {models.DateTimeField: MOMENT}
    list_display = ["title", "tone", "state", "shown_from", "shown_until", "position"]
    list_editable = ["position"]
    list_filter = ["tone"]
    search_fields = ["title", "text"]
    fieldsets = [
        (
            None,
            {
                "description": "Stands above every page of the site, and in one line above the booking pages. It "
                "appears and goes by itself. To end one now, write the present time as its end.",
                "fields": ["title", "text", "tone", ("starts_at", "ends_at"), "position"],
            },
        ),
        ("Link, if it needs one", {"fields": ["link_label", "page", "service"]}),
    ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "page":
            kwargs["queryset"] = Page.objects.with_an_address().order_by("title")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """In the list, the column's head is all that names the number: people who hear the page need more."""
        named = {"position": forms.NumberInput(attrs={"aria-label": "Order"})}
        return super().get_changelist_form(request, widgets=named, **kwargs)

    @admin.display(description="now")
    def state(self, notice: Notice) -> str:
        now = timezone.now()
        if notice.ends_at and notice.ends_at <= now:
            return "Over"
        return "Shown" if notice.starts_at <= now else "Still to come"

    @admin.display(description="from", ordering="starts_at")
    def shown_from(self, notice: Notice) -> str:
        return moment(notice.starts_at)

    @admin.display(description="until", ordering="ends_at")
    def shown_until(self, notice: Notice) -> str:
        return moment(notice.ends_at) or "You end it"
