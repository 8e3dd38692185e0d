"""Calendar files: the right time, updates and cancellations of the same entry, and no health information."""

import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from booking.ical.appointment import calendar_file, one_line
from tests.support.factories import (
    make_appointment,
    make_clinic,
    make_location,
    make_patient,
    make_practitioner,
    make_service,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointment():
    make_clinic()
    return make_appointment()


def event_of(file: bytes) -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    return event


def unfolded(file: bytes) -> list[str]:
    """The content lines, unfolded without a parser (RFC 5545, 3.1)."""
    return file.replace(b"\r\n ", b"").decode().split("\r\n")


def test_times_are_in_utc(appointment, now):
    lines = unfolded(calendar_file(appointment, now=now))
    assert "DTSTART:20261124T171500Z" in lines
    assert "DTEND:20261124T180000Z" in lines
    assert "DTSTAMP:20261123T140000Z" in lines
    assert not [line for line in lines if line.startswith(("BEGIN:VTIMEZONE", "TZID"))]


def test_the_description_has_the_wall_time_and_the_zones_label(appointment, now):
    description = str(event_of(calendar_file(appointment, now=now))["DESCRIPTION"])
    assert description.splitlines() == [
        "Tuesday, November 24, 2026 at 11:15 a.m., Alberta time.",
        "With Steve Hansen.",
        "To change or cancel, use the link in our email, or call us at 403-555-0100.",
        f"Reference {appointment.reference}.",
    ]


def test_a_request_has_the_properties_of_an_invitation(appointment, now):
    file = calendar_file(appointment, now=now)
    calendar, event = icalendar.Calendar.from_ical(file), event_of(file)
    assert (calendar["VERSION"], calendar["METHOD"], calendar["CALSCALE"]) == ("2.0", "REQUEST", "GREGORIAN")
    assert calendar["PRODID"]
    assert event["UID"] == str(appointment.uid)
    assert event["SEQUENCE"] == 0
    assert event["STATUS"] == "CONFIRMED"
    assert event["CLASS"] == "PRIVATE"
    assert event["ORGANIZER"] == "mailto:hello@dynamic-physio.example"
    assert event["ATTENDEE"] == "mailto:alice@patients.example"
    assert event["LOCATION"] == "12 Elizabeth Street, Okotoks, Alberta T1S 1A1"


def test_an_alarm_is_set_two_hours_before(appointment, now):
    (alarm,) = event_of(calendar_file(appointment, now=now)).walk("VALARM")
    assert alarm["ACTION"] == "DISPLAY"
    assert alarm["TRIGGER"].dt == timedelta(hours=-2)


def test_a_cancellation_has_the_same_uid(appointment, now):
    appointment.sequence = 1
    file = calendar_file(appointment, now=now, cancelled=True)
    event = event_of(file)
    assert icalendar.Calendar.from_ical(file)["METHOD"] == "CANCEL"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (str(appointment.uid), 1, "CANCELLED")
    assert event.walk("VALARM") == []


def test_a_rescheduled_appointment_has_the_same_uid_and_a_higher_sequence(appointment, now):
    before = event_of(calendar_file(appointment, now=now))
    appointment.starts_at += timedelta(days=1)
    appointment.ends_at += timedelta(days=1)
    appointment.sequence += 1
    after = event_of(calendar_file(appointment, now=now))
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["DTSTART"].dt == datetime(2026, 11, 25, 17, 15, tzinfo=UTC)


def test_the_service_is_not_mentioned(now):
    make_clinic()
    service = make_service(name="Pelvic health assessment", slug="pelvic-health-assessment")
    file = calendar_file(make_appointment(service=service), now=now)
    assert event_of(file)["SUMMARY"] == "Appointment at Dynamic Physiotherapy"
    assert b"elvic" not in file.replace(b"\r\n ", b"")


def test_every_line_ends_in_crlf_and_has_at_most_75_octets(now):
    make_clinic(name="Physiothérapie dynamique des Contreforts, réadaptation et santé 物理治療 " + "é" * 40)
    file = calendar_file(make_appointment(location=make_location(street="5, rue de l’Église " + "長" * 50)), now=now)
    assert file.endswith(b"END:VCALENDAR\r\n")
    assert file.count(b"\n") == file.count(b"\r\n") == file.count(b"\r")
    for line in file.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # Folding never splits a multi-byte character.


def test_commas_semicolons_and_backslashes_are_escaped(now):
    make_clinic(name="Back; Neck, and C:\\Spine")
    file = calendar_file(make_appointment(), now=now)
    assert "SUMMARY:Appointment at Back\\; Neck\\, and C:\\\\Spine" in unfolded(file)
    assert event_of(file)["SUMMARY"] == "Appointment at Back; Neck, and C:\\Spine"


HOSTILE = 'Eve"\r\nEND:VEVENT\r\nBEGIN:VEVENT\nATTENDEE:mailto:eve@evil.example\x01\x1b\u202e\u2028;X="1'


def property_names(file: bytes) -> list[str]:
    return [re.split("[:;]", line)[0] for line in unfolded(file)]


def test_hostile_names_add_no_line_and_no_component(now):
    make_clinic()
    innocent = calendar_file(make_appointment(), now=now)
    make_clinic(name=HOSTILE[:120])
    appointment = make_appointment(
        practitioner=make_practitioner(name=HOSTILE[:120]),
        patient=make_patient(name=HOSTILE[:120], contact_name=HOSTILE[:120]),
        location=make_location(street=HOSTILE, time_zone_label=HOSTILE[:40]),
    )
    file = calendar_file(appointment, now=now)
    assert property_names(file) == property_names(innocent)
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f]", file)


@pytest.mark.parametrize("email", ["o'neil+physio@patients.example", 'a"b;c:d@patients.example'], ids=["usual", "odd"])
def test_an_unusual_email_address_is_escaped(email, now):
    make_clinic()
    file = calendar_file(make_appointment(patient=make_patient(email=email)), now=now)
    (line,) = [line for line in unfolded(file) if line.startswith("ATTENDEE")]
    assert re.fullmatch(r"ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:[A-Za-z0-9%+._'-]+@patients\.example", line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Nguyễn Thị  Ánh", "Nguyễn Thị Ánh"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\r\nb\tc\x00d", "a b c d"),
        ("a\u202eb\u2066c", "a b c"),
        ("\ud800", ""),
    ],
    ids=["accents", "joiner", "controls", "direction", "lone-surrogate"],
)
def test_one_line_keeps_names_and_removes_invisible_characters(text, line):
    assert one_line(text) == line
