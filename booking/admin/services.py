"""Admin of services, with the practitioners who offer them."""

import itertools
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.admin.conflicts import ConfirmConflictsMixin
from booking.formatting import weekday
from booking.models import DEFAULT_STEP, PractitionerService, Service
from booking.privacy.change_log import log_added, log_changed, values_of
from booking.scheduling import Actor, DayCapacity
from booking.staff.change_log_admin import ChangeLogMixin
from booking.staff.durations import DURATION_HELP, format_duration
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES, OfficeInline
from booking.staff.notes import counted


def capacity_sentence(capacity: DayCapacity) -> str:
    """What a day holds with these settings, and how many visits could fit."""
    visits = f"{weekday(capacity.day)} holds {counted(capacity.visits, 'visit')} with these settings"
    return f"{visits}. {capacity.most} could fit." if capacity.lost else f"{visits}, as many as can fit."


@transaction.atomic
def copy_service(service: Service, *, by: Actor) -> Service:
    """Save an inactive copy under a name and an address of its own, offered by the same people."""
    offers = list(service.practitioner_services.all())
    copy = Service.objects.get(pk=service.pk)
    copy.pk, copy.is_active = None, False
    copy.name = gettext("Copy of %(name)s") % {"name": service.name}
    copy.name = copy.name[: Service._meta.get_field("name").max_length]
    slugs = (f"{service.slug[:40]}-copy-{number}" for number in itertools.count(1))
    copy.slug = next(slug for slug in slugs if not Service.objects.filter(slug=slug).exists())
    copy.save(force_insert=True)
    log_added(by, copy)
    for offer in offers:
        offer.pk, offer.service = None, copy
        offer.save(force_insert=True)
        log_added(by, offer)
    return copy


class OfferedByInline(OfficeInline):
    model = PractitionerService
    verbose_name = "practitioner who offers it"
    verbose_name_plural = "offered by"
    autocomplete_fields = ["practitioner"]


@admin.register(Service)
class ServiceAdmin(ChangeLogMixin, ConfirmConflictsMixin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["name", "lasts", "price", "audience", "booked_by", "is_active"]
    list_filter = ["is_active", "booked_by", "audience"]
    search_fields = ["name", "summary"]
    autocomplete_fields = ["first_visit_service"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [OfferedByInline]
    readonly_fields = ["capacity"]
    actions = ["copy"]
    fieldsets = [
        (None, {"fields": [("name", "slug"), "summary", "description", "what_to_bring", "is_active", "position"]}),
        (
            "Time and price",
            {
                "description": f"Changing these never changes appointments already made. {DURATION_HELP}",
                "fields": [
                    ("duration", "price"),
                    "insurer_code",
                    ("buffer_before", "buffer_after"),
                    "step",
                    "capacity",
                ],
            },
        ),
        (
            "When it can be booked and cancelled",
            {
                "fields": [
                    "lead_time",
                    "horizon_days",
                    "series_limit",
                    "cancellation_window",
                    "late_cancellation_fee",
                ]
            },
        ),
        (
            "Reminders",
            {
                "description": "None leaves between 9 p.m. and 8 a.m.: one that would leaves at 8 p.m. the evening "
                "before. Reminders for appointments already booked stay as they are.",
                "fields": [("first_reminder", "second_reminder")],
            },
        ),
        ("Who it is for", {"fields": ["audience", "first_visit_service", "booked_by"]}),
        (
            "What it needs",
            {
                "fields": [
                    "needs_room",
                    ("by_video", "meeting_link"),
                    "needs_needling_authorisation",
                    "needs_date_of_birth",
                    "shows_emergency_signs",
                    "intake_form",
                ]
            },
        ),
    ]

    @admin.action(description=_("Copy, to change and then offer"), permissions=["add"])
    def copy(self, request: HttpRequest, queryset: QuerySet[Service]) -> HttpResponse | None:
        """Copy each service with who offers it. A copy is not offered before it is made active."""
        copies = [copy_service(service, by=Actor.staff(request.user)) for service in queryset]
        for service in copies:
            self.log_addition(request, service, gettext("Copied."))
        names = ", ".join(service.name for service in copies)
        messages.success(request, gettext("Copied: %(names)s. Change it, then make it active.") % {"names": names})
        if len(copies) > 1:
            return None
        return HttpResponseRedirect(reverse("admin:booking_service_change", args=[copies[0].pk]))

    def get_urls(self) -> list[URLPattern]:
        def default_step(request: HttpRequest, pk: int) -> HttpResponse:
            return self._use_default_step(request, pk)

        view = self.admin_site.admin_view(default_step)
        return [path("<int:pk>/step/", view, name="booking_service_step"), *super().get_urls()]

    def _use_default_step(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Set the step to 15 minutes with one press. POST only; appointments stay as they are."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        service = get_object_or_404(Service, pk=pk)
        if not self.has_change_permission(request, service):
            raise PermissionDenied
        with transaction.atomic():
            before = values_of(service)
            service.step = DEFAULT_STEP
            service.save(update_fields=["step"])
            log_changed(Actor.staff(request.user), service, before)
            self.log_change(request, service, [{"changed": {"fields": ["Step"]}}])
        messages.success(request, f"{service} is now offered every {format_duration(DEFAULT_STEP)}.")
        return HttpResponseRedirect(reverse("admin:booking_service_change", args=[pk]))

    @admin.display(description=_("how many fit in a day"))
    def capacity(self, service: Service) -> SafeString | str:
        """The visits that each practitioner's longest day holds, the most that could fit, and a button (R5)."""
        if service.pk is None:
            return gettext("Shown once the service is saved and practitioners with hours offer it.")
        today = timezone.localdate()
        rows = scheduling.day_capacities([service], today=today)[service.pk]
        if not rows:
            return gettext("No one with working hours offers it yet.")
        lines = format_html_join(
            "", "<li>{}: {}</li>", ((row.practitioner, capacity_sentence(row)) for row in rows)
        )  # fmt: skip
        with_default = scheduling.day_capacities([service], today=today, step=DEFAULT_STEP)[service.pk]
        gain = sum(row.visits for row in with_default) - sum(row.visits for row in rows)
        button = ""
        if gain > 0:
            button = format_html(
                '<button type="submit" class="button" formaction="{}" formnovalidate>Offer it every {}</button>',
                reverse("admin:booking_service_step", args=[service.pk]),
                format_duration(DEFAULT_STEP),
            )
        return format_html("<ul>{}</ul>{}", lines, button)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if db_field.name == "duration":
            kwargs["help_text"] = gettext("How long the appointment is, such as 45 min.")
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[arg-type]

    @admin.display(description="lasts", ordering="duration")
    def lasts(self, service: Service) -> str:
        return format_duration(service.duration)
