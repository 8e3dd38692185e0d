"""Change list of the diary: one day by practitioner, or the results of a search on all days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from booking.formatting import short_day
from booking.models import AGREED, Appointment, Location, Practitioner, Status, WaitlistOffer
from booking.staff.conflict_list import day_url
from booking.staff.formats import clock, colour_mark, phone_link, span
from booking.staff.formats import day as in_words

DAY = "day"  # Query parameter: ?day=2026-11-24
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


_COUNTED = set(AGREED) - {Status.CANCELLED}


@dataclass(frozen=True)
class DayRow:
    """One appointment, formatted in the location's time zone."""

    appointment: Appointment
    has_other_visit: bool = False  # The same patient has another visit at this time (R16).

    @property
    def span(self) -> str:
        return span(self.appointment)

    @property
    def phone(self) -> SafeString | str:
        return phone_link(self.appointment.patient and self.appointment.patient.phone)

    @property
    def held_until(self) -> str:
        appointment = self.appointment
        if appointment.hold_expires_at is None:
            return ""
        return clock(appointment.hold_expires_at.astimezone(appointment.location.zone))

    @property
    def offered_to(self) -> SafeString | str:
        return offered_to(self.appointment)


def offered_to(appointment: Appointment) -> SafeString | str:
    """Link to the waitlist entry that a hold was offered to; empty for a hold made by a visitor."""
    offer: WaitlistOffer | None = getattr(appointment, "waitlist_offer", None)
    if offer is None or offer.state != WaitlistOffer.State.OPEN:
        return ""
    address = reverse("admin:booking_waitlistentry_change", args=[offer.entry_id])
    return format_html('Offered to <a href="{}">{}</a>, on the waitlist', address, offer.entry.name)


@dataclass(frozen=True)
class PractitionerColumn:
    """The appointments of one practitioner on one day."""

    practitioner: Practitioner
    day: date
    rows: list[DayRow]

    @property
    def mark(self) -> SafeString:
        return colour_mark(self.practitioner.colour)

    @property
    def heading(self) -> str:
        return in_words(self.day)

    @property
    def address(self) -> str:
        return day_url(self.practitioner, self.day)

    @property
    def count(self) -> int:
        return sum(row.appointment.status in _COUNTED for row in self.rows)


class StatusFilter(admin.SimpleListFilter):
    """Excludes holds unless they are selected, and then shows live ones only.

    Bookings that the patient still has to confirm are shown among the others.
    """

    title = "status"
    parameter_name = "status"
    ALL_LABEL = "All appointments"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        agreed = [(status.value, str(status.label)) for status in AGREED]
        unconfirmed = Status.UNCONFIRMED
        return [*agreed, (unconfirmed.value, str(unconfirmed.label)), (Status.HELD.value, gettext("Held right now"))]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": self.ALL_LABEL}, *rest]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in {Status.HELD, Status.UNCONFIRMED}:
            return queryset.filter(status=self.value(), hold_expires_at__gt=timezone.now())
        if self.value() in AGREED:
            return queryset.filter(status=self.value())
        unconfirmed = Q(status=Status.UNCONFIRMED, hold_expires_at__gt=timezone.now())
        return queryset.filter(unconfirmed | Q(status__in=AGREED))


class FilterSelect:
    """A list filter rendered as a select in a form instead of a list of links."""

    def __init__(self, spec: Any, diary: Any) -> None:
        (self.name,) = spec.expected_parameters()[:1]
        self.title = str(spec.title)
        first, *rest = spec.choices(diary)
        self.any = f"Any {self.title}" if first["display"] != StatusFilter.ALL_LABEL else first["display"]
        self.options = [(self._value(choice), choice["display"], choice["selected"]) for choice in rest]

    def _value(self, choice: dict[str, Any]) -> str:
        return parse_qs(choice["query_string"].removeprefix("?")).get(self.name, [""])[0]


