"""Admin of appointments: the diary (change list) and each appointment's page.

No ModelForm changes times or statuses: buttons and actions lead to the views of ``diary_pages``, which call the
scheduling commands. These check the rules, write events and queue the patient's messages.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.admin import diary_pages, outside, resending, whole_day
from booking.admin.diary_list import DAY, DiaryList, StatusFilter, offered_to
from booking.admin.diary_record import EventInline, MessageInline
from booking.admin.diary_steps import ARRIVED, ATTENDED, NO_SHOW, STEPS, apply_status, appointment_label, next_steps
from booking.admin.logged_views import Kind, LoggedViewsMixin
from booking.admin.read_only import ReadOnlyAdmin
from booking.admin.search import phone_digits
from booking.formatting import money
from booking.models import Appointment, Channel, Status
from booking.staff.durations import format_duration
from booking.staff.formats import colour_mark, day, format_instant, mail_link, phone_link, span
from booking.text_cleaning import normalize_for_search


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
    inlines = [EventInline, MessageInline]
    readonly_fields = [
        *("day", "time", "mark", "lasts", "costs", "made", "held_until", "asked_to_move", "will_be_there"),
        *("patient_link", "phone", "email", "first_visit", "wants_reminders"),
    ]

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
        """Search all days. The list of one day was here before it became the calendar at /desk/."""
        is_plain = request.method == "GET" and not set(request.GET) - {DAY}
        if is_plain and self.has_view_permission(request):
            return redirect(f"{reverse('desk:day')}?{urlencode({DAY: request.GET.get(DAY, '')})}")
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

        return [
            path("outside/", page(outside.page), name="booking_appointment_outside"),
            path("day/<int:practitioner>/<str:on>/", page(whole_day.page), name="booking_appointment_day"),
            path("<int:pk>/move/", page(diary_pages.move), name="booking_appointment_move"),
            path("<int:pk>/cancel/", page(diary_pages.cancel), name="booking_appointment_cancel"),
            *(
                path(f"<int:pk>/{slug}/", page(diary_pages.step), {"slug": slug}, f"booking_appointment_{slug}")
                for slug in STEPS
            ),
            path("<int:pk>/messages/<int:message>/", page(resending.page), name="booking_appointment_send_again"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return diary_pages.book(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        appointment = self.get_object(request, object_id)
        context: dict[str, Any] = {"may_keep_diary": self.has_keep_diary_permission(request), "subtitle": None}
        if appointment is not None:
            context |= {
                "title": appointment_label(appointment),
                "next_steps": next_steps(appointment, now=timezone.now(), with_corrections=True),
                "can_move": appointment.status == Status.BOOKED,
                "can_cancel": appointment.status in {Status.BOOKED, Status.ARRIVED},
            }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_fieldsets(self, request: HttpRequest, obj: Appointment | None = None) -> Any:
        """Leave out fields that are empty for this appointment."""
        reasons = [
            name for name in ("overbooked_reason", "exception_reason", "cancel_reason") if getattr(obj, name, "")
        ]
        asked_to_move = ["asked_to_move"] if obj is not None and obj.asked_to_move_at else []
        will_be_there = ["will_be_there"] if obj is not None and obj.attendance_confirmed_at else []
        is_pending = obj is not None and obj.status in {Status.HELD, Status.UNCONFIRMED}
        held_until = ["held_until"] if is_pending else []
        notice = ["notice_version"] if obj is not None and obj.notice_version else []
        return [
            (
                None,
                {
                    "fields": [
                        "status",
                        *reasons,
                        *held_until,
                        *asked_to_move,
                        *will_be_there,
                        ("day", "time"),
                        ("service", "mark"),
                        ("location", "room"),
                    ]
                },
            ),
            ("Patient", {"fields": ["patient_link", ("phone", "email"), ("first_visit", "wants_reminders")]}),
            (gettext("Appointment"), {"fields": [("reference", "made"), ("lasts", "costs"), *notice]}),
        ]

    @admin.display(description="day")
    def day(self, appointment: Appointment) -> str:
        return day(appointment.local_start)

    @admin.display(description="time")
    def time(self, appointment: Appointment) -> str:
        return f"{span(appointment)}, {appointment.location.time_zone_label}"

    @admin.display(description="length")
    def lasts(self, appointment: Appointment) -> str:
        return format_duration(appointment.duration)

    @admin.display(description="practitioner")
    def mark(self, appointment: Appointment) -> SafeString:
        return format_html("{} {}", colour_mark(appointment.practitioner.colour), appointment.practitioner)

    @admin.display(description="patient")
    def patient_link(self, appointment: Appointment) -> SafeString | str:
        patient = appointment.patient
        if patient is None:
            return offered_to(appointment) or gettext("No one yet")
        called = patient.preferred_name and f"called {patient.preferred_name}"
        contact = patient.contact_name and f"booked by {patient.contact_name}"
        return format_html(
            '<a href="{}">{}</a> {}',
            reverse("admin:booking_patient_change", args=[patient.pk]),
            patient.name,
            " · ".join(filter(None, [called, patient.pronouns, contact])),
        )

    @admin.display(description="phone")
    def phone(self, appointment: Appointment) -> SafeString | str:
        return phone_link(appointment.patient and appointment.patient.phone)

    @admin.display(description=_("email"))
    def email(self, appointment: Appointment) -> SafeString | str:
        return mail_link(appointment.patient.email) if appointment.patient else ""

    @admin.display(description="price")
    def costs(self, appointment: Appointment) -> str:
        return money(appointment.price)

    @admin.display(description="first visit")
    def first_visit(self, appointment: Appointment) -> str:
        return {True: gettext("Yes, says the patient"), False: gettext("No, says the patient"), None: "Not asked"}[
            appointment.is_first_visit
        ]

    @admin.display(description="reminders")
    def wants_reminders(self, appointment: Appointment) -> str:
        if not appointment.reminders:
            return "Not wanted"
        if appointment.reminders_by == Channel.EMAIL and appointment.patient and not appointment.patient.email:
            return gettext("None: no email address")
        return f"By {appointment.get_reminders_by_display().lower()}"

    @admin.display(description="made")
    def made(self, appointment: Appointment) -> str:
        return format_instant(appointment.created_at, appointment)

    @admin.display(description="until")
    def held_until(self, appointment: Appointment) -> str:
        return format_instant(appointment.hold_expires_at, appointment)

    @admin.display(description="asked to move")
    def asked_to_move(self, appointment: Appointment) -> str:
        with timezone.override(appointment.location.zone):
            return format_instant(appointment.asked_to_move_at)

    @admin.display(description="will be there")
    def will_be_there(self, appointment: Appointment) -> str:
        return f"Told us {format_instant(appointment.attendance_confirmed_at, appointment)}"
