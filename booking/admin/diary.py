"""Admin of appointments: the diary (change list). Each appointment's page is the front desk's.

No ModelForm changes times or statuses: buttons and actions lead to the views of ``diary_pages``, which call the
scheduling commands. These check the rules, write events and queue the patient's messages.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from booking.admin import diary_pages, outside, whole_day
from booking.admin.diary_list import DiaryList, StatusFilter
from booking.admin.diary_steps import ARRIVED, ATTENDED, NO_SHOW, apply_status
from booking.admin.logged_views import Kind, LoggedViewsMixin
from booking.admin.read_only import ReadOnlyAdmin
from booking.admin.search import phone_digits
from booking.models import Appointment
from booking.text_cleaning import is_plain_digits, normalize_for_search


@admin.register(Appointment)
class AppointmentAdmin(LoggedViewsMixin, ReadOnlyAdmin):
    log_list_as = Kind.DAY
    list_display = ["__str__"]
    list_filter = [StatusFilter, "practitioner", "location"]
    list_select_related = ["patient", "practitioner", "service", "location", "room", "waitlist_offer__entry"]
    list_per_page = 300
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["patient__name", "patient__preferred_name", "patient__contact_name", "patient__email", "reference"]
    autocomplete_fields = ["patient"]  # Of the form in diary_forms.
    search_help_text = _("Searches all days: a patient's name, email or phone, or a reference.")
    actions = ["mark_arrived", "mark_attended", "mark_no_show", "cancel_visits"]
    # Permissions. Nobody edits the fields directly.

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.add_appointment")

    def has_keep_diary_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.change_appointment")

    # Change list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DiaryList

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        digits = phone_digits(search_term)
        if digits:
            return queryset.filter(Q(patient__phone__contains=digits) | Q(reference=digits)), False
        words = normalize_for_search(search_term).split()
        for word in words:
            queryset = queryset.filter(Q(patient__search_key__contains=word) | Q(reference__icontains=word))
        return (queryset if words or not search_term.strip() else queryset.none()), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "may_keep_diary": self.has_keep_diary_permission(request),
            "is_nav_sidebar_enabled": False,  # The diary needs the full width.
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.action(description="Arrived", permissions=["keep_diary"])
    def mark_arrived(self, request: HttpRequest, queryset: QuerySet) -> None:
        apply_status(request, queryset, ARRIVED)

    @admin.action(description="Attended", permissions=["keep_diary"])
    def mark_attended(self, request: HttpRequest, queryset: QuerySet) -> None:
        apply_status(request, queryset, ATTENDED)

    @admin.action(description=_("No-show"), permissions=["keep_diary"])
    def mark_no_show(self, request: HttpRequest, queryset: QuerySet) -> None:
        apply_status(request, queryset, NO_SHOW)

    @admin.action(description="Cancel …", permissions=["keep_diary"])
    def cancel_visits(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return diary_pages.cancel_several(self, request, queryset)

    # Views of one appointment

    def get_urls(self) -> list[URLPattern]:
        def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            def bound_view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
                return view(self, request, **kwargs)

            return self.admin_site.admin_view(bound_view)

        to_desk = self.admin_site.admin_view(diary_pages.to_desk)
        return [
            path("outside/", page(outside.page), name="booking_appointment_outside"),
            path("day/<int:practitioner>/<str:on>/", page(whole_day.page), name="booking_appointment_day"),
            path("<int:pk>/move/", to_desk, {"do": "move"}, "booking_appointment_move"),
            path("<int:pk>/cancel/", to_desk, {"do": "cancel"}, "booking_appointment_cancel"),
            *(
                path(f"<int:pk>/{slug}/", to_desk, name=f"booking_appointment_{slug}")
                for slug in ("arrived", "attended", "no-show", "undo")
            ),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return diary_pages.book(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the visit at the front desk: earlier emails and calendar feeds link here."""
        is_number = is_plain_digits(object_id) and len(object_id) < 19
        return diary_pages.to_desk(request, pk=int(object_id) if is_number else 0)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related(*self.list_select_related)
