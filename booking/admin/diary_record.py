"""Read-only inlines of an appointment: its events (audit log) and its messages."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from booking.messages import can_resend
from booking.models import AppointmentEvent, Location, Message, Practitioner, Room
from booking.staff.formats import clock, format_instant, short_day


class ReadOnlyInline(admin.TabularInline):
    classes = ["record"]
    empty_value_display = ""
    can_delete = False
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may view the parent may view its rows."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EventInline(ReadOnlyInline):
    model = AppointmentEvent
    verbose_name_plural = "what happened"
    fields = ["when", "what", "who", "change", "note"]
    readonly_fields = ["when", "what", "who", "change", "note"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("actor", "appointment__location")

    @cached_property
    def names(self) -> dict[str, dict[int, Model]]:
        """Objects by field and id, to label the ids in events. Cached: an inline lives for one request."""
        models: dict[str, type[Model]] = {"practitioner": Practitioner, "location": Location, "room": Room}
        return {field: model._default_manager.in_bulk() for field, model in models.items()}

    @admin.display(description="when")
    def when(self, event: AppointmentEvent) -> str:
        return format_instant(event.at, event.appointment)

    @admin.display(description="what")
    def what(self, event: AppointmentEvent) -> str:
        return event.get_kind_display()

    @admin.display(description="who")
    def who(self, event: AppointmentEvent) -> str:
        return str(event.actor) if event.actor else event.get_actor_kind_display()

    @admin.display(description="before and after")
    def change(self, event: AppointmentEvent) -> str:
        before, after = self._format_state(event, event.before), self._format_state(event, event.after)
        changed = [field for field in after if before.get(field) != after[field]]
        return "; ".join(
            f"{before[field]} \N{RIGHTWARDS ARROW} {after[field]}" if before.get(field) else after[field]
            for field in changed
            if after[field]
        )

    def _format_state(self, event: AppointmentEvent, state: Mapping[str, Any]) -> dict[str, str]:
        """The displayed fields of an appointment's state, formatted."""
        labels: dict[str, str] = {}
        if state.get("starts_at"):
            local = datetime.fromisoformat(state["starts_at"]).astimezone(event.appointment.location.zone)
            labels["starts_at"] = f"{short_day(local)}, {clock(local)}"
        for field, rows in self.names.items():
            row = rows.get(state.get(field) or 0)
            labels[field] = str(row) if row is not None else ""
        return labels


class MessageInline(ReadOnlyInline):
    model = Message
    verbose_name_plural = "messages"
    fields = ["what", "state_mark", "due", "sent", "last_error", "again"]
    readonly_fields = ["what", "state_mark", "due", "sent", "last_error", "again"]
    ordering = ["due_at", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # An inline lives for one request, so it can store the user's permission.
        self.may_send = request.user.has_perm("booking.change_message")
        related = ("location", "patient", "service")
        return super().get_queryset(request).select_related(*(f"appointment__{name}" for name in related))

    @admin.display(description="what")
    def what(self, message: Message) -> str:
        return message.get_kind_display()

    @admin.display(description="state")
    def state_mark(self, message: Message) -> SafeString | str:
        label = message.progress
        is_parked = message.state == Message.State.PARKED
        return format_html('<strong class="record__parked">{}</strong>', label) if is_parked else label

    @admin.display(description="due")
    def due(self, message: Message) -> str:
        return format_instant(message.due_at, message.appointment)

    @admin.display(description="sent")
    def sent(self, message: Message) -> str:
        return format_instant(message.sent_at, message.appointment)

    @admin.display(description=_("again"))
    def again(self, message: Message) -> SafeString | str:
        if not self.may_send or not can_resend(message, now=timezone.now()):
            return ""
        return format_html(
            '<button type="submit" class="button small" formaction="{}">Send again'
            '<span class="visually-hidden">: {}, {}</span></button>',
            reverse("admin:booking_appointment_send_again", args=[message.appointment_id, message.pk]),
            message.get_kind_display(),
            self.due(message),
        )
