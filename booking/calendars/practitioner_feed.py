"""A practitioner's appointments as an iCalendar feed (RFC 5545, RFC 7986).

UIDs are derived from the appointment's UID, not equal to it: the practitioner's calendar may also contain
the e-mailed file of the same appointment, and calendars that see a UID twice remove or move the wrong
entry. Clients fetch the whole feed each time, so cancelled appointments are just omitted. The service is
not mentioned, and patients are shown by initials unless ``feed_shows_names`` is set: such calendars are
shared and visible on phones.
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from icalendar import Calendar, Event, vText

from booking.ical.appointment import one_line
from booking.models import AGREED, Appointment, Clinic, Patient, Practitioner, Status

LOOK_BACK = timedelta(days=30)
LOOK_AHEAD = timedelta(days=731)  # the horizon of bookings by staff
REFRESH_INTERVAL = timedelta(minutes=15)


def appointments_of(practitioner: Practitioner, *, now: datetime) -> list[Appointment]:
    """The appointments of the last 30 days and all future ones, without cancelled ones."""
    return list(
        Appointment.objects.filter(practitioner=practitioner, status__in=AGREED)
        .filter(starts_at__gte=now - LOOK_BACK, starts_at__lt=now + LOOK_AHEAD)
        .exclude(status=Status.CANCELLED)
        .select_related("patient", "location", "room")
        .order_by("starts_at", "pk")
    )


def feed_of(practitioner: Practitioner, appointments: Iterable[Appointment]) -> bytes:
    """The feed with these appointments.

    Deterministic: the bytes change only with the data, so a hash of them can be the ETag.
    """
    clinic = Clinic.objects.first()
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic website//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    name = one_line(f"{practitioner.name}, {clinic.name}" if clinic else practitioner.name)
    # As vText, because icalendar does not know these properties as text and would not escape commas.
    calendar.add("name", vText(name))
    calendar.add("x-wr-calname", vText(name))
    calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for appointment in appointments:
        calendar.add_component(_event(appointment, with_name=practitioner.feed_shows_names))
    return calendar.to_ical()


def feed_uid(uid: uuid.UUID) -> str:
    """The UID in the feed of the visit with this UID."""
    return str(uuid.uuid5(uid, "practitioner"))


def initials(patient: Patient) -> str:
    """The patient's initials, at most three: A. M. for Alice Martin."""
    letters = [word[0].upper() for word in one_line(patient.name).split() if word[0].isalpha()]
    return " ".join(f"{letter}." for letter in letters[:3])


def _event(appointment: Appointment, *, with_name: bool) -> Event:
    patient = appointment.patient
    who = (one_line(patient.name) if with_name else initials(patient)) if patient else ""
    page = settings.SITE_URL + reverse("admin:booking_appointment_change", args=[appointment.pk])
    place = f"{appointment.location.name}, {appointment.room.name}" if appointment.room else appointment.location.name
    event = Event()
    event.add("uid", feed_uid(appointment.uid))
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", appointment.updated_at.astimezone(UTC))
    event.add("last-modified", appointment.updated_at.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("summary", f"Visit: {who}" if who else "Visit")
    event.add("location", one_line(place))
    event.add("description", f"Reference {appointment.reference}.\n{page}")
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event
