"""Every e-mail and calendar file is valid, whatever names it contains.

E-mails are parsed from their bytes with the standard library, calendar files with a strict RFC 5545 parser
(tests/support/rfc5545.py).
"""

import email
import email.policy
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest

from booking import messages, scheduling
from booking.calendars.practitioner_feed import appointments_of, feed_of
from booking.ical.appointment import calendar_file
from booking.messages.rendering.email import render
from booking.models import Clinic, Message
from tests.conftest import NOW
from tests.support import factories, rfc5545

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.usefixtures("stopped_clock")]
Kind = Message.Kind

NAMES = {
    "plain": "Alice Martin",
    "line-breaks": "Eve\r\nBcc: everyone@evil.example\r\n\r\nBEGIN:VEVENT\nEND:VCALENDAR",
    "controls": "Eve\x00\x01\x07\x1b[31m\x7f\x85Martin",
    "turned": "Eve\u202e\u2066nitraM\u2069\u200f\u2028\u2029",
    "parting": 'Martin, Eve; "Evie" \\ C:\\new\\, X=1;:,"',
    "markup": "<script>alert(1)</script>{{ clinic }}{% now %}{clinic}{0.__class__}",
    "emoji": "👩🏽‍⚕️" * 17,
    "accents": "Nguyễn Thị Ánh Đặng-Łukasiewicz é́́",
    "scripts": "محمد 山田 太郎 ผู้ป่วย",
    "long": "Maximiliane " * 10,
    "long-without-a-space": "é" * 120,
    "encoded": "=?utf-8?q?=0D=0ABcc:_x@evil.example?=",
}
HEADERS = {
    "Content-Type", "MIME-Version", "Subject", "From", "To", "Reply-To", "Message-ID", "Date", "Auto-Submitted",
}  # fmt: skip


@pytest.fixture(params=NAMES.values(), ids=NAMES)
def name(request) -> str:
    return request.param[:120]


@pytest.fixture
def world(name, settings):
    """A clinic in which everything has this name, with a visit, a waitlist entry and a contact form message."""
    settings.SITE_URL = "https://clinic.example"
    factories.make_clinic(name=name, notices="daily")
    location = factories.make_location(
        name=name, street=name, directions=name, parking_notes=name, time_zone_label=name[:40]
    )
    service = factories.make_service(name=name, what_to_bring=name, late_cancellation_fee=name)
    practitioner = factories.make_practitioner(
        [service], name=name, protected_title=name[:80], email="steve@dynamic-physio.example", feed_shows_names=True
    )
    factories.make_hours(practitioner, location)
    visit = factories.make_appointment(
        service=service,
        location=location,
        practitioner=practitioner,
        room=factories.make_room(location, name=name[:60]),
        patient=factories.make_patient(name=name, preferred_name=name, contact_name=name, pronouns=name[:40]),
        cancel_reason=name,
    )
    messages.enqueue_booking(visit, now=NOW)
    Clinic.objects.update(notices="at_once")
    wish = factories.make_wish(service, location, name=name, contact_name=name, first_on=date(2026, 11, 24))
    scheduling.join(wish=wish, now=NOW)
    scheduling.offer_available_slots(now=NOW)
    messages.enqueue_contact_message(
        name=name, reply_to="eve@patients.example", phone="", body=name, practitioner=None, page="/", now=NOW
    )
    messages.enqueue_link_request("alice@patients.example", now=NOW)
    return visit


def message_of(kind: Kind, visit) -> Message:
    found = Message.objects.filter(kind=kind).first()
    content = {"sequence": 0, "event": "booked", "hours_before": 3, "late_minutes": 10}
    return found or Message(key=f"{kind}-x", kind=kind, appointment=visit, content=content)


def read(mail: bytes) -> EmailMessage:
    return email.message_from_bytes(mail, policy=email.policy.default)


def check_mail(raw: bytes) -> EmailMessage:
    mail = read(raw)
    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    for name, value in mail.items():
        assert not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]", value), name
    for name in ("From", "To", "Reply-To"):
        assert len(mail[name].addresses) == 1
        assert mail[name].addresses[0].domain.endswith(".example")
    assert mail["Date"].datetime == NOW
    assert re.fullmatch(r"<[0-9a-f]{40}@clinic\.example>", mail["Message-ID"])
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))  # RFC 5322, 2.1.1
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    for part in mail.walk():
        assert part.defects == []
        for value in part.values():
            assert getattr(value, "defects", ()) == ()
    for kind in ("plain", "html"):
        body = mail.get_body((kind,)).get_content()
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]", body)
    assert "<script" not in mail.get_body(("html",)).get_content()
    return mail


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_of_mail_is_sound_whatever_people_are_called(kind, world):
    message = message_of(Kind(kind), world)
    mail = check_mail(render(message, now=NOW).message().as_bytes().replace(b"\n", b"\r\n"))
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    for part in parts:
        calendar = rfc5545.read(part.get_payload(decode=True))
        assert calendar.one("METHOD").value == part["Content-Type"].params["method"]
        assert part.get_content_disposition() is None


