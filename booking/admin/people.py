"""Practitioners and patients."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from booking.admin.diary_forms import patient_in_a_list
from booking.admin.diary_record import VisitInline
from booking.admin.inputs import OFFICE_INPUTS, ColourInput, OfficeInline
from booking.admin.search import phone_digits
from booking.admin.stranded import AsksBeforeStranding
from booking.admin.words import colour_mark, phone_link
from booking.models import Break, Patient, Practitioner, PractitionerService, WorkingHours


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
class PractitionerAdmin(AsksBeforeStranding):
    form = PractitionerForm
    formfield_overrides = OFFICE_INPUTS
    list_display = ["mark", "name", "protected_title", "takes_new_patients", "authorised_for_needling", "is_active"]
    list_display_links = ["name"]
    list_filter = ["is_active", "takes_new_patients", "authorised_for_needling", "services"]
    search_fields = ["name", "protected_title", "email"]
    autocomplete_fields = ["user"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [OfferedServiceInline, WorkingHoursInline, BreakInline]
    fieldsets = [
        (None, {"fields": [("name", "slug"), "pronouns", "photo"]}),
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
        ("Words for patients", {"fields": ["summary", "bio", "languages"]}),
        ("At the clinic", {"fields": ["takes_new_patients", "is_active", "colour", "email", "user", "position"]}),
    ]

    @admin.display(description="")
    def mark(self, practitioner: Practitioner) -> SafeString:
        return colour_mark(practitioner.colour)


@admin.register(Patient)
class PatientAdmin(admin.ModelAdmin):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["name", "preferred_name", "phone_number", "email", "contact_name"]
    search_fields = ["name", "preferred_name", "contact_name", "email", "phone"]
    search_help_text = "A name, a phone number in any spelling, or an e-mail address."
    inlines = [VisitInline]
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

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        digits = phone_digits(search_term)
        if digits:
            return queryset.filter(phone__contains=digits), False
        return super().get_search_results(request, queryset, search_term)

    def describe_suggestion(self, patient: Patient) -> str:
        """Patients may share a name: suggestions carry a phone number, too."""
        return patient_in_a_list(patient)

    @admin.display(description="phone", ordering="phone")
    def phone_number(self, patient: Patient) -> SafeString | str:
        return phone_link(patient.phone)
