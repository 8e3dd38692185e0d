"""The words of ``booking.words`` as template filters: ``{{ opening.starts_at|at:location|day }}``."""

from datetime import date, timedelta
from typing import Any

from django import template
from django.template.defaultfilters import length as count

from booking.text import lines_of
from booking.words import (
    at,
    clock,
    date_in_words,
    day,
    day_without_year,
    duration,
    instant,
    lengths,
    lengths_of,
    money,
    prices,
    prices_of,
    weekday,
)

register = template.Library()
for function in (
    at,
    clock,
    date_in_words,
    day,
    day_without_year,
    instant,
    lengths,
    lengths_of,
    lines_of,
    money,
    prices,
    prices_of,
    weekday,
):
    register.filter(function.__name__, function)


@register.filter
def length(value: Any) -> str | int:
    """A duration in words; anything else is counted, as by Django's own filter of that name."""
    return duration(value) if isinstance(value, timedelta) else count(value)


@register.filter
def from_day(address: str, on: date) -> str:
    """The address of a page of times, from a day on: it holds no ``from`` yet."""
    return f"{address}{'&' if '?' in address else '?'}from={on.isoformat()}"
