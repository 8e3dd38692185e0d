"""Patients: found by name, phone or e-mail, with all their visits and messages on one page."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from booking.admin import patient_merging, patient_reaching
from booking.admin.diary_forms import patient_in_a_list
from booking.admin.inputs import OFFICE_INPUTS
from booking.admin.patient_record import record_of
from booking.admin.search import find_patients
from booking.admin.words import mail_link, phone_link
from booking.models import Patient


@admin.register(Patient)
class PatientAdmin(admin.ModelAdmin):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["name", "preferred_name", "phone_number", "email", "contact_name"]
    search_fields = ["name", "preferred_name", "contact_name", "email", "phone"]
    search_help_text = "A name, a phone number in any spelling, or an e-mail address. Accents do not matter."
    actions = ["merge_two"]
    fieldsets = [
        (None, {"fields": ["name", ("preferred_name", "pronouns"), "date_of_birth"]}),
        (
            "How to reach them",
            {
                "description": "Two people may share an e-mail address, say a parent and a child, and stay two.",
                "fields": ["phone", "email", "contact_name"],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Nobody finds, books or opens a patient who was merged into another."""
        return super().get_queryset(request).filter(merged_into__isnull=True)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        return find_patients(queryset, search_term), False

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.merge_patient")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """An address that is corrected may have been a stranger's: that has a page of its own."""
        return ["phone_number", "email_address"] if obj is not None else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fieldsets
        who, (heading, reach) = self.fieldsets
        return [who, (heading, {**reach, "fields": ["phone_number", "email_address", "contact_name"]})]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        patient = self.get_object(request, object_id)
        if patient is None:
            return self._to_who_stands(request, object_id) or super().change_view(request, object_id)
        page: dict[str, Any] = {
            "may_merge": self.has_merge_permission(request),
            "subtitle": None,
            "title": str(patient),
        }
        if request.method == "GET" and self.has_view_or_change_permission(request, patient):
            page["record"] = record_of(patient, request.user)
        return super().change_view(request, object_id, form_url, page | (extra_context or {}))

    def _to_who_stands(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """An old address of somebody who was merged leads to the patient who stands."""
        if not self.has_view_or_change_permission(request) or not object_id.isascii() or len(object_id) > 18:
            return None
        found = Patient.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        if found is None or found.merged_into_id is None:
            return None
        messages.info(request, f"{found} was merged into this patient.")
        return HttpResponseRedirect(reverse("admin:booking_patient_change", args=[found.merged_into_id]))

    @admin.action(description="Merge two …", permissions=["merge"])
    def merge_two(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        chosen = sorted(queryset.values_list("pk", flat=True)[:3])
        if len(chosen) != 2:
            messages.warning(request, "Tick exactly two patients to merge.")
            return None
        return HttpResponseRedirect(patient_merging.address(*chosen))

    def get_urls(self) -> list[URLPattern]:
        def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            def of_this_office(request: HttpRequest, **kwargs: Any) -> HttpResponse:
                return view(self, request, **kwargs)

            return self.admin_site.admin_view(of_this_office)

        return [
            path("merge/", page(patient_merging.page), name="booking_patient_merge"),
            path("<int:pk>/reach/", page(patient_reaching.page), name="booking_patient_reach"),
            *super().get_urls(),
        ]

    def describe_suggestion(self, patient: Patient) -> str:
        """Patients may share a name: suggestions carry a phone number, too."""
        return patient_in_a_list(patient)

    @admin.display(description="phone", ordering="phone")
    def phone_number(self, patient: Patient) -> SafeString | str:
        return phone_link(patient.phone)

    @admin.display(description="e-mail")
    def email_address(self, patient: Patient) -> SafeString | str:
        return mail_link(patient.email) or "None: nobody is written to"
