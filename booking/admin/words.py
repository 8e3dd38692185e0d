"""Times and people in the words of the house, for the office's pages."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from phonenumber_field.phonenumber import PhoneNumber

from booking.models import Appointment
from booking.words import MONTHS, WEEKDAYS, at, clock, day

__all__ = ["clock", "colour_mark", "day", "mail_link", "moment", "phone_in_words", "phone_link", "short_day", "span"]


def short_day(value: date) -> str:
    """Such as "Tue 24 Nov 2026", where days stand in a column."""
    return f"{WEEKDAYS[value.weekday()][:3]} {value.day} {MONTHS[value.month - 1][:3]} {value.year}"


def moment(instant: datetime | None, appointment: Appointment | None = None) -> str:
    """An instant on the clock of the appointment's place, else on the clinic's: the office's current time zone."""
    if instant is None:
        return ""
    local = at(instant, appointment.location) if appointment else timezone.localtime(instant)
    return f"{short_day(local)}, {clock(local)}"


def span(appointment: Appointment) -> str:
    """From when to when, on the location's clock: "9:00 to 9:45 am"."""
    start, end = appointment.local_start, appointment.local_end
    begin = clock(start)
    if (start.hour < 12) == (end.hour < 12) and start.date() == end.date():
        begin = begin.removesuffix(" am").removesuffix(" pm")
    return f"{begin} to {clock(end)}"


def phone_in_words(phone: PhoneNumber) -> str:
    """A number as people write it here: "403-555-0123"; numbers from abroad with their country."""
    if phone.country_code != 1:
        return str(phone.as_international)
    return str(phone.as_national).replace("(", "").replace(") ", "-")


def phone_link(phone: PhoneNumber | None) -> SafeString | str:
    """A number to press on a phone."""
    return format_html('<a href="{}">{}</a>', phone.as_rfc3966, phone_in_words(phone)) if phone else ""


def mail_link(email: str) -> SafeString | str:
    return format_html('<a href="mailto:{}">{}</a>', email, email) if email else ""


def colour_mark(colour: str) -> SafeString:
    """A dot in a practitioner's colour. An attribute, because the page allows no inline styles."""
    return format_html(
        '<svg class="colour-mark" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
        '<circle cx="7" cy="7" r="6" fill="{}" stroke="currentColor"/></svg>',
        colour,
    )
