"""Admin of practitioners, with their services, working hours and breaks."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from js_asset import Script

from booking.admin.conflicts import ConfirmConflictsMixin
from booking.admin.people import feed_address, page_drafts
from booking.models import Break, Practitioner, PractitionerService, WorkingHours
from booking.staff.change_log_admin import ChangeLogMixin
from booking.staff.formats import colour_mark
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES, ColourInput, OfficeInline, focal_point_picker


class OfferedServiceInline(OfficeInline):
    model = PractitionerService
    autocomplete_fields = ["service"]


class WorkingHoursInline(OfficeInline):
    model = WorkingHours
    fields = ["weekday", "start_time", "end_time", "ends_next_day", "location", "starts_on", "ends_on"]


class BreakInline(OfficeInline):
    model = Break


class PractitionerForm(forms.ModelForm):
    class Meta:
        widgets = {"colour": ColourInput}


@admin.register(Practitioner)
class PractitionerAdmin(ChangeLogMixin, ConfirmConflictsMixin):
    form = PractitionerForm
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["mark", "name", "protected_title", "takes_new_patients", "authorised_for_needling", "is_active"]
    list_display_links = ["name"]
    list_filter = ["is_active", "takes_new_patients", "authorised_for_needling", "services"]
    search_fields = ["name", "protected_title", "email"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["focal_point"]
    inlines = [OfferedServiceInline, WorkingHoursInline, BreakInline]
    fieldsets = [
        (None, {"fields": [("name", "slug"), "pronouns"]}),
        ("Portrait", {"fields": ["photo", "focal_point", ("focal_x", "focal_y"), "photo_credit"]}),
        (
            "Registration",
            {
                "fields": [
                    "protected_title",
                    "credentials",
                    ("register_number", "register_url"),
                    "authorised_for_needling",
                ]
            },
        ),
        (_("Text for patients"), {"fields": ["summary", "bio", "languages", "declared_interests"]}),
        (
            "At the clinic",
            {"fields": ["takes_new_patients", "compact_days", "is_active", "colour", "email", "user", "position"]},
        ),
        ("At several locations", {"fields": ["travel_time"]}),
        (_("Notifications and calendar"), {"fields": ["notices", "feed_shows_names"]}),
    ]

    class Media:
        css = {"all": ["css/admin/content/pictures.css"]}
        js = [Script("js/focal_point.js", type="module")]

    def get_urls(self) -> list[URLPattern]:
        def feed(request: HttpRequest, pk: int) -> HttpResponse:
            return feed_address.page(self, request, pk)

        def draft(request: HttpRequest, pk: int) -> HttpResponse:
            return page_drafts.page(self, request, pk)

        view = self.admin_site.admin_view
        return [
            path("<int:pk>/feed/", view(feed), name="booking_practitioner_feed"),
            path("<int:pk>/draft/", view(draft), name="booking_practitioner_draft"),
            *super().get_urls(),
        ]

    @admin.display(description="focal point")
    def focal_point(self, practitioner: Practitioner) -> SafeString:
        photo = practitioner.photo if practitioner.pk else None
        return focal_point_picker(photo.url if photo else "")

    @admin.display(description="")
    def mark(self, practitioner: Practitioner) -> SafeString:
        return colour_mark(practitioner.colour)