def _in_two_places(appointments: Iterable[Appointment]) -> set[int]:
    """Ids of the appointments whose patient has another visit at the same time, on this list or not. One query."""
    overlaps = Appointment.objects.attended_between(OuterRef("starts_at"), OuterRef("ends_at"))
    others = overlaps.filter(patient=OuterRef("patient")).exclude(pk=OuterRef("pk"))
    ids = [appointment.pk for appointment in appointments if appointment.patient_id]
    attended = (Status.BOOKED, Status.ARRIVED, Status.FULFILLED)
    rows = Appointment.objects.filter(Exists(others), pk__in=ids, status__in=attended)
    return set(rows.order_by().values_list("pk", flat=True))


def _without_empty_values(query: QueryDict) -> QueryDict:
    """Drop empty parameters, which a GET form submits and ChangeList would treat as filters."""
    non_empty = QueryDict(mutable=True)
    for name, values in query.lists():
        if any(values):
            non_empty.setlist(name, values)
    return non_empty


class DiaryList(ChangeList):
    """One day in order, or the results of a search on all days, latest first."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        request.GET = _without_empty_values(request.GET)  # type: ignore[assignment]
        self.locations = list(Location.objects.all())
        self.today = self._today(request)
        self.day, self.day_was_odd = self._chosen_day(request)
        super().__init__(request, *args, **kwargs)
        self.title = f"Search: {self.query}" if self.query else in_words(self.day)

    def _today(self, request: HttpRequest) -> date:
        """Today in the time zone of the selected location, else of the first one."""
        chosen = [place for place in self.locations if str(place.pk) == request.GET.get("location__id__exact")]
        place = next(iter(chosen or self.locations), None)
        now = timezone.now()
        return now.astimezone(place.zone).date() if place else now.date()

    def _chosen_day(self, request: HttpRequest) -> tuple[date, bool]:
        value = request.GET.get(DAY, "")
        try:
            chosen = date.fromisoformat(value) if value else self.today
        except ValueError:
            return self.today, True
        return (chosen, False) if EARLIEST <= chosen <= LATEST else (self.today, True)

    def get_filters_params(self, params: Any = None) -> Any:
        filters = super().get_filters_params(params)
        filters.pop(DAY, None)
        return filters

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet:
        queryset = super().get_queryset(request, *args, **kwargs)
        return queryset if self.query else queryset.filter(local_on=self.day)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        people = ["practitioner__position", "practitioner__name", "practitioner_id"]
        return [*(["-local_on"] if self.query else []), *people, "starts_at", "pk"]

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    @property
    def has_several_locations(self) -> bool:
        return len(self.locations) > 1

    @property
    def zone_label(self) -> str:
        return self.locations[0].time_zone_label if len(self.locations) == 1 else gettext("each location's own time")

    def _day_link(self, day: date) -> str:
        return self.get_query_string({DAY: day.isoformat()}, remove=["q"])

    @property
    def days_around(self) -> list[tuple[str, str, str, bool]]:
        """Links to the previous day, today and the next day: label, URL, full date and whether it is current."""
        before, after = self.day - timedelta(days=1), self.day + timedelta(days=1)
        links = [(f"\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK} {short_day(before)}", before)]
        links += [("Today", self.today)]
        links += [(f"{short_day(after)} \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", after)]
        current = None if self.query else self.day
        return [(words, self._day_link(day), in_words(day), day == current) for words, day in links]

    @property
    def choosers(self) -> list[FilterSelect]:
        """The filters as selects of one form, which works without JavaScript."""
        return [FilterSelect(spec, self) for spec in self.filter_specs]

    @cached_property
    def sections(self) -> list[PractitionerColumn]:
        sections: list[PractitionerColumn] = []
        in_two_places = _in_two_places(self.result_list)
        for appointment in self.result_list:
            last = sections[-1] if sections else None
            if last is None or (last.practitioner, last.day) != (appointment.practitioner, appointment.local_on):
                last = PractitionerColumn(appointment.practitioner, appointment.local_on, [])
                sections.append(last)
            last.rows.append(DayRow(appointment, has_other_visit=appointment.pk in in_two_places))
        return sections

    @property
    def visit_count(self) -> int:
        return sum(section.count for section in self.sections)
