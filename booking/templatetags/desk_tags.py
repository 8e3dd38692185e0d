"""Tags and filters of the front desk."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.translation import ngettext

from booking.formatting import clock_change_note, short_day
from booking.models import Appointment
from booking.staff.formats import format_instant, span, staff_name

register = template.Library()
register.filter("short_day", short_day)
register.filter("span", span)
register.filter("local_instant", format_instant)
register.filter("staff_name", staff_name)
MINUTE = timedelta(minutes=1)


@register.filter
def clock_short(value: datetime) -> str:
    """10:45, where a.m. or p.m. is clear; at a clock change with the note which of two it is."""
    return f"{value.hour % 12 or 12}:{value.minute:02}{clock_change_note(value)}"


@register.filter
def short_length(length: timedelta) -> str:
    """30 min; 1 h; 1 h 15."""
    hours, minutes = divmod(length // MINUTE, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02}" if minutes else f"{hours} h"


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
    return str(params.url(appointment="", with_=column.practitioner, at=block.starts_at.time(), do=""))


@register.simple_tag
def panel_url(params: Any, visit: Appointment, do: str) -> str:
    """The calendar with this panel of ``?do=`` for the visit."""
    return str(params.url(day=visit.local_on, appointment=visit.reference, with_=None, at=None, do=do))
