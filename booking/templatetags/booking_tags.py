"""Tags for the booking pages: web calendar links, and links to the times of a service."""

from typing import Any
from urllib.parse import urlencode

from django import template

from booking.ical import web_links
from booking.models import Appointment

register = template.Library()


@register.simple_tag(takes_context=True)
def calendars_on_the_web(context: template.Context, appointment: Appointment) -> list[Any]:
    clinic = context.get("clinic")
    return web_links.web_calendars(appointment, clinic) if clinic else []


@register.simple_tag
def times_query(visit: str, came_from: str = "") -> str:
    """The query of a link to the times page: "?visit=new&from=home". Empty for what has not been said."""
    values = {"visit": visit if visit != "anyone" else "", "from": came_from}
    query = urlencode({name: value for name, value in values.items() if value})
    return f"?{query}" if query else ""
