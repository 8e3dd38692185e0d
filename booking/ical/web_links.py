"""Links that create an entry in Google Calendar or Outlook on the web.

No data is sent before the patient opens a link. Both URL formats have worked for years, but are not
guaranteed by their vendors. Times are in UTC. The entry contains the clinic, the time and the address,
but not the service, the patient, the reference or a link to the appointment.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from booking.formatting import clock, day, format_phone
from booking.ical.appointment import one_line
from booking.models import Appointment, Clinic

_GOOGLE = "https://calendar.google.com/calendar/render"
_OUTLOOK = "https://outlook.live.com/calendar/0/deeplink/compose"


@dataclass(frozen=True)
class WebCalendar:
    name: str
    address: str


def web_calendars(appointment: Appointment, clinic: Clinic) -> list[WebCalendar]:
    """A link for each web calendar, the most used first."""
    title = one_line(f"Appointment at {clinic.name}")
    place = one_line(appointment.service.where(appointment.location))
    details = _details(appointment, clinic)
    starts, ends = appointment.starts_at, appointment.ends_at
    google = _url(
        _GOOGLE,
        action="TEMPLATE",
        text=title,
        dates=f"{_basic(starts)}/{_basic(ends)}",
        details=details,
        location=place,
    )
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": title,
        "startdt": _extended(starts),
        "enddt": _extended(ends),
        "body": details,
        "location": place,
    }
    return [
        WebCalendar("Google Calendar", google),
        WebCalendar("Outlook", _url(_OUTLOOK, **outlook)),
    ]


def _details(appointment: Appointment, clinic: Clinic) -> str:
    """The wall time, for calendars with outdated time zone data, and how to change the appointment."""
    place = appointment.location
    when = f"{day(appointment.local_on)} at {clock(appointment.promised_start)}, {place.time_zone_label}."
    phone = format_phone(place.phone or clinic.phone)
    return one_line(f"{when} To change or cancel, use the link in our email, or call us at {phone}.")


def _url(address: str, **values: str) -> str:
    # Spaces as %20, because Outlook shows + as a plus sign.
    return address + "?" + "&".join(f"{name}={quote(value, safe='/')}" for name, value in values.items())


def _basic(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _extended(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
