"""Busy times of practitioners' own calendars in the desk's calendar: shaded, with their age and without titles."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext

from booking.availability import DayPlan, Reason, instant, intersections
from booking.desk.calendar import grid
from booking.desk.calendar.board import Shade
from booking.desk.own_calendars.state import read_ago
from booking.models import ExternalCalendar, Location, Practitioner


@dataclass(frozen=True)
class OwnCalendars:
    """What the desk says of the calendars of one practitioner. ``age``: that of the one that was read first."""

    practitioner: Practitioner
    age: str
    is_unread: bool


def load_own_calendars(practitioners: Collection[Practitioner], now: datetime) -> dict[int, OwnCalendars]:
    """By practitioner id, of those who have given any. One query."""
    people = {person.pk: person for person in practitioners}
    rows: dict[int, list[ExternalCalendar]] = defaultdict(list)
    columns = ("practitioner", "last_read_at", "added_at")
    for row in ExternalCalendar.objects.filter(practitioner__in=people).order_by("pk").only(*columns):
        rows[row.practitioner_id].append(row)
    return {person: _summary(people[person], own, now) for person, own in rows.items()}


def busy_shades(
    plans: Sequence[tuple[Location, DayPlan]], on: date, shown: grid.Span, own: OwnCalendars | None
) -> list[Shade]:
    """When they are busy, within their hours. At locations in one time zone the shades are the same."""
    shades = []
    for place, plan in plans:
        for interval in intersections(plan.hours, plan.busy):
            begins, ends = (instant(second).astimezone(place.zone) for second in interval)
            span = grid.span_on(begins, ends, on)
            detail = own.age if own else ""
            shades.append(Shade(grid.cell(span, shown), gettext("Busy"), detail, span, Reason.OWN_CALENDAR))
    return list(dict.fromkeys(shades))


def _summary(person: Practitioner, rows: Sequence[ExternalCalendar], now: datetime) -> OwnCalendars:
    read = [row.last_read_at for row in rows if row.last_read_at]
    age = gettext("own calendar, read %(ago)s") % {"ago": read_ago(min(read), now)} if read else ""
    return OwnCalendars(person, age, person.is_active and any(row.is_unread(now) for row in rows))
