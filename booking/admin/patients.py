"""Patients in the admin: the search of selects and the history. Their pages are the front desk's."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from booking.admin.logged_views import LoggedViewsMixin
from booking.models import Patient, Tag
from booking.staff.change_log_admin import ChangeLogMixin
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES
from booking.staff.search import find_patients
from booking.text_cleaning import is_plain_digits


@admin.register(Patient)
class PatientAdmin(ChangeLogMixin, LoggedViewsMixin):
    """The addresses of before lead to the front desk, with the id and the query."""

    search_fields = ["name", "preferred_name", "contact_name", "email", "phone"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Exclude patients that were merged into another, or disposed of."""
        return super().get_queryset(request).filter(merged_into__isnull=True, disposed_at__isnull=True)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: a deletion would keep the name in the history. See /desk/privacy/patients/<pk>/dispose/."""
        return False

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        return find_patients(queryset, search_term), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return self._leave(request, self.has_view_or_change_permission(request), "desk:patients")

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._leave(request, self.has_add_permission(request), "desk:new_patient")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        is_allowed = self.has_view_or_change_permission(request)
        if not is_plain_digits(object_id) or len(object_id) > 18:
            return self._leave(request, is_allowed, "desk:patients")
        return self._leave(request, is_allowed, "desk:patient", int(object_id))

    def merge_view(self, request: HttpRequest) -> HttpResponse:
        return self._leave(request, request.user.has_perm("booking.merge_patient"), "desk:merge_patients")

    def contact_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._leave(request, self.has_change_permission(request), "desk:correct_contact", pk)

    def _leave(self, request: HttpRequest, is_allowed: bool, name: str, *args: int) -> HttpResponse:
        if not is_allowed:
            raise PermissionDenied
        query = request.META.get("QUERY_STRING", "")
        return HttpResponseRedirect(reverse(name, args=args) + (f"?{query}" if query else ""))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view
        return [
            path("merge/", page(self.merge_view), name="booking_patient_merge"),
            path("<int:pk>/reach/", page(self.contact_view), name="booking_patient_reach"),
            *super().get_urls(),
        ]


@admin.register(Tag)
class TagAdmin(ChangeLogMixin):
    """The tags that staff may put on patients."""

    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["name", "tone", "is_alert", "position"]
