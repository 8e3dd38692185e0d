"""The links to calendars on the web, in templates that know the clinic anyway."""

from typing import Any

from django import template

from booking import web_calendars
from booking.models import Appointment

register = template.Library()


@register.simple_tag(takes_context=True)
def calendars_on_the_web(context: template.Context, appointment: Appointment) -> list[Any]:
    clinic = context.get("clinic")
    return web_calendars.web_calendars(appointment, clinic) if clinic else []
