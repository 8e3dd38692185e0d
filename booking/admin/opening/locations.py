"""Admin of locations, with their opening hours and rooms."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.admin.conflicts import ConfirmConflictsMixin
from booking.models import Location, OpeningHours, Room
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES, OfficeInline


class OpeningHoursInline(OfficeInline):
    model = OpeningHours


class RoomInline(OfficeInline):
    model = Room


@admin.register(Location)
class LocationAdmin(ConfirmConflictsMixin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["name", "address", "phone", "time_zone_label"]
    search_fields = ["name", "city", "street"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [OpeningHoursInline, RoomInline]
    fieldsets = [
        (None, {"fields": [("name", "slug"), "phone", "position"]}),
        ("Address", {"fields": ["street", "city", ("province", "postal_code")]}),
        ("Getting there", {"fields": ["directions", "parking_notes", "step_free_notes"]}),
        (
            _("Time zone and map"),
            {
                "description": _(
                    "All hours and appointments here are in this time zone. If you correct it, upcoming "
                    "appointments keep their time of day. Latitude and longitude place the clinic on maps "
                    "and in search engines."
                ),
                "fields": [("time_zone", "time_zone_label"), ("latitude", "longitude")],
            },
        ),
    ]

    def save_model(self, request: HttpRequest, obj: Location, form: Any, change: bool) -> None:
        """With a corrected time zone, move the appointments ahead so that their promised local times stay."""
        super().save_model(request, obj, form, change)
        if not (change and "time_zone" in form.changed_data):
            return
        report = scheduling.retime(now=timezone.now())
        if self.is_dry_run(request):
            return
        count = len(report.moved)
        moved = "1 appointment keeps its" if count == 1 else f"{count} appointments keep their"
        messages.info(request, f"The time zone was corrected: {moved} time of day, in the new zone.")
        if report.collided:
            messages.warning(
                request,
                f"Now at the same time as another appointment, and marked as overbooked: "
                f"{', '.join(collided.reference for collided in report.collided)}.",
            )
