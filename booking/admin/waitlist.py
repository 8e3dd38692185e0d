"""Admin of the waitlist: read-only, with an action that ends entries."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking import scheduling
from booking.admin.logged_views import Kind, LoggedViewsMixin
from booking.admin.read_only import ReadOnlyAdmin
from booking.formatting import parts_of_day
from booking.models import WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor
from booking.staff.formats import clock, format_instant, mail_link, phone_link, short_day


class WaitingFilter(admin.SimpleListFilter):
    """Shows waiting entries unless another state is selected."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [*WaitlistEntry.Outcome.choices, ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [first | {"display": "On the list"}, *rest]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value == "all":
            return queryset
        return queryset.filter(outcome=value or "")


class OfferInline(admin.TabularInline):
    model = WaitlistOffer
    fields = readonly_fields = ("when", "offered", "until", "state", "mail")
    extra = 0
    can_delete = False
    verbose_name_plural = "offered so far"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("entry__location").prefetch_related("messages")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="time")
    def when(self, offer: WaitlistOffer) -> str:
        local = offer.starts_at.astimezone(offer.entry.location.zone)
        return f"{short_day(local)}, {clock(local)}"

    @admin.display(description="offered")
    def offered(self, offer: WaitlistOffer) -> str:
        return format_instant(offer.offered_at)

    @admin.display(description="held until")
    def until(self, offer: WaitlistOffer) -> str:
        return format_instant(offer.expires_at)

    @admin.display(description="mail")
    def mail(self, offer: WaitlistOffer) -> str:
        return ", ".join(message.get_state_display() for message in offer.messages.all())


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(LoggedViewsMixin, ReadOnlyAdmin):
    log_list_as = log_object_as = Kind.WAITLIST
    list_display = ["joined", "name", "phone_number", "service", "person", "days", "times", "state"]
    list_display_links = ["name"]
    list_filter = [WaitingFilter, "service", "practitioner", "location"]
    list_select_related = ["service", "practitioner", "location"]
    search_fields = ["name", "contact_name", "email", "phone"]
    search_help_text = _("A name, an email address or a phone number.")
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    ordering = ["created_at", "pk"]
    actions = ["end_entries"]
    inlines = [OfferInline]
    readonly_fields = ["joined", "phone_number", "mail_address", "person", "days", "times", "state", "first_visit"]
    fieldsets = [
        (None, {"fields": ["name", "contact_name", "phone_number", "mail_address", "first_visit"]}),
        (_("Waiting for"), {"fields": ["service", "person", "location", "days", "times"]}),
        ("On the list", {"fields": ["joined", "state", "unanswered", "notice_version"]}),
    ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": "Waitlist", "is_nav_sidebar_enabled": False}  # The list needs the full width.
        return super().changelist_view(request, context | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        open_offers = WaitlistOffer.objects.filter(state=WaitlistOffer.State.OPEN)
        return super().get_queryset(request).prefetch_related(Prefetch("offers", open_offers, to_attr="open_offers"))

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("booking.change_waitlistentry")

    @admin.action(description="Take off the list", permissions=["end"])
    def end_entries(self, request: HttpRequest, queryset: QuerySet) -> None:
        """End the selected entries and release their open offers. Sends no messages."""
        now, count = timezone.now(), 0
        for entry in queryset.filter(ended_at__isnull=True):
            scheduling.leave(entry=entry, by=Actor.staff(request.user), now=now)
            count += 1
        if count:
            self.message_user(request, f"{count} taken off the list.", messages.SUCCESS)
        else:
            self.message_user(request, gettext("None of these people were still on the list."), messages.WARNING)

    @admin.display(description="joined", ordering="created_at")
    def joined(self, entry: WaitlistEntry) -> str:
        return format_instant(entry.created_at)

    @admin.display(description="phone")
    def phone_number(self, entry: WaitlistEntry) -> str:
        return phone_link(entry.phone)

    @admin.display(description=_("email"))
    def mail_address(self, entry: WaitlistEntry) -> str:
        return mail_link(entry.email)

    @admin.display(description="with", ordering="practitioner")
    def person(self, entry: WaitlistEntry) -> str:
        return entry.practitioner.name if entry.practitioner else "Anyone"

    @admin.display(description="days", ordering="last_on")
    def days(self, entry: WaitlistEntry) -> str:
        return f"{short_day(entry.first_on)} to {short_day(entry.last_on)}"

    @admin.display(description="times")
    def times(self, entry: WaitlistEntry) -> str:
        return parts_of_day(entry.parts).capitalize()

    @admin.display(description="first visit", boolean=True)
    def first_visit(self, entry: WaitlistEntry) -> bool | None:
        return entry.is_first_visit

    @admin.display(description="state")
    def state(self, entry: WaitlistEntry) -> str:
        if not entry.is_waiting:
            return f"{entry.get_outcome_display()}, {format_instant(entry.ended_at)}"
        open_offers = getattr(entry, "open_offers", [])
        return f"Has an offer until {format_instant(open_offers[0].expires_at)}" if open_offers else gettext("Waiting")
