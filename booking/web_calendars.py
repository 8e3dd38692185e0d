"""Links that open a calendar on the web with an entry filled in. Nothing is sent before the patient opens one.

Both sites have answered at these addresses for years, and neither promises that they will for ever.
Times are UTC instants. The entry names the clinic, the time and the place: not what the visit is
for, not who comes, nothing that opens or tells of the visit.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from booking.calendars import one_line
from booking.models import Appointment, Clinic
from booking.words import clock, day

_GOOGLE = "https://calendar.google.com/calendar/render"
_OUTLOOK = "https://outlook.live.com/calendar/0/deeplink/compose"
_OUTLOOK_AT_WORK = "https://outlook.office.com/calendar/0/deeplink/compose"


@dataclass(frozen=True)
class WebCalendar:
    name: str
    address: str


def web_calendars(appointment: Appointment, clinic: Clinic) -> list[WebCalendar]:
    """A link for each program, the most used first."""
    title = one_line(f"Appointment at {clinic.name}")
    place = one_line(appointment.location.address)
    details = _details(appointment, clinic)
    starts, ends = appointment.starts_at, appointment.ends_at
    google = _with(
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
        WebCalendar("Outlook.com", _with(_OUTLOOK, **outlook)),
        WebCalendar("Outlook at work or school", _with(_OUTLOOK_AT_WORK, **outlook)),
    ]


def _details(appointment: Appointment, clinic: Clinic) -> str:
    """The wall time in words, for a calendar whose zone data is old, and how to change the visit."""
    place = appointment.location
    when = f"{day(appointment.local_on)} at {clock(appointment.local_time)}, {place.time_zone_label}."
    phone = (place.phone or clinic.phone).as_national
    return one_line(f"{when} To change or cancel, use the link in our mail, or call {phone}.")


def _with(address: str, **values: str) -> str:
    # %20 and not +, which Outlook shows as a plus sign.
    return address + "?" + "&".join(f"{name}={quote(value, safe='/')}" for name, value in values.items())


def _basic(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _extended(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
