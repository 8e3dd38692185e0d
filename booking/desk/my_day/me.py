"""/desk/me/: a practitioner's own hours, time off, calendar feed and team page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.desk.calendar.load import local_today
from booking.desk.calendar.params import CalendarParams
from booking.models import Break, HoursOverride, Location, Practitioner, TimeOff, Weekday, WorkingHours
from booking.staff.access import desk_page, own_practitioner, staff_page
from booking.staff.page_drafts import draft_of
from booking.tokens import feed_url


@dataclass(frozen=True)
class WeekdayHours:
    """The hours and breaks of one weekday."""

    label: str
    hours: Sequence[WorkingHours]
    breaks: Sequence[Break]


@require_safe
@staff_page(own="booking.view_own_day")
def me(request: HttpRequest) -> HttpResponse:
    person = own_practitioner(request)
    assert person is not None
    locations = list(Location.objects.all())
    today = local_today(locations, timezone.now())
    url = feed_url(person)
    context = {
        "section": "me",
        "person": person,
        "today": today,
        "params": CalendarParams(day=today),
        "locations": locations,
        "weekdays": _weekdays(person, today),
        "other_days": _other_days(person, today),
        "time_off": TimeOff.objects.filter(practitioner=person, ends_on__gte=today).order_by("starts_on", "start_time"),
        "feed_url": url,
        "subscribe_url": "webcal:" + url.split(":", 1)[1] if url.startswith("https:") else "",
        "draft": draft_of(person),
    }
    return desk_page(request, "desk/my_day/me.html", context)


def _weekdays(person: Practitioner, today: date) -> list[WeekdayHours]:
    """The weekly hours that are valid today, or will be."""
    valid = Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    hours = list(WorkingHours.objects.filter(valid, practitioner=person).select_related("location"))
    breaks = list(Break.objects.filter(valid, practitioner=person))
    days = [WeekdayHours(str(day.label), _on(hours, day), _on(breaks, day)) for day in Weekday]
    return [day for day in days if day.hours or day.breaks]


Row = TypeVar("Row", WorkingHours, Break)


def _on(rows: Iterable[Row], day: int) -> list[Row]:
    return sorted((row for row in rows if row.weekday == day), key=lambda row: row.start_time)


def _other_days(person: Practitioner, today: date) -> list[HoursOverride]:
    rows = HoursOverride.objects.filter(practitioner=person, on__gte=today).select_related("location")
    return list(rows.order_by("on", "start_time"))
