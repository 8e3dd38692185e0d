"""Tags and filters of the front desk."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.utils.translation import gettext, ngettext

from booking.formatting import clock_change_note, short_day
from booking.models import Appointment, Practitioner
from booking.staff.formats import span

register = template.Library()
register.filter("short_day", short_day)
register.filter("span", span)
MINUTE = timedelta(minutes=1)


@register.filter
def clock_short(value: datetime) -> str:
    """10:45, where a.m. or p.m. is clear; at a clock change with the note which of two it is."""
    return f"{value.hour % 12 or 12}:{value.minute:02}{clock_change_note(value)}"


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
    return str(params.url(day=visit.local_on, appointment=visit.reference, with_=None, at=None, do=""))


@register.simple_tag
def gap_url(params: Any, column: Any, block: Any) -> str:
    """The calendar with this gap in its panel."""
    return str(params.url(day=column.on, appointment="", with_=column.practitioner, at=block.starts_at.time(), do=""))
