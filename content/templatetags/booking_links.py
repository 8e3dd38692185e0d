"""Links from content pages to booking, which name the page that they stand on."""

from typing import Any
from urllib.parse import urlencode

from django import template

from booking.models import Practitioner
from content.models import Page
from content.site.booking_pages import booking_name

register = template.Library()


@register.simple_tag(takes_context=True)
def booking_link(context: template.Context, address: str, **params: Any) -> str:
    """The address with these parameters and ``from``, the name of this page.

    Links that nobody presses, such as those for search engines, are written without it.
    """
    page = context.get("page")
    if isinstance(page, Page):
        params["from"] = booking_name(page)
    elif isinstance(context.get("person"), Practitioner):
        params["from"] = Page.Kind.TEAM.value
    query = urlencode({name: value for name, value in params.items() if value})
    return f"{address}{'&' if '?' in address else '?'}{query}" if query else address
