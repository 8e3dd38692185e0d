"""Admin of the clinic."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from booking.models import Clinic, Insurer
from booking.staff.change_log_admin import ChangeLogMixin
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES


@admin.register(Clinic)
class ClinicAdmin(ChangeLogMixin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    fieldsets = [
        (None, {"fields": ["name", "phone", "email"]}),
        (
            "Personal information",
            {
                "description": _("Shown where patients enter their details. The version is kept with each booking."),
                "fields": ["privacy_contact", "collection_notice", "collection_notice_version"],
            },
        ),
        (
            "Online booking",
            {"fields": ["visits_ahead_per_email", "unverified_share", "own_networks", "waitlist_offer_lasts"]},
        ),
        (
            _("Booking notifications"),
            {
                "description": _("Practitioners choose their own, on their own page."),
                "fields": [("notices", "summary_at")],
            },
        ),
        (_("Text for patients"), {"fields": ["emergency_signs", "fees_note", "college", "map_app"]}),
    ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect to the only clinic."""
        clinic = Clinic.objects.first()
        if clinic is not None and self.has_view_or_change_permission(request):
            return HttpResponseRedirect(reverse("admin:booking_clinic_change", args=[clinic.pk]))
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Clinic.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Insurer)
class InsurerAdmin(ChangeLogMixin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["name", "note", "is_active", "position"]
    list_editable = ["position"]
    list_filter = ["is_active"]
    search_fields = ["name"]

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Give the order inputs of the list an accessible name: the column header is not their label."""
        widgets = {"position": forms.NumberInput(attrs={"aria-label": "Order"})}
        return super().get_changelist_form(request, widgets=widgets, **kwargs)
