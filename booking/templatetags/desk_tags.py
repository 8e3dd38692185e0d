"""Tags and filters of the front desk."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.utils.translation import gettext, ngettext

from booking.formatting import clock_change_note, parts_of_day, short_day
from booking.models import Appointment, Patient, Practitioner
from booking.staff.formats import format_instant, span, staff_name
from booking.staff.quiet_names import quiet_name

register = template.Library()
register.filter("short_day", short_day)
register.filter("parts_of_day", parts_of_day)
register.filter("span", span)
register.filter("local_instant", format_instant)
register.filter("staff_name", staff_name)
MINUTE = timedelta(minutes=1)


@register.filter
def of_row(values: Mapping[int, Any], row: Any) -> Any:
    """The value of this row, among values by primary key; None without one."""
    return values.get(row.pk)


@register.filter
def clock_short(value: datetime) -> str:
    """10:45, where a.m. or p.m. is clear; at a clock change with the note which of two it is."""
    return f"{value.hour % 12 or 12}:{value.minute:02}{clock_change_note(value)}"


@register.filter
def shown_name(patient: Patient, is_quiet: bool) -> str:
    """The patient's name; in quiet mode as first name and initial."""
    return quiet_name(patient.name) if is_quiet else patient.name


@register.filter
def until(value: datetime) -> str:
    """to 10:45. Without ``blocktranslate``, which takes longer than all else in a block of the calendar."""
    return gettext("to %(time)s") % {"time": clock_short(value)}


@register.filter
def count_waiting(entries: Sequence[Any]) -> str:
    return ngettext("%(count)d waiting", "%(count)d waiting", len(entries)) % {"count": len(entries)}


@register.filter
def short_length(length: timedelta) -> str:
    """30 min; 1 h; 1 h 15."""
    hours, minutes = divmod(length // MINUTE, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02}" if minutes else f"{hours} h"


@register.simple_tag
def week_span(days: Sequence[date], today: date) -> str:
    """Nov 30 – Dec 6; with the year if it is another."""
    first, last = (short_day(day).partition(", ")[2] for day in (days[0], days[-1]))
    return f"{first} – {last}" if days[-1].year == today.year else f"{first} – {last}, {days[-1].year}"


@register.simple_tag
def day_url(params: Any, on: date) -> str:
    """The day of everyone."""
    return str(params.day_url(on))


@register.simple_tag
def column_url(params: Any, column: Any) -> str:
    """The same calendar without a panel, on the column's day: what the addresses of its visits begin with."""
    return str(params.column_url(column.on))


@register.simple_tag
def week_url(params: Any, person: Practitioner) -> str:
    """The week of one practitioner."""
    return str(params.week_url(person))


@register.filter
def minutes_left(until: datetime, now: datetime) -> str:
    minutes = max(-((now - until) // MINUTE), 1)
    return ngettext("%(count)d minute left", "%(count)d minutes left", minutes) % {"count": minutes}


@register.simple_tag
def visit_url(params: Any, visit: Appointment) -> str:
    """The calendar with this visit in its panel, on the visit's day."""
    return str(params.visit_url(visit))


@register.simple_tag
def panel_url(params: Any, visit: Appointment, name: str = "") -> str:
    """The calendar on its present day with a panel about this visit: "move", "cancel", "rebook", "series"."""
    return str(params.url(appointment=visit.reference, with_=None, at=None, do=name))


@register.simple_tag
def move_target(moving: Any, column: Any, gap: Any) -> Any:
    """Where in the gap the visit that is being moved would begin, or why it does not fit."""
    return moving.target(column, gap)


@register.simple_tag
def gap_url(params: Any, column: Any, block: Any) -> str:
    """The calendar with this gap in its panel."""
    return str(params.gap_url(column.practitioner, column.on, block.starts_at.time()))


@register.simple_tag
def away_url(params: Any, shade: Any) -> str:
    """The calendar with the panel of the time off that this shade is."""
    return str(params.panel_url("away", block=shade.time_off))


@register.simple_tag
def block_url(params: Any) -> str:
    """The calendar with the panel "Block time", for the gap that is chosen, if any."""
    return str(params.url(appointment="", do="block", block=0, patient=0))


@register.simple_tag
def running_late(board: Any, visit: Appointment) -> timedelta | None:
    """How late the visit's practitioner said that they are on its day."""
    late_by: timedelta | None = board.late_by_of(visit.practitioner, visit.local_on)
    return late_by


@register.simple_tag
def do_url(params: Any, do: str, practitioner: Any, at: datetime | None = None) -> str:
    """The calendar with the panel ``do`` for a practitioner, from a time on."""
    return str(params.panel_url(do, with_=practitioner, at=at.time() if at else None))


@register.simple_tag
def rebook_url(params: Any, visit: Appointment) -> str:
    """The calendar with the panel that books a visit like this one again."""
    return str(params.panel_url("rebook", day=visit.local_on, appointment=visit.reference))
