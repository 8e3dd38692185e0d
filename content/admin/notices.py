"""Admin of the notices above every page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.staff.formats import format_instant
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from content.models import Notice, Page

DATETIME_INPUT = {
    "form_class": forms.DateTimeField,
    "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
}


@admin.register(Notice)
class NoticeAdmin(admin.ModelAdmin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES | {models.DateTimeField: DATETIME_INPUT}
    list_display = ["title", "tone", "state", "shown_from", "shown_until", "position"]
    list_editable = ["position"]
    list_filter = ["tone"]
    search_fields = ["title", "text"]
    fieldsets = [
        (
            None,
            {
                "description": _(
                    "Shown at the top of every page, and as one line on the booking pages. It appears and "
                    "disappears by itself. To end it now, enter the current time as its end."
                ),
                "fields": ["title", "text", "tone", ("starts_at", "ends_at"), "position"],
            },
        ),
        (_("Link (optional)"), {"fields": ["link_label", "page", "service"]}),
    ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "page":
            kwargs["queryset"] = Page.objects.with_an_address().order_by("title")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Give the position inputs of the list an accessible name: the column header is not their label."""
        widgets = {"position": forms.NumberInput(attrs={"aria-label": "Order"})}
        return super().get_changelist_form(request, widgets=widgets, **kwargs)

    @admin.display(description="now")
    def state(self, notice: Notice) -> str:
        now = timezone.now()
        if notice.ends_at and notice.ends_at <= now:
            return "Over"
        return "Shown" if notice.starts_at <= now else gettext("Upcoming")

    @admin.display(description="from", ordering="starts_at")
    def shown_from(self, notice: Notice) -> str:
        return format_instant(notice.starts_at)

    @admin.display(description="until", ordering="ends_at")
    def shown_until(self, notice: Notice) -> str:
        return format_instant(notice.ends_at) or gettext("Until you end it")
