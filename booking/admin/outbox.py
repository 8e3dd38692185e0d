"""Admin of messages: the outbox, read-only, with an action to send parked messages again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.admin.logged_views import Kind, LoggedViewsMixin
from booking.admin.read_only import ReadOnlyAdmin
from booking.models import Message, WaitlistEntry
from booking.privacy.access_log import Person
from booking.staff.formats import clock, format_instant, mail_link, short_day


@admin.register(Message)
class MessageAdmin(LoggedViewsMixin, ReadOnlyAdmin):
    log_list_as = log_object_as = Kind.MESSAGE
    list_display = ["kind", "about", "progress", "when", "last_error"]
    list_filter = ["state", "kind", "delivery"]
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
    search_help_text = _("A patient's name or email, an appointment's reference, or words from a contact message.")
    show_facets = admin.ShowFacets.NEVER
    actions = ["send_again"]
    readonly_fields = ["about", "words", "progress", "due", "sent", "created"]
    fieldsets = [
        (None, {"fields": ["kind", "about", "practitioner", "words"]}),
        ("Sending", {"fields": ["progress", "due", "sent", "attempts", "last_error", "created"]}),
    ]

    def people_of(self, obj: Message) -> list[Person]:
        """A contact message is about nobody whom the site knows."""
        return [obj.appointment, _entry_of(obj)]

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.change_message")

    @admin.action(description="Send again", permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Queue parked messages again, due now."""
        count = queryset.filter(state=Message.State.PARKED).update(
            state=Message.State.WAITING, due_at=timezone.now(), attempts=0, leased_until=None
        )
        if count:
            self.message_user(request, f"{count} put back in the queue.", messages.SUCCESS)
        else:
            self.message_user(request, "Only messages that could not be sent can be sent again.", messages.WARNING)

    @admin.display(description="about")
    def about(self, message: Message) -> SafeString | str:
        appointment, entry = message.appointment, _entry_of(message)
        if entry is not None:
            return format_html('<a href="{}">{}</a>', reverse("desk:waitlist_entry", args=[entry.pk]), entry)
        if appointment is None:
            return _text(message.content.get("name", ""))
        return format_html(
            '<a href="{}">{}, {}, {}</a>',
            reverse("admin:booking_appointment_change", args=[appointment.pk]),
            appointment.patient or "",
            short_day(appointment.local_on),
            clock(appointment.local_start),
        )

    @admin.display(description="state", ordering="state")
    def progress(self, message: Message) -> str:
        return message.progress

    @admin.display(description=_("text"))
    def words(self, message: Message) -> SafeString | str:
        if message.kind != Message.Kind.CONTACT:
            return gettext("Written when it's sent, from the appointment as it is then.")
        content = message.content
        return format_html(
            "<p>{}<br>{} {}</p>{}",
            _text(content.get("name", "")),
            mail_link(_text(content.get("reply_to", ""))),
            _text(content.get("phone", "")),
            mark_safe(linebreaks(_text(content.get("body", "")), autoescape=True)),  # noqa: S308  (escaped by linebreaks)
        )

    @admin.display(description="sent, or due", ordering="due_at")
    def when(self, message: Message) -> str:
        return format_instant(message.sent_at or message.due_at, message.appointment)

    @admin.display(description="due")
    def due(self, message: Message) -> str:
        return format_instant(message.due_at, message.appointment)

    @admin.display(description="sent")
    def sent(self, message: Message) -> str:
        return format_instant(message.sent_at, message.appointment)

    @admin.display(description="written")
    def created(self, message: Message) -> str:
        return format_instant(message.created_at, message.appointment)


def _entry_of(message: Message) -> WaitlistEntry | None:
    return message.waitlist_offer.entry if message.waitlist_offer else message.waitlist_entry


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
