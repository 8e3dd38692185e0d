"""Admin of patients: search, record, merge and correction of contact details."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.admin import patient_merging, patient_reaching
from booking.admin.logged_views import Kind, LoggedViewsMixin
from booking.admin.patient_record import load_record
from booking.models import Patient
from booking.privacy.access_log import log_view
from booking.staff.formats import format_instant, format_phone, mail_link, phone_link
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from booking.staff.search import find_patients


@admin.register(Patient)
class PatientAdmin(LoggedViewsMixin, admin.ModelAdmin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["name", "preferred_name", "phone_number", "email", "contact_name"]
    search_fields = ["name", "preferred_name", "contact_name", "email", "phone"]
    search_help_text = _("A name, a phone number in any format, or an email address. Accents don't matter.")
    list_filter = ["books_by_phone_only"]
    actions = ["merge_two"]
    fieldsets = [
        (None, {"fields": ["name", ("preferred_name", "pronouns"), "date_of_birth"]}),
        (
            _("Contact details"),
            {
                "description": _(
                    "Two people can share an email address, such as a parent and a child, and stay two patients."
                ),
                "fields": ["phone", "email", "contact_name"],
            },
        ),
        (
            "Online booking",
            {"fields": ["books_by_phone_only", "phone_only_note", "phone_only_set"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Exclude patients that were merged into another."""
        return super().get_queryset(request).filter(merged_into__isnull=True)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        return find_patients(queryset, search_term), False

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.merge_patient")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Contact details change on their own page, because a wrong address may have been a stranger's."""
        return ["phone_only_set"] + (["phone_number", "email_address"] if obj is not None else [])

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fieldsets
        who, (heading, reach), *rest = self.fieldsets
        return [who, (heading, {**reach, "fields": ["phone_number", "email_address", "contact_name"]}), *rest]

    def save_model(self, request: HttpRequest, obj: Patient, form: Any, change: bool) -> None:
        if {"books_by_phone_only", "phone_only_note"} & set(form.changed_data):
            obj.phone_only_by = cast(User, request.user)
            obj.phone_only_at = timezone.now()
        super().save_model(request, obj, form, change)

    @admin.display(description="last changed")
    def phone_only_set(self, patient: Patient) -> str:
        if patient.phone_only_at is None:
            return "Never"
        by = f", by {patient.phone_only_by}" if patient.phone_only_by else ""
        return f"{format_instant(patient.phone_only_at)}{by}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        patient = self.get_object(request, object_id)
        if patient is None:
            return self._redirect_to_surviving(request, object_id) or super().change_view(request, object_id)
        context: dict[str, Any] = {
            "may_merge": self.has_merge_permission(request),
            "subtitle": None,
            "title": str(patient),
        }
        if request.method == "GET" and self.has_view_or_change_permission(request, patient):
            context["record"] = record = load_record(patient, request.user)
            log_view(request, Kind.RECORD, [duplicate.patient for duplicate in record.twins])
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def _redirect_to_surviving(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """Redirect the URL of a merged patient to the one that was kept."""
        if not self.has_view_or_change_permission(request) or not object_id.isascii() or len(object_id) > 18:
            return None
        merged = Patient.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        if merged is None or merged.merged_into_id is None:
            return None
        messages.info(request, f"{merged} was merged into this patient.")
        return HttpResponseRedirect(reverse("admin:booking_patient_change", args=[merged.merged_into_id]))

    @admin.action(description="Merge two …", permissions=["merge"])
    def merge_two(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        pks = sorted(queryset.values_list("pk", flat=True)[:3])
        if len(pks) != 2:
            messages.warning(request, "Tick exactly two patients to merge.")
            return None
        return HttpResponseRedirect(patient_merging.merge_url(*pks))

    def get_urls(self) -> list[URLPattern]:
        def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            def bound_view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
                return view(self, request, **kwargs)

            return self.admin_site.admin_view(bound_view)

        return [
            path("merge/", page(patient_merging.page), name="booking_patient_merge"),
            path("<int:pk>/reach/", page(patient_reaching.page), name="booking_patient_reach"),
            *super().get_urls(),
        ]

    def describe_suggestion(self, patient: Patient) -> str:
        """Label of an autocomplete suggestion."""
        return f"{patient.name}, {format_phone(patient.phone) if patient.phone else patient.email}"

    @admin.display(description="phone", ordering="phone")
    def phone_number(self, patient: Patient) -> SafeString | str:
        return phone_link(patient.phone)

    @admin.display(description=_("email"))
    def email_address(self, patient: Patient) -> SafeString | str:
        return mail_link(patient.email) or gettext("None: no messages are sent")
