"""The clinic, its locations and what it offers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from booking.admin.durations import HOW_TO_WRITE_IT, write_duration
from booking.admin.inputs import OFFICE_INPUTS, OfficeInline
from booking.admin.stranded import AsksBeforeStranding
from booking.models import Clinic, Location, OpeningHours, PractitionerService, Room, Service


@admin.register(Clinic)
class ClinicAdmin(admin.ModelAdmin):
    formfield_overrides = OFFICE_INPUTS
    fieldsets = [
        (None, {"fields": ["name", "phone", "email"]}),
        (
            "Personal information",
            {
                "description": "Shown where patients type theirs. The version is kept with each booking.",
                "fields": ["privacy_contact", "collection_notice", "collection_notice_version"],
            },
        ),
        ("Online booking", {"fields": ["visits_ahead_per_email", "waitlist_offer_lasts"]}),
        (
            "News of bookings",
            {
                "description": "Practitioners choose for themselves, on their own page.",
                "fields": [("notices", "summary_at")],
            },
        ),
        ("Words for patients", {"fields": ["emergency_signs", "fees_note"]}),
    ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one clinic, so its list would have one line: go straight to it."""
        clinic = Clinic.objects.first()
        if clinic is not None and self.has_view_or_change_permission(request):
            return HttpResponseRedirect(reverse("admin:booking_clinic_change", args=[clinic.pk]))
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Clinic.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OpeningHoursInline(OfficeInline):
    model = OpeningHours


class RoomInline(OfficeInline):
    model = Room


@admin.register(Location)
class LocationAdmin(AsksBeforeStranding):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["name", "address", "phone", "time_zone_label"]
    search_fields = ["name", "city", "street"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [OpeningHoursInline, RoomInline]
    fieldsets = [
        (None, {"fields": [("name", "slug"), "phone", "position"]}),
        ("Address", {"fields": ["street", "city", ("province", "postal_code")]}),
        ("Getting there", {"fields": ["directions", "parking_notes", "step_free_notes"]}),
        (
            "Clock and map",
            {
                "description": "All hours and appointments here are times on this clock. "
                "Latitude and longitude place the clinic on maps and in search engines.",
                "fields": [("time_zone", "time_zone_label"), ("latitude", "longitude")],
            },
        ),
    ]


class OfferedByInline(OfficeInline):
    model = PractitionerService
    verbose_name = "practitioner who offers it"
    verbose_name_plural = "offered by"
    autocomplete_fields = ["practitioner"]


@admin.register(Service)
class ServiceAdmin(AsksBeforeStranding):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["name", "lasts", "price", "audience", "booked_by", "is_active"]
    list_filter = ["is_active", "booked_by", "audience"]
    search_fields = ["name", "summary"]
    autocomplete_fields = ["first_visit_service"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [OfferedByInline]
    fieldsets = [
        (None, {"fields": [("name", "slug"), "summary", "description", "what_to_bring", "is_active", "position"]}),
        (
            "Time and price",
            {
                "description": f"Changing these never changes appointments already made. {HOW_TO_WRITE_IT}",
                "fields": [("duration", "price"), ("buffer_before", "buffer_after"), "step"],
            },
        ),
        (
            "When it can be booked and cancelled",
            {"fields": ["lead_time", "horizon_days", "cancellation_window", "late_cancellation_fee"]},
        ),
        (
            "Reminders",
            {
                "description": "None leaves between 9 pm and 8 am: one that would leaves at 8 pm the evening before. "
                "Reminders of visits already agreed stay as they are.",
                "fields": [("first_reminder", "second_reminder")],
            },
        ),
        ("Who it is for", {"fields": ["audience", "first_visit_service", "booked_by"]}),
        (
            "What it needs",
            {
                "fields": [
                    "needs_room",
                    "needs_needling_authorisation",
                    "needs_date_of_birth",
                    "shows_emergency_signs",
                ]
            },
        ),
    ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if db_field.name == "duration":
            kwargs["help_text"] = "How long the visit is, such as 45 min."
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[arg-type]

    @admin.display(description="lasts", ordering="duration")
    def lasts(self, service: Service) -> str:
        return write_duration(service.duration)
