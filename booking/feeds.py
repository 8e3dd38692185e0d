"""A practitioner's own visits as a calendar to subscribe to (RFC 5545, RFC 7986).

Entries have identifiers of their own, made from the visit's: a practitioner may also have a mail's
file of the same visit in their calendar, and calendars that find one UID twice take one away or
move the wrong entry. A subscribed calendar is read as a whole each time, so a cancelled visit is
simply gone. Nothing says what a visit is for, and patients are initials unless their practitioner
has chosen names: such calendars are shared, and shown on telephones.
"""

import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from icalendar import Calendar, Event, vText

from booking.calendars import one_line
from booking.models import AGREED, Appointment, Clinic, Patient, Practitioner, Status

BACK = timedelta(days=30)
AHEAD = timedelta(days=731)  # As far ahead as staff can book.
ASK_AGAIN = timedelta(minutes=15)


def feed_of(practitioner: Practitioner, *, now: datetime) -> bytes:
    """The visits of the last 30 days and all that lie ahead; the same bytes as long as nothing changes."""
    clinic = Clinic.objects.first()
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic website//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    name = one_line(f"{practitioner.name}, {clinic.name}" if clinic else practitioner.name)
    # Said to be text, for the library does not know it of these two, and would leave commas as they are.
    calendar.add("name", vText(name))
    calendar.add("x-wr-calname", vText(name))
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    visits = (
        Appointment.objects.filter(practitioner=practitioner, status__in=AGREED)
        .filter(starts_at__gte=now - BACK, starts_at__lt=now + AHEAD)
        .exclude(status=Status.CANCELLED)
        .select_related("patient", "location", "room")
        .order_by("starts_at", "pk")
    )
    for visit in visits:
        calendar.add_component(_entry(visit, with_name=practitioner.feed_shows_names))
    return calendar.to_ical()


def initials(patient: Patient) -> str:
    """A. M. for Alice Martin: the first letter of each word of the name, three at most."""
    letters = [word[0].upper() for word in one_line(patient.name).split() if word[0].isalpha()]
    return " ".join(f"{letter}." for letter in letters[:3])


def _entry(visit: Appointment, *, with_name: bool) -> Event:
    patient = visit.patient
    who = (one_line(patient.name) if with_name else initials(patient)) if patient else ""
    page = settings.SITE_URL + reverse("admin:booking_appointment_change", args=[visit.pk])
    place = f"{visit.location.name}, {visit.room.name}" if visit.room else visit.location.name
    event = Event()
    event.add("uid", str(uuid.uuid5(visit.uid, "practitioner")))
    event.add("sequence", visit.sequence)
    event.add("dtstamp", visit.updated_at.astimezone(UTC))
    event.add("last-modified", visit.updated_at.astimezone(UTC))
    event.add("dtstart", visit.starts_at.astimezone(UTC))
    event.add("dtend", visit.ends_at.astimezone(UTC))
    event.add("summary", f"Visit: {who}" if who else "Visit")
    event.add("location", one_line(place))
    event.add("description", f"Reference {visit.reference}.\n{page}")
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event
