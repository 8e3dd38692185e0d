"""Tags for the booking pages: web calendar links."""

from typing import Any

from django import template

from booking.ical import web_links
from booking.models import Appointment

register = template.Library()


@register.simple_tag(takes_context=True)
def calendars_on_the_web(context: template.Context, appointment: Appointment) -> list[Any]:
    clinic = context.get("clinic")
    return web_links.web_calendars(appointment, clinic) if clinic else []
