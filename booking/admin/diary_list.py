"""What the diary shows: one day by practitioner, or what a search found on all days."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from booking.admin.diary_steps import Step, next_steps
from booking.admin.outside import day_address
from booking.admin.words import clock, colour_mark, phone_link, span
from booking.admin.words import day as in_words
from booking.models import AGREED, Appointment, Location, Practitioner, Status, WaitlistOffer

DAY = "day"  # The diary's own word in its address: ?day=2026-11-24
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Row:
    """One appointment as the diary shows it: everything in words, on the location's clock."""

    appointment: Appointment
    next_steps: list[Step]

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
    """For whom on the waitlist a hold is, if for one; nothing for a patient's own."""
    offer: WaitlistOffer | None = getattr(appointment, "waitlist_offer", None)
    if offer is None or offer.state != WaitlistOffer.State.OPEN:
        return ""
    address = reverse("admin:booking_waitlistentry_change", args=[offer.entry_id])
    return format_html('Offered to <a href="{}">{}</a>, on the waitlist', address, offer.entry.name)


@dataclass(frozen=True)
class Section:
    """A practitioner's rows of one day."""

    practitioner: Practitioner
    day: date
    rows: list[Row]

    @property
    def mark(self) -> SafeString:
        return colour_mark(self.practitioner.colour)

    @property
    def heading(self) -> str:
        return in_words(self.day)

    @property
    def address(self) -> str:
        return day_address(self.practitioner, self.day)

    @property
    def count(self) -> int:
        return sum(row.appointment.status not in {Status.CANCELLED, Status.HELD, Status.EXPIRED} for row in self.rows)


class StatusFilter(admin.SimpleListFilter):
    """Holds are no appointments yet, so they are shown only when somebody asks for them."""

    title = "status"
    parameter_name = "status"
    everything = "All appointments"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        agreed = [(status.value, str(status.label)) for status in AGREED]
        return [*agreed, (Status.HELD.value, "Held just now")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": self.everything}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == Status.HELD:
            return queryset.filter(status=Status.HELD, hold_expires_at__gt=timezone.now())
        if self.value() in AGREED:
            return queryset.filter(status=self.value())
        return queryset.filter(status__in=AGREED)


class Chooser:
    """One of the admin's filters, to show as a box in a form instead of a list of links."""

    def __init__(self, spec: Any, diary: Any) -> None:
        (self.name,) = spec.expected_parameters()[:1]
        self.title = str(spec.title)
        first, *others = spec.choices(diary)
        self.any = f"Any {self.title}" if first["display"] != StatusFilter.everything else first["display"]
        self.options = [(self._value(choice), choice["display"], choice["selected"]) for choice in others]

    def _value(self, choice: dict[str, Any]) -> str:
        return parse_qs(choice["query_string"].removeprefix("?")).get(self.name, [""])[0]


def _without_empty(asked: QueryDict) -> QueryDict:
    """A form sends its empty boxes, too; for the list they are not there."""
    filled = QueryDict(mutable=True)
    for name, values in asked.lists():
        if any(values):
            filled.setlist(name, values)
    return filled


class DiaryList(ChangeList):
    """One day, unless something is searched for: then all days, the latest first."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        request.GET = _without_empty(request.GET)  # type: ignore[assignment]
        self.locations = list(Location.objects.all())
        self.today = self._today(request)
        self.day, self.day_was_odd = self._chosen_day(request)
        super().__init__(request, *args, **kwargs)
        self.title = f"Search: {self.query}" if self.query else in_words(self.day)

    def _today(self, request: HttpRequest) -> date:
        """Today on the clock of the location that is looked at, else of the first one."""
        chosen = [place for place in self.locations if str(place.pk) == request.GET.get("location__id__exact")]
        place = next(iter(chosen or self.locations), None)
        now = timezone.now()
        return now.astimezone(place.zone).date() if place else now.date()

    def _chosen_day(self, request: HttpRequest) -> tuple[date, bool]:
        written = request.GET.get(DAY, "")
        try:
            chosen = date.fromisoformat(written) if written else self.today
        except ValueError:
            return self.today, True
        return (chosen, False) if EARLIEST <= chosen <= LATEST else (self.today, True)

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        found.pop(DAY, None)
        return found

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
        return self.locations[0].time_zone_label if len(self.locations) == 1 else "each location's own time"

    def _day_link(self, day: date) -> str:
        return self.get_query_string({DAY: day.isoformat()}, remove=["q"])

    @property
    def days_around(self) -> list[tuple[str, str, str, bool]]:
        """Links to the day before, today and the day after: what they say, where, which and whether it is here."""
        before, after = self.day - timedelta(days=1), self.day + timedelta(days=1)
        links = [(f"\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK} {before:%a} {before.day} {before:%b}", before)]
        links += [("Today", self.today)]
        links += [(f"{after:%a} {after.day} {after:%b} \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", after)]
        here = None if self.query else self.day
        return [(words, self._day_link(day), in_words(day), day == here) for words, day in links]

    @property
    def choosers(self) -> list[Chooser]:
        """The filters as the boxes of one small form, so that it works without scripts."""
        return [Chooser(spec, self) for spec in self.filter_specs]

    @cached_property
    def sections(self) -> list[Section]:
        sections: list[Section] = []
        now = timezone.now()
        for appointment in self.result_list:
            last = sections[-1] if sections else None
            if last is None or (last.practitioner, last.day) != (appointment.practitioner, appointment.local_on):
                last = Section(appointment.practitioner, appointment.local_on, [])
                sections.append(last)
            last.rows.append(Row(appointment, next_steps(appointment, now=now)))
        return sections

    @property
    def visit_count(self) -> int:
        return sum(section.count for section in self.sections)
