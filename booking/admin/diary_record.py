"""What happened to an appointment and what was sent about it: to read, never to write."""

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

from booking.admin.words import clock, moment, short_day
from booking.messages import can_send_again
from booking.models import AppointmentEvent, Location, Message, Practitioner, Room


class ReadOnlyInline(admin.TabularInline):
    classes = ["record"]
    empty_value_display = ""
    can_delete = False
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may see a row may see what belongs to it."""
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
        """What the ids in events stand for. An inline lives as long as its page."""
        models: dict[str, type[Model]] = {"practitioner": Practitioner, "location": Location, "room": Room}
        return {word: model._default_manager.in_bulk() for word, model in models.items()}

    @admin.display(description="when")
    def when(self, event: AppointmentEvent) -> str:
        return moment(event.at, event.appointment)

    @admin.display(description="what")
    def what(self, event: AppointmentEvent) -> str:
        return event.get_kind_display()

    @admin.display(description="who")
    def who(self, event: AppointmentEvent) -> str:
        return str(event.actor) if event.actor else event.get_actor_kind_display()

    @admin.display(description="before and after")
    def change(self, event: AppointmentEvent) -> str:
        before, after = self._in_words(event, event.before), self._in_words(event, event.after)
        changed = [word for word in after if before.get(word) != after[word]]
        return "; ".join(
            f"{before[word]} \N{RIGHTWARDS ARROW} {after[word]}" if before.get(word) else after[word]
            for word in changed
            if after[word]
        )

    def _in_words(self, event: AppointmentEvent, snapshot: Mapping[str, Any]) -> dict[str, str]:
        """The parts of a snapshot that people care about, each as they would say it."""
        words: dict[str, str] = {}
        if snapshot.get("starts_at"):
            local = datetime.fromisoformat(snapshot["starts_at"]).astimezone(event.appointment.location.zone)
            words["starts_at"] = f"{short_day(local)}, {clock(local)}"
        for word, rows in self.names.items():
            row = rows.get(snapshot.get(word) or 0)
            words[word] = str(row) if row is not None else ""
        return words


class MessageInline(ReadOnlyInline):
    model = Message
    verbose_name_plural = "messages"
    fields = ["what", "state_mark", "due", "sent", "last_error", "again"]
    readonly_fields = ["what", "state_mark", "due", "sent", "last_error", "again"]
    ordering = ["due_at", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # An inline lives as long as its page, so it may remember who looks.
        self.may_send = request.user.has_perm("booking.change_message")
        about = ("location", "patient", "service")
        return super().get_queryset(request).select_related(*(f"appointment__{name}" for name in about))

    @admin.display(description="what")
    def what(self, message: Message) -> str:
        return message.get_kind_display()

    @admin.display(description="state")
    def state_mark(self, message: Message) -> SafeString | str:
        words = message.get_state_display()
        is_parked = message.state == Message.State.PARKED
        return format_html('<strong class="record__parked">{}</strong>', words) if is_parked else words

    @admin.display(description="due")
    def due(self, message: Message) -> str:
        return moment(message.due_at, message.appointment)

    @admin.display(description="sent")
    def sent(self, message: Message) -> str:
        return moment(message.sent_at, message.appointment)

    @admin.display(description="once more")
    def again(self, message: Message) -> SafeString | str:
        if not self.may_send or not can_send_again(message, now=timezone.now()):
            return ""
        return format_html(
            '<button type="submit" class="button small" formaction="{}">Send again'
            '<span class="visually-hidden">: {}, {}</span></button>',
            reverse("admin:booking_appointment_send_again", args=[message.appointment_id, message.pk]),
            message.get_kind_display(),
            self.due(message),
        )
