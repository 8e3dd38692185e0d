"""Calendar files of appointments (iCalendar, RFC 5545; invitations as in iTIP, RFC 5546).

One UID for the appointment's life and a SEQUENCE that rises with each change, so that a calendar
moves its entry instead of adding another. Times are UTC instants: a VTIMEZONE could be built from
zone data that still changes Alberta's clocks. The wall time stands in the description, in words.
Nothing here says what the visit is for: calendars are shared with families and employers.
"""

import unicodedata
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from icalendar import Alarm, Calendar, Event, vCalAddress

from booking.models import Appointment, Clinic
from booking.words import clock, day

REMIND_BEFORE = timedelta(hours=2)
_JOINERS = "\u200c\u200d"  # They shape letters in Persian, Hindi and other scripts.


def calendar_file(appointment: Appointment, *, now: datetime, cancelled: bool = False) -> bytes:
    """The appointment as an ``.ics`` file: METHOD REQUEST, or CANCEL to take it out of calendars.

    An invitation needs somebody who is invited (RFC 5546, 3.2.2): for a caller without an e-mail
    address, the file is published instead.
    """
    clinic = Clinic.objects.get()
    title = one_line(f"Appointment at {clinic.name}")
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic website//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    invited = appointment.patient is not None and appointment.patient.email
    calendar.add("method", "CANCEL" if cancelled else "REQUEST" if invited else "PUBLISH")

    event = Event()
    event.add("uid", str(appointment.uid))
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("summary", title)
    event.add("location", one_line(appointment.location.address))
    event.add("description", _description(appointment, clinic, cancelled=cancelled))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    event.add("organizer", _person(clinic.email, CN=one_line(clinic.name).replace('"', "'")))
    if appointment.patient is not None and appointment.patient.email:
        # Already accepted: the patient's calendar has nobody to answer.
        event.add("attendee", _person(appointment.patient.email, PARTSTAT="ACCEPTED", RSVP="FALSE"))
    if not cancelled:
        event.add_component(_alarm(title))
    calendar.add_component(event)
    return calendar.to_ical()


def one_line(text: str) -> str:
    """The text on one line, without control characters or marks that turn the reading order.

    Forms refuse those already; what stands in a calendar line or a mail's header must not rely on it.
    """
    return " ".join("".join(" " if _cannot_be_seen(character) else character for character in text).split())


def _cannot_be_seen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in _JOINERS


def _description(appointment: Appointment, clinic: Clinic, *, cancelled: bool) -> str:
    location = appointment.location
    when = f"{day(appointment.local_on)} at {clock(appointment.local_time)}, {location.time_zone_label}"
    phone = (location.phone or clinic.phone).as_national
    if cancelled:
        lines = [f"Cancelled. It was to be on {when}.", f"To book another time, call {phone}."]
    else:
        lines = [
            f"{when}.",
            f"With {appointment.practitioner.name}.",
            f"To change or cancel, use the link in our mail, or call {phone}.",
        ]
    return "\n".join(one_line(line) for line in [*lines, f"Reference {appointment.reference}."])


def _person(email: str, **params: str) -> vCalAddress:
    """A calendar user address; characters that a mailto: address may not hold are percent-encoded."""
    address = vCalAddress("mailto:" + quote(email, safe="@+._-"))
    for name, value in params.items():
        address.params[name] = value
    return address


def _alarm(title: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -REMIND_BEFORE)
    alarm.add("description", title)
    return alarm
