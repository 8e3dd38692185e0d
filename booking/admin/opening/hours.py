"""Admin of hours overrides, time off, closures and special front-desk hours."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from booking.admin.conflicts import ConfirmConflictsMixin
from booking.admin.opening import statutory_holidays
from booking.models import Closure, HoursOverride, SpecialHours, TimeOff
from booking.staff.formats import clock, short_day
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES


@admin.register(HoursOverride)
class HoursOverrideAdmin(ConfirmConflictsMixin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
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
                "description": _(
                    "Hours for one date replace the practitioner's weekly hours on that day. They also "
                    "open a day when the location is closed."
                ),
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
class TimeOffAdmin(ConfirmConflictsMixin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
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
                "description": _(
                    "No times are offered while someone is away. Appointments already booked stay. You'll "
                    "see which ones before this is saved."
                ),
                "fields": ["practitioner", ("starts_on", "start_time"), ("ends_on", "end_time"), "note"],
            },
        )
    ]

    @admin.display(description="from", ordering="starts_on")
    def first_day(self, time_off: TimeOff) -> str:
        return short_day(time_off.starts_on) + (f", {clock(time_off.start_time)}" if time_off.start_time else "")

    @admin.display(description="until", ordering="ends_on")
    def last_day(self, time_off: TimeOff) -> str:
        return short_day(time_off.ends_on) + (f", {clock(time_off.end_time)}" if time_off.end_time else "")


@admin.register(Closure)
class ClosureAdmin(ConfirmConflictsMixin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
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
                "description": _(
                    "The whole day is closed for everyone at this location. Appointments already booked "
                    "stay. You'll see which ones before this is saved. If someone works anyway, add hours "
                    "for that date."
                ),
                "fields": ["location", "on", "name"],
            },
        )
    ]

    def get_urls(self) -> list[URLPattern]:
        def statutory_holidays_view(request: HttpRequest) -> HttpResponse:
            return statutory_holidays.page(self, request)

        url = path("statutory/", self.admin_site.admin_view(statutory_holidays_view), name="booking_closure_statutory")
        return [url, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("location")

    @admin.display(description="date", ordering="on")
    def day(self, closure: Closure) -> str:
        return short_day(closure.on)


@admin.register(SpecialHours)
class SpecialHoursAdmin(admin.ModelAdmin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
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
                "description": _(
                    "When the front desk is open on one date, instead of the usual hours. Shown with the "
                    "hours on the site and in search engines. It doesn't change when patients can be "
                    "booked: for that, add a practitioner's hours for one date, or a closure. For a day "
                    "with a break, add the date twice."
                ),
                "fields": ["location", "on", ("opens", "closes"), "name"],
            },
        )
    ]

    @admin.display(description="date", ordering="on")
    def day(self, special_hours: SpecialHours) -> str:
        return short_day(special_hours.on)

    @admin.display(description="front desk")
    def hours(self, special_hours: SpecialHours) -> str:
        if special_hours.opens is None or special_hours.closes is None:
            return "Closed"
        return f"{clock(special_hours.opens)} to {clock(special_hours.closes)}"
