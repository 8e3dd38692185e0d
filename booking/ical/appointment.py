"""Calendar files of appointments (iCalendar, RFC 5545; invitations as in iTIP, RFC 5546).

The UID is constant and SEQUENCE is incremented with each change, so a calendar updates its entry
instead of adding another. Times are in UTC: a VTIMEZONE could be built from outdated time zone data for
Alberta. The description contains the wall time. The service is not mentioned: calendars are shared with
families and employers.
"""

import unicodedata
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from icalendar import Alarm, Calendar, Event, vCalAddress

from booking.formatting import clock, day, format_phone
from booking.models import Appointment, Clinic

REMIND_BEFORE = timedelta(hours=2)
_PLAIN_IN_MAILTO = "@!$'*+-._~"
_JOINERS = "\u200c\u200d"  # Part of the spelling in Persian, Hindi and other scripts.


def calendar_file(
    appointment: Appointment, *, now: datetime, cancelled: bool = False, published: bool = False
) -> bytes:
    """The appointment as an ``.ics`` file: METHOD is REQUEST, or CANCEL to remove it from calendars.

    Those two are for e-mails to the attendee (RFC 5546, 3.2.2). If ``published``, for a file that is downloaded, METHOD
    is PUBLISH and there is no attendee: Outlook refuses to save an invitation of another account's address. The same
    for a patient without an e-mail address.
    """
    clinic = Clinic.objects.get()
    title = one_line(f"Appointment at {clinic.name}")
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic website//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    attendee = appointment.patient.email if appointment.patient is not None and not published else ""
    is_published = published or not (attendee or cancelled)
    calendar.add("method", "PUBLISH" if is_published else "CANCEL" if cancelled else "REQUEST")

    event = Event()
    event.add("uid", str(appointment.uid))
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("summary", title)
    event.add("location", one_line(appointment.service.where(appointment.location)))
    event.add("description", _description(appointment, clinic, cancelled=cancelled))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    event.add("organizer", _calendar_address(clinic.email, CN=one_line(clinic.name).replace('"', "'")))
    if attendee:
        # ACCEPTED without RSVP, so that the patient's calendar sends no reply.
        event.add("attendee", _calendar_address(attendee, PARTSTAT="ACCEPTED", RSVP="FALSE"))
    if not cancelled:
        event.add_component(_alarm(title))
    calendar.add_component(event)
    return calendar.to_ical()


def with_ascii_domain(email: str) -> str:
    """The e-mail address with its domain as A-labels (IDNA), which every mail server and calendar reads."""
    local, at, domain = email.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}" if not domain.isascii() else email
    except UnicodeError:  # Not a domain; the mail server will say so.
        return email


def one_line(text: str) -> str:
    """The text on one line, without control characters and bidirectional controls.

    Forms reject those already; calendar lines and e-mail headers must not rely on that (injection).
    """
    return " ".join("".join(" " if _is_invisible(character) else character for character in text).split())


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in _JOINERS


def _description(appointment: Appointment, clinic: Clinic, *, cancelled: bool) -> str:
    location = appointment.location
    when = f"{day(appointment.local_on)} at {clock(appointment.promised_start)}, {location.time_zone_label}"
    phone = format_phone(location.phone or clinic.phone)
    if cancelled:
        lines = [f"Cancelled. It was on {when}.", f"To book another time, call us at {phone}."]
    else:
        lines = [
            f"{when}.",
            f"With {appointment.practitioner.name}.",
            f"To change or cancel, use the link in our email, or call us at {phone}.",
        ]
    return "\n".join(one_line(line) for line in [*lines, f"Reference {appointment.reference}."])


def _calendar_address(email: str, **params: str) -> vCalAddress:
    """A calendar user address (CAL-ADDRESS): the address as in the e-mail's To, so that calendars find their owner.

    Percent-encoded is only what a mailto: URL cannot hold (RFC 6068, 2).
    """
    address = vCalAddress("mailto:" + quote(with_ascii_domain(email), safe=_PLAIN_IN_MAILTO))
    for name, value in params.items():
        address.params[name] = value
    return address


def _alarm(title: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -REMIND_BEFORE)
    alarm.add("description", title)
    return alarm
