"""Filters of the clinic's numbers."""

from decimal import Decimal
from typing import Any

from django import template

from booking.formatting import money

register = template.Library()


@register.filter
def figure(cell: Any) -> str:
    """A cell of a table: 1,284; $48,200; "under 5"; a dash for nothing."""
    if isinstance(cell, Decimal):
        return money(cell)
    if isinstance(cell, int):
        return f"{cell:,}"
    return "–" if cell is None else str(cell)
