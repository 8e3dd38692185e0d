"""Time off in the calendar: each row of it is a shade of its own, which leads to its panel."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from django.utils.translation import gettext

from booking.availability import Reason, TimeOffSpan, instant
from booking.desk.calendar import grid
from booking.desk.calendar.board import Shade
from booking.models import Location, TimeOff


def load_absences(people: Collection[int], days: Collection[date]) -> dict[int, list[TimeOff]]:
    """Time off on these days by practitioner id. One query."""
    found: dict[int, list[TimeOff]] = defaultdict(list)
    rows = TimeOff.objects.filter(practitioner__in=people, starts_on__lte=max(days), ends_on__gte=min(days))
    for row in rows.order_by("starts_on", "start_time", "pk"):
        found[row.practitioner_id].append(row)
    return found


def away_shades(
    rows: Sequence[TimeOff], places: Sequence[Location], on: date, shown: grid.Span, *, sees_reasons: bool
) -> list[Shade]:
    """The shades of a practitioner's time off on one day. At locations in one time zone they are the same."""
    shades = []
    for row in rows:
        span = TimeOffSpan(row.starts_on, row.start_time, row.ends_on, row.end_time)
        for place in places:
            begins, ends = (instant(second).astimezone(place.zone) for second in span.at(place.zone))
            start, end = max(grid.minute_on(begins, on), shown[0]), min(grid.minute_on(ends, on), shown[1])
            if start < end:
                detail = reason_of(row) if sees_reasons else ""
                cell = grid.cell((start, end), shown)
                shades.append(Shade(cell, gettext("Away"), detail, (start, end), Reason.TIME_OFF, row.pk))
    return list(dict.fromkeys(shades))


def is_closed_all_day(shades: Sequence[Shade]) -> bool:
    return len(shades) == 1 and shades[0].is_closure


def reason_of(row: TimeOff) -> str:
    """Sick; Sick: flu; flu. Empty if none was given."""
    return ": ".join(filter(None, [row.get_kind_display() if row.kind else "", row.note]))
