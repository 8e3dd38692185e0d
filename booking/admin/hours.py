"""When practitioners work otherwise than usual, and when a location is shut."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from booking.admin import statutory
from booking.admin.inputs import OFFICE_INPUTS
from booking.admin.stranded import AsksBeforeStranding
from booking.admin.words import clock, short_day
from booking.models import Closure, HoursOverride, OpeningException, TimeOff


@admin.register(HoursOverride)
class HoursOverrideAdmin(AsksBeforeStranding):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["day", "practitioner", "hours", "location", "note"]
    list_filter = ["practitioner", "location"]
    list_select_related = ["practitioner", "location"]
    date_hierarchy = "on"
    search_fields = ["practitioner__name", "note"]
    autocomplete_fields = ["practitioner", "location"]
    fieldsets = [
        (
            None,
            {
                "description": "Hours for one date replace the practitioner's weekly hours of that day. "
                "They also open a day on which the location is closed.",
                "fields": ["practitioner", "location", "on", ("start_time", "end_time", "ends_next_day"), "note"],
            },
        )
    ]

    @admin.display(description="date", ordering="on")
    def day(self, override: HoursOverride) -> str:
        return short_day(override.on)

    @admin.display(description="hours")
    def hours(self, override: HoursOverride) -> str:
        if override.start_time is None or override.end_time is None:
            return "Day off"
        next_day = " the next day" if override.ends_next_day else ""
        return f"{clock(override.start_time)} to {clock(override.end_time)}{next_day}"


@admin.register(TimeOff)
class TimeOffAdmin(AsksBeforeStranding):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["first_day", "last_day", "practitioner", "note"]
    list_filter = ["practitioner"]
    list_select_related = ["practitioner"]
    date_hierarchy = "starts_on"
    search_fields = ["practitioner__name", "note"]
    autocomplete_fields = ["practitioner"]
    fieldsets = [
        (
            None,
            {
                "description": "No time is offered while somebody is away. Appointments already made stay: "
                "you are shown which before this is saved.",
                "fields": ["practitioner", ("starts_on", "start_time"), ("ends_on", "end_time"), "note"],
            },
        )
    ]

    @admin.display(description="from", ordering="starts_on")
    def first_day(self, away: TimeOff) -> str:
        return short_day(away.starts_on) + (f", {clock(away.start_time)}" if away.start_time else "")

    @admin.display(description="until", ordering="ends_on")
    def last_day(self, away: TimeOff) -> str:
        return short_day(away.ends_on) + (f", {clock(away.end_time)}" if away.end_time else "")


@admin.register(Closure)
class ClosureAdmin(AsksBeforeStranding):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["day", "name", "location"]
    list_filter = ["location"]
    list_select_related = ["location"]
    date_hierarchy = "on"
    search_fields = ["name"]
    autocomplete_fields = ["location"]
    fieldsets = [
        (
            None,
            {
                "description": "The whole day is closed for everyone at this location. Appointments already made "
                "stay: you are shown which before this is saved. Somebody who works all the same gets hours for that "
                "date.",
                "fields": ["location", "on", "name"],
            },
        )
    ]

    def get_urls(self) -> list[URLPattern]:
        def holidays_of_a_year(request: HttpRequest) -> HttpResponse:
            return statutory.page(self, request)

        address = path("statutory/", self.admin_site.admin_view(holidays_of_a_year), name="booking_closure_statutory")
        return [address, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("location")

    @admin.display(description="date", ordering="on")
    def day(self, closure: Closure) -> str:
        return short_day(closure.on)


@admin.register(OpeningException)
class OpeningExceptionAdmin(admin.ModelAdmin):
    formfield_overrides = OFFICE_INPUTS
    list_display = ["day", "hours", "name", "location"]
    list_filter = ["location"]
    list_select_related = ["location"]
    date_hierarchy = "on"
    search_fields = ["name"]
    autocomplete_fields = ["location"]
    fieldsets = [
        (
            None,
            {
                "description": "When the front desk answers on one date, instead of the week's hours: shown beside "
                "the hours on the site and in search engines. It does not change when patients can be booked: "
                "for that, write down a practitioner's hours for one date, or a closure. "
                "For a day with a pause, add the date twice.",
                "fields": ["location", "on", ("opens", "closes"), "name"],
            },
        )
    ]

    @admin.display(description="date", ordering="on")
    def day(self, exception: OpeningException) -> str:
        return short_day(exception.on)

    @admin.display(description="front desk")
    def hours(self, exception: OpeningException) -> str:
        if exception.opens is None or exception.closes is None:
            return "Closed"
        return f"{clock(exception.opens)} to {clock(exception.closes)}"
