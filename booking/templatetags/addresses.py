"""Addresses of the booking pages, with one thing asked for in addition."""

from datetime import date, datetime

from django import template

from booking.views.asked import write_instant

register = template.Library()


@register.filter
def from_day(address: str, on: date) -> str:
    """The same address, from a day on: it holds no ``from`` yet."""
    return f"{address}{'&' if '?' in address else '?'}from={on.isoformat()}"


@register.filter
def instant(value: datetime) -> str:
    """An instant as our links write it."""
    return write_instant(value)