@pytest.mark.parametrize("cancelled", [False, True], ids=["request", "cancel"])
def test_every_calendar_file_is_one_event_at_the_right_time(cancelled, world, name):
    event = event_of(calendar_file(world, now=NOW, cancelled=cancelled))
    assert event.one("UID").value == str(world.uid)
    assert event.one("DTSTART").instant == world.starts_at
    assert event.one("DTEND").instant == world.ends_at
    assert event.one("DTSTAMP").instant == NOW
    for line in (event.one(text).text for text in ("SUMMARY", "LOCATION")):
        assert not [letter for letter in line if unicodedata.category(letter) in {"Cc", "Zl", "Zp"}]
    assert event.one("SUMMARY").text.startswith("Appointment at ")
    if name in {NAMES["accents"], NAMES["scripts"], NAMES["plain"]}:
        assert event.one("SUMMARY").text == f"Appointment at {name}"  # Real names are not changed.


def event_of(file: bytes) -> rfc5545.Component:
    (event,) = rfc5545.read(file).components
    return event


def test_a_practitioners_feed_is_sound_whatever_people_are_called(world):
    feed = rfc5545.read(feed_of(world.practitioner, appointments_of(world.practitioner, now=NOW)))
    assert [event.one("DTSTART").instant for event in feed.components] == [world.starts_at]
    assert feed.one("NAME").text == feed.one("X-WR-CALNAME").text


def test_through_all_its_life_a_visit_is_one_entry_whose_sequence_rises(settings):
    factories.make_clinic()
    visit, said = factories.make_appointment(), []
    for hours in (0, 1, 24):
        visit.starts_at += timedelta(hours=hours)
        visit.ends_at += timedelta(hours=hours)
        visit.sequence += 1
        said.append(event_of(calendar_file(visit, now=NOW + timedelta(minutes=visit.sequence))))
    visit.sequence += 1
    said.append(event_of(calendar_file(visit, now=NOW + timedelta(minutes=9), cancelled=True)))
    assert {event.one("UID").value for event in said} == {str(visit.uid)}
    assert [event.one("SEQUENCE").value for event in said] == ["1", "2", "3", "4"]
    stamps = [event.one("DTSTAMP").instant for event in said]
    assert stamps == sorted(set(stamps))


def test_a_caller_without_mail_gets_a_file_that_invites_nobody():
    factories.make_clinic()
    calendar = rfc5545.read(
        calendar_file(factories.make_appointment(patient=factories.make_patient(email="")), now=NOW)
    )
    assert calendar.one("METHOD").value == "PUBLISH"
    assert event_of(calendar_file(factories.make_appointment(starts_at=NOW), now=NOW)).all("ATTENDEE")


class TestParser:
    """The parser rejects invalid input."""

    GOOD = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nSEQUENCE:0\r\n"
        b"DTSTAMP:20261123T140000Z\r\nDTSTART:20261124T140000Z\r\nDTEND:20261124T150000Z\r\nSUMMARY:a\\, b\r\n"
        b"ORGANIZER:mailto:a@b.example\r\nATTENDEE:mailto:c@d.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )

    def test_it_reads_what_is_right(self):
        (event,) = rfc5545.read(self.GOOD).components
        assert event.one("SUMMARY").text == "a, b"
        assert event.one("DTSTART").instant == datetime(2026, 11, 24, 14, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            (b"\r\n", b"\n"),
            (b"SEQUENCE:0\r\n", b""),
            (b"SEQUENCE:0", b"SEQUENCE:-1"),
            (b"UID:1\r\n", b""),
            (b"UID:1\r\n", b"UID:1\r\nUID:2\r\n"),
            (b"DTSTAMP:20261123T140000Z\r\n", b""),
            (b"DTSTART:20261124T140000Z", b"DTSTART:20261124T140000"),
            (b"DTSTART:", b"DTSTART;TZID=America/Edmonton:"),
            (b"DTEND:20261124T15", b"DTEND:20261124T14"),
            (b"a\\, b", b"a, b"),
            (b"a\\, b", b"a\\x b"),
            (b"a\\, b", b"a\x07b"),
            (b"a\\, b", b"a" * 70),
            (b"a\\, b", b"a" * 60 + b"\xc3\r\n \xa9"),
            (b"ATTENDEE:mailto:c@d.example\r\n", b""),
            (b"ORGANIZER:mailto:a@b.example", b"ORGANIZER:a@b.example"),
            (b"ORGANIZER:", b'ORGANIZER;CN="a":b":'),
            (b"METHOD:REQUEST", b"METHOD:CANCEL"),
            (b"VERSION:2.0", b"VERSION:1.0"),
            (b"END:VEVENT\r\n", b""),
            (b"BEGIN:VEVENT", b"BEGIN:VTIMEZONE"),
            (b"END:VCALENDAR\r\n", b"END:VCALENDAR\r\nX:1\r\n"),
        ],
    )
    def test_it_refuses_what_is_wrong(self, right, wrong):
        assert right in self.GOOD
        with pytest.raises(rfc5545.NotACalendar):
            rfc5545.read(self.GOOD.replace(right, wrong, 1) if right != b"\r\n" else self.GOOD.replace(right, wrong))
