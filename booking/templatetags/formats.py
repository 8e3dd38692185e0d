"""The functions of ``booking.formatting`` as template filters: ``{{ slot.starts_at|at:location|local_day }}``."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.defaultfilters import length as count
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from booking.formatting import (
    at,
    clock,
    date_in_words,
    day,
    day_as_of,
    day_without_year,
    duration,
    full_stop,
    instant,
    lengths,
    lengths_of,
    moment,
    money,
    month_and_year,
    prices,
    prices_of,
    relative_day,
    short_date,
    short_weekday,
    weekday,
)
from booking.map_links import directions_url
from booking.models import Location
from booking.text_cleaning import split_lines, unlink

register = template.Library()
for function in (
    at,
    clock,
    date_in_words,
    day,
    day_as_of,
    day_without_year,
    directions_url,
    full_stop,
    instant,
    lengths,
    lengths_of,
    moment,
    money,
    month_and_year,
    prices,
    prices_of,
    relative_day,
    short_date,
    short_weekday,
    split_lines,
    unlink,
    weekday,
):
    register.filter(function.__name__, function)


@register.filter
def where(visit: Any) -> str:
    """Where the patient of a hold, an appointment or a waitlist entry goes, on one line."""
    return str(visit.service.where(visit.location))


@register.filter
def local_day(value: datetime) -> str:
    """The day of a time in its location's zone, as read now: Tuesday, November 24; with the year if it is another."""
    return day_as_of(value, timezone.localdate(timezone=value.tzinfo))


@register.filter
def unbroken_date(words: str) -> str:
    """Keep a day number beside its month: the spaces before numbers do not break."""
    return re.sub(r" (?=\d)", "\N{NO-BREAK SPACE}", words)


@register.filter
def breakable(address: str) -> SafeString:
    """Escape an email address, which may break before its @ and after its dots."""
    return mark_safe(re.sub(r"(?=@)|(?<=[.])", "<wbr>", conditional_escape(address)))  # noqa: S308


@register.filter
def day_at(value: date, location: Location) -> str:
    """As ``local_day``, for a date at this location."""
    return day_as_of(value, timezone.localdate(timezone=location.zone))


@register.filter
def length(value: Any) -> str | int:
    """Format a timedelta with ``duration()``; for other values, Django's own ``length`` filter."""
    return duration(value) if isinstance(value, timedelta) else count(value)


@register.filter
def with_day(address: str, on: date) -> str:
    """Add the ``day`` parameter to the URL of a slot page, which must not have one yet."""
    return f"{address}{'&' if '?' in address else '?'}day={on.isoformat()}"


@register.filter
def with_choice(address: str, choice: Any) -> str:
    """Add the start and the practitioner of a ``SlotChoice`` to the URL of a slot page."""
    query = urlencode({"start": instant(choice.starts_at), "practitioner": choice.person.slug})
    return f"{address}{'&' if '?' in address else '?'}{query}"
