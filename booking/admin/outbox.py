"""The outbox, to read, and the marks on sample data."""

from collections import defaultdict
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe

from booking.admin.words import clock, mail_link, moment, short_day
from booking.models import Message, SampleRow, WaitlistEntry


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the site writes: people may look."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["kind", "about", "state", "when", "last_error"]
    list_filter = ["state", "kind"]
    list_select_related = [
        *("appointment__patient", "appointment__location", "practitioner"),
        *("waitlist_entry__service", "waitlist_offer__entry__service"),
    ]
    search_fields = [
        "appointment__patient__name",
        "appointment__patient__email",
        "appointment__reference",
        "waitlist_entry__name",
        "waitlist_offer__entry__name",
        "content__name",
        "content__body",
    ]
    search_help_text = "A patient's name or e-mail, an appointment's reference, or words of a contact message."
    show_facets = admin.ShowFacets.NEVER
    actions = ["send_again"]
    readonly_fields = ["about", "words", "due", "sent", "created"]
    fieldsets = [
        (None, {"fields": ["kind", "about", "practitioner", "words"]}),
        ("Sending", {"fields": ["state", "due", "sent", "attempts", "last_error", "created"]}),
    ]

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.change_message")

    @admin.action(description="Send again", permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Parked messages go back into the queue; the worker takes them at once."""
        count = queryset.filter(state=Message.State.PARKED).update(
            state=Message.State.WAITING, due_at=timezone.now(), attempts=0, leased_until=None
        )
        if count:
            self.message_user(request, f"{count} put back into the queue.", messages.SUCCESS)
        else:
            self.message_user(request, "Only messages that could not be sent can be sent again.", messages.WARNING)

    @admin.display(description="about")
    def about(self, message: Message) -> SafeString | str:
        appointment, waiting = message.appointment, _entry_of(message)
        if waiting is not None:
            return format_html(
                '<a href="{}">{}</a>', reverse("admin:booking_waitlistentry_change", args=[waiting.pk]), waiting
            )
        if appointment is None:
            return _line(message.content.get("name", ""))
        return format_html(
            '<a href="{}">{}, {}, {}</a>',
            reverse("admin:booking_appointment_change", args=[appointment.pk]),
            appointment.patient or "",
            short_day(appointment.local_on),
            clock(appointment.local_start),
        )

    @admin.display(description="what it says")
    def words(self, message: Message) -> SafeString | str:
        if message.kind != Message.Kind.CONTACT:
            return "Written at the moment it is sent, from what it is about."
        content = message.content
        return format_html(
            "<p>{}<br>{} {}</p>{}",
            _line(content.get("name", "")),
            mail_link(_line(content.get("reply_to", ""))),
            _line(content.get("phone", "")),
            mark_safe(linebreaks(_line(content.get("body", "")), autoescape=True)),  # noqa: S308  (escaped just here)
        )

    @admin.display(description="sent, or due", ordering="due_at")
    def when(self, message: Message) -> str:
        return moment(message.sent_at or message.due_at, message.appointment)

    @admin.display(description="due")
    def due(self, message: Message) -> str:
        return moment(message.due_at, message.appointment)

    @admin.display(description="sent")
    def sent(self, message: Message) -> str:
        return moment(message.sent_at, message.appointment)

    @admin.display(description="written")
    def created(self, message: Message) -> str:
        return moment(message.created_at, message.appointment)


def _entry_of(message: Message) -> WaitlistEntry | None:
    return message.waitlist_offer.entry if message.waitlist_offer else message.waitlist_entry


def _line(value: Any) -> str:
    return value if isinstance(value, str) else ""


class SampleList(ChangeList):
    """Fetches the marked rows themselves, one query for each kind."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        marks = list(self.result_list)
        wanted = defaultdict(list)
        for mark in marks:
            wanted[mark.content_type].append(mark.object_id)
        found = {
            (kind.pk, row.pk): row
            for kind, ids in wanted.items()
            if (model := kind.model_class()) is not None
            for row in model._base_manager.filter(pk__in=ids)
        }
        for mark in marks:
            mark.row = found.get((mark.content_type_id, mark.object_id))
        self.result_list = marks  # type: ignore[assignment]


@admin.register(SampleRow)
class SampleRowAdmin(ReadOnlyAdmin):
    list_display = ["kind", "row"]
    list_display_links = None
    list_filter = [("content_type", admin.RelatedOnlyFieldListFilter)]
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ["content_type"]
    ordering = ["content_type", "object_id"]
    actions = ["keep"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SampleList

    def has_keep_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.delete_samplerow")

    @admin.action(description="Keep as our own", permissions=["keep"])
    def keep(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Takes the mark off: removing the sample clinic will leave these rows alone."""
        count, _ = queryset.delete()
        self.message_user(request, f"{count} now the clinic's own.", messages.SUCCESS)

    @admin.display(description="kind", ordering="content_type")
    def kind(self, mark: SampleRow) -> str:
        return str(mark.content_type.name).capitalize()

    @admin.display(description="what it is")
    def row(self, mark: Any) -> SafeString | str:
        row = getattr(mark, "row", None)
        if row is None:
            return "No longer there"
        try:
            address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        except NoReverseMatch:  # Rows that are edited on another row's page, such as breaks.
            return str(row)
        return format_html('<a href="{}">{}</a>', address, row)
