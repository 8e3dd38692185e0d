"""Format times, phone numbers and email addresses for the admin."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from phonenumber_field.phonenumber import PhoneNumber

from booking.formatting import at, clock, clock_change_note, clock_face, day, format_phone
from booking.formatting import short_day as short_day_without_year
from booking.models import Appointment

__all__ = [
    "clock",
    "colour_mark",
    "day",
    "format_instant",
    "format_phone",
    "mail_link",
    "phone_link",
    "short_day",
    "span",
    "staff_name",
]


def short_day(value: date) -> str:
    """Short date for tables: "Tue, Nov 24, 2026"."""
    return f"{short_day_without_year(value)}, {value.year}"


def format_instant(instant: datetime | None, appointment: Appointment | None = None) -> str:
    """An instant in the time zone of the appointment's location, else in the current time zone."""
    if instant is None:
        return ""
    local = at(instant, appointment.location) if appointment else timezone.localtime(instant)
    return f"{short_day(local)}, {clock(local)}"


def span(appointment: Appointment) -> str:
    """Start and end in the location's time zone: "9:00 to 9:45 a.m."; "1:00 to 1:45 a.m., after the clock change"."""
    start, end = appointment.local_start, appointment.local_end
    if clock_change_note(start) != clock_change_note(end):
        return f"{clock(start)}, to {clock(end)}"
    begin = clock_face(start)
    if (start.hour < 12) == (end.hour < 12) and start.date() == end.date():
        begin = begin.removesuffix(" a.m.").removesuffix(" p.m.")
    return f"{begin} to {clock(end)}"


def phone_link(phone: PhoneNumber | None) -> SafeString | str:
    """A ``tel:`` link, empty without a number."""
    return format_html('<a href="{}">{}</a>', phone.as_rfc3966, format_phone(phone)) if phone else ""


def mail_link(email: str) -> SafeString | str:
    return format_html('<a href="mailto:{}">{}</a>', email, email) if email else ""


def colour_mark(colour: str) -> SafeString:
    """A dot in a practitioner's colour: an SVG attribute, because the CSP forbids inline styles."""
    return format_html(
        '<svg class="colour-mark" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
        '<circle cx="7" cy="7" r="6" fill="{}" stroke="currentColor"/></svg>',
        colour,
    )


def staff_name(user: Any) -> str:
    """A staff member's full name, else the user name."""
    return str(user.get_full_name() or user.get_username()) if user else ""
