"""E-mails to patients and staff: content, privacy, and resistance to header and markup injection."""

import email
import email.policy
import re
from datetime import date, timedelta
from email.message import EmailMessage

import icalendar
import pytest
from django.contrib.auth import get_user_model
from django.core import mail as django_mail
from django.utils.html import escape

from booking import messages, tokens
from booking.messages.rendering.email import message_id, render
from booking.models import Clinic, Message, Practitioner, Status
from clinic.accounts.adapter import send_password_link
from tests.support.factories import (
    make_appointment,
    make_clinic,
    make_location,
    make_patient,
    make_practitioner,
    make_room,
    make_service,
)

pytestmark = pytest.mark.django_db
HOSTILE = "Eve\r\nBcc: everyone@evil.example\r\n\r\n<script>alert(1)</script>\u202e\x01"
WITH_A_CALENDAR_FILE = ["confirmation", "rescheduled", "reminder", "clock_change", "cancelled"]
TO_PATIENTS = [*WITH_A_CALENDAR_FILE, "move_requested", "running_late"]


@pytest.fixture(autouse=True)
def clinic(settings):
    settings.SITE_URL = "https://clinic.example"
    return make_clinic()


@pytest.fixture
def appointment(now):
    """An appointment whose confirmation has been sent."""
    appointment = make_appointment()
    Message.objects.create(
        key="confirmed", kind="confirmation", appointment=appointment, state="sent", sent_at=now, due_at=now
    )
    return appointment


def message_about(appointment, kind, **content) -> Message:
    return Message(
        key=f"{kind}-{appointment.pk}", kind=kind, appointment=appointment, content={"sequence": 0, **content}
    )


def parsed(mail: django_mail.EmailMultiAlternatives) -> EmailMessage:
    """Parse the e-mail from its bytes with the standard library."""
    return email.message_from_bytes(mail.message().as_bytes(), policy=email.policy.default)


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()


def calendar_of(mail: EmailMessage) -> EmailMessage:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return part


def write(appointment, kind, now, **content) -> EmailMessage:
    return parsed(render(message_about(appointment, kind, **content), now=now))


def contact(**fields) -> Message:
    content = {
        "name": "Bob Chen",
        "reply_to": "bob@patients.example",
        "phone": "",
        "body": "Is there parking?",
        "page": "",
    }
    practitioner = fields.pop("practitioner", None)
    return Message(key="contact-x", kind="contact", content=content | fields, practitioner=practitioner)


def test_a_confirmation_says_what_a_patient_needs(appointment, now):
    mail = write(appointment, "confirmation", now)
    # Python 3.12.1 leaves the blank of a folded line.
    assert mail["Subject"].strip() == "Appointment at Dynamic Physiotherapy: Tuesday, November 24, 11:15 a.m."
    assert mail["To"] == "alice@patients.example"
    for body in (text_of(mail), re.sub("</?span[^>]*>", "", html_of(mail))):
        for words in [
            "Hello Alice Martin",
            "Tuesday, November 24, 2026",
            "11:15 a.m.",
            "Physiotherapy assessment, 45 minutes",
            "Steve Hansen, Physiotherapist",
            "$140",
            appointment.reference,
            "12 Elizabeth Street",
            "T1S 1A1",
            "The blue door beside the bakery.",
            "Free parking behind the building.",
            "Level entrance from the parking lot.",
            "Loose clothing you can move in.",
            "until Monday, November 23, 2026 at 11:15 a.m.",
            tokens.manage_url(appointment),
            "A visit cancelled later than that costs $70.",
            "403-555-0100",
            "hello@dynamic-physio.example",
            "call 911" if body == text_of(mail) else 'href="tel:911"',
        ]:
            assert words in body


@pytest.mark.parametrize("state", ["waiting", "dropped", "parked"])
def test_a_cancellation_mends_no_calendar_that_no_mail_of_ours_reached(appointment, state, now):
    appointment.messages.update(state=state, sent_at=None)
    appointment.status = Status.CANCELLED
    mail = write(appointment, "cancelled", now)
    assert "calendar" not in text_of(mail) + html_of(mail)
    assert [part for part in mail.walk() if part.get_content_type() == "text/calendar"] == []


def test_a_cancellation_mends_the_calendar_while_the_confirmation_may_be_leaving(appointment, now):
    appointment.messages.update(state="waiting", sent_at=None, leased_until=now + timedelta(minutes=1))
    appointment.status = Status.CANCELLED
    assert calendar_of(write(appointment, "cancelled", now)) is not None


def test_the_whole_text_of_a_cancellation(appointment, now):
    appointment.status = Status.CANCELLED
    assert (
        text_of(write(appointment, "cancelled", now))
        == f"""\
Hello Alice Martin,

Your appointment at Dynamic Physiotherapy is cancelled. It was on:

Tuesday, November 24, 2026 at 11:15 a.m.
with Steve Hansen. Reference {appointment.reference}.

If you weren't expecting this, call us at 403-555-0100.

You can book another appointment any time:
https://clinic.example/book/

The calendar entry in this email removes the appointment from your calendar.

--
Dynamic Physiotherapy
12 Elizabeth Street, Okotoks, Alberta T1S 1A1
403-555-0100
hello@dynamic-physio.example

Someone gave us this address for an appointment at our clinic. If it wasn't you, please let us know.
Email isn't for emergencies. In an emergency, call 911.
"""
    )


def test_every_mail_names_its_sender_and_itself(appointment, now):
    mail = write(appointment, "confirmation", now)
    assert mail["From"] == "Dynamic Physiotherapy <hello@dynamic-physio.example>"
    assert mail["Reply-To"] == "hello@dynamic-physio.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == now
    assert re.fullmatch(r"<[0-9a-f]{40}@clinic\.example>", mail["Message-ID"])


def test_the_sender_can_be_set(appointment, settings, now):
    settings.DEFAULT_FROM_EMAIL = "Bookings <bookings@clinic.example>"
    assert write(appointment, "confirmation", now)["From"] == "Bookings <bookings@clinic.example>"


def test_a_message_id_is_the_same_for_every_try_and_differs_between_messages():
    assert message_id("reminder-X-0") == message_id("reminder-X-0")
    assert message_id("reminder-X-0") != message_id("reminder-X-1")


@pytest.mark.parametrize(
    ("site", "host"),
    [("http://127.0.0.1:8000", "127.0.0.1"), ("http://[::1]:8000", "[IPv6:::1]")],
    ids=["IPv4", "IPv6"],
)
def test_a_message_id_is_sound_on_a_local_site_too(site, host, settings):
    settings.SITE_URL = site
    assert message_id("x").endswith(f"@{host}>")


@pytest.mark.parametrize("kind", WITH_A_CALENDAR_FILE)
def test_each_mail_that_tells_a_patient_of_a_time_carries_the_calendar_file(kind, appointment, now):
    raw = render(message_about(appointment, kind), now=now).message().as_bytes().replace(b"\n", b"\r\n")
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    part = calendar_of(mail)
    method = "CANCEL" if kind == "cancelled" else "REQUEST"
    assert mail.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in mail.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    assert part.get_content_disposition() is None  # Not an attachment, which Outlook would open as a file.
    assert part["Content-Type"].params["method"] == method
    file = part.get_payload(decode=True)
    assert icalendar.Calendar.from_ical(file)["METHOD"] == method
    assert file.count(b"\n") == file.count(b"\r\n") > 10


@pytest.mark.parametrize(
    ("address", "spelling"),
    [
        ("o'brien@exämple.ca", "o'brien@xn--exmple-cua.ca"),
        ("ann+physio@patients.example", "ann+physio@patients.example"),
        ("a.b-c_d*e@zürich.example", "a.b-c_d*e@xn--zrich-kva.example"),
    ],
)
def test_the_attendee_is_spelled_as_the_mail_s_recipient(address, spelling, now):
    visit = make_appointment(patient=make_patient(email=address))
    mail = write(visit, "confirmation", now)
    (event,) = icalendar.Calendar.from_ical(calendar_of(mail).get_payload(decode=True)).walk("VEVENT")
    assert mail["To"] == spelling
    assert event["ATTENDEE"] == f"mailto:{spelling}"


@pytest.mark.parametrize(
    "name", ["Physio: Back & Neck", "Physio @ Home", "Back, Neck", 'The "Spine" Clinic', "A; B <C>"]
)
def test_every_mail_comes_from_one_address_whatever_the_clinic_is_called(name, appointment, now):
    Clinic.objects.update(name=name)
    staff = get_user_model().objects.create_user("dana", "dana@clinic.example")
    assert send_password_link(staff, "https://clinic.example/staff/x/")
    for mail in (write(appointment, "confirmation", now), parsed(django_mail.outbox[-1])):
        (sender,) = mail["From"].addresses
        assert (sender.display_name, sender.addr_spec) == (name, "hello@dynamic-physio.example")


@pytest.mark.parametrize("kind", TO_PATIENTS)
def test_no_treatment_in_a_subject_or_an_address(kind, now):
    service = make_service(name="Pelvic health assessment", slug="pelvic-health-assessment")
    mail = write(make_appointment(service=service), kind, now)
    assert "elvic" not in mail["Subject"]
    addresses = re.findall(r"https?://\S+", text_of(mail)) + re.findall(r'href="([^"]*)', html_of(mail))
    assert addresses
    assert not [address for address in addresses if "elvic" in address]


@pytest.mark.parametrize("kind", TO_PATIENTS)
def test_text_and_html_say_the_same(kind, appointment, now):
    mail = write(appointment, kind, now)
    stripped = re.sub(r"(?s)<(style|title)>.*?</\1>|<[^>]*>", " ", html_of(mail))
    words = set(re.findall(r"\w+", stripped.lower()))
    link = tokens.manage_url(appointment) + " https://clinic.example/book/"
    assert set(re.findall(r"\w+", text_of(mail).lower())) - words - set(re.findall(r"\w+", link.lower())) == set()


def test_too_late_to_cancel_online_says_so(appointment):
    deadline = appointment.starts_at - timedelta(hours=24)
    assert "You can do this online until" in text_of(write(appointment, "reminder", deadline))
    late = text_of(write(appointment, "reminder", deadline + timedelta(seconds=1)))
    assert "It's too late to do this online. Please call us at 403-555-0100." in late
    assert "You can do this online" not in late


def test_a_reminder_asks_whether_the_patient_will_come_until_they_said_so(appointment, now):
    mail = write(appointment, "reminder", now)
    assert f"{tokens.manage_url(appointment)}#attend" in html_of(mail)
    assert "I'll be there" in text_of(mail)
    appointment.attendance_confirmed_at = now
    assert "I'll be there" not in text_of(write(appointment, "reminder", now))


def test_the_locations_own_phone_is_given_where_it_has_one(now):
    appointment = make_appointment(location=make_location(phone="+14035550177"))
    body = text_of(write(appointment, "confirmation", now))
    assert "403-555-0177" in body
    assert "555-0100" not in body


@pytest.mark.parametrize("born_on", [None, date(1950, 1, 2), date(2020, 2, 29)], ids=["unknown", "adult", "child"])
@pytest.mark.parametrize("kind", ["confirmation", "reminder", "cancelled"])
def test_who_booked_for_someone_else_is_greeted_by_their_own_name(now, born_on, kind):
    """The text names the patient, because the e-mail is about them and not to them."""
    patient = make_patient(name="Charlie Okafor", contact_name="Ada Okafor", date_of_birth=born_on)
    body = text_of(write(make_appointment(patient=patient), kind, now))
    assert body.startswith("Hello Ada Okafor,")
    assert "appointment for Charlie Okafor" in body


def test_a_preferred_name_is_used(now):
    appointment = make_appointment(patient=make_patient(preferred_name="Ali"))
    assert text_of(write(appointment, "confirmation", now)).startswith("Hello Ali,")


@pytest.mark.parametrize(
    "name",
    [
        "Win at http://evil.example",
        "evil.example/now",
        "www.evil.example",
        "EVIL.COM",
        "eve@evil.example",
        "call 1-900-555-0100 now",
    ],
)
def test_a_name_that_looks_like_spam_is_not_greeted(name, now):
    """Anybody can enter any address: the e-mail must not carry spam in the name."""
    appointment = make_appointment(patient=make_patient(name="Alice", preferred_name=name, contact_name=name))
    mail = write(appointment, "confirmation", now)
    assert text_of(mail).startswith("Hello Alice,\n\nThe appointment for Alice at Dynamic Physiotherapy is booked.")
    assert name not in html_of(mail)


def test_a_greeting_is_never_empty(now):
    appointment = make_appointment(patient=make_patient(name="www.evil.example"))
    assert text_of(write(appointment, "confirmation", now)).startswith("Hello there,\n\nYour appointment at ")


def test_a_first_name_and_surname_without_a_space_are_greeted_but_are_no_link(now):
    appointment = make_appointment(patient=make_patient(name="Anna.Ly"))
    assert text_of(write(appointment, "confirmation", now)).startswith("Hello Anna. Ly,")


@pytest.mark.parametrize(
    "name", ["Nguyễn Thị Ánh", "O'Brien-Łukasz", "محمد", "山田 太郎", "J. R. Smith Jr.", "J.Smith", "Nora St.John"]
)
def test_real_names_of_every_script_are_greeted(name, now):
    mail = write(make_appointment(patient=make_patient(name=name)), "confirmation", now)
    assert f"Hello {name}," in text_of(mail)
    assert f"Hello {escape(name)}," in html_of(mail)


@pytest.mark.parametrize("kind", [*TO_PATIENTS, "clinic_notice"])
def test_hostile_names_add_no_header_and_no_markup(kind, clinic, now):
    make_clinic(name=HOSTILE)
    appointment = make_appointment(
        patient=make_patient(name=HOSTILE, preferred_name=HOSTILE, contact_name=HOSTILE),
        practitioner=make_practitioner(name=HOSTILE),
        service=make_service(name=HOSTILE),
        cancel_reason=HOSTILE,
    )
    mail = write(appointment, kind, now, event="cancelled")
    assert mail["Bcc"] is None
    assert set(mail.keys()) == {
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Reply-To", "Message-ID", "Date", "Auto-Submitted"
    }  # fmt: skip
    assert "<script" not in html_of(mail)
    assert not mail.defects


def test_a_contact_form_message_reaches_the_clinic_and_is_answered_to_its_sender(now):
    mail = parsed(render(contact(body="Is there parking?\n\nThanks <b>", page="/treatments/dry-needling/"), now=now))
    assert mail["Subject"] == "A message from your website"
    assert mail["To"] == "hello@dynamic-physio.example"
    assert mail["Reply-To"] == "bob@patients.example"
    assert "Is there parking?\n\nThanks <b>" in text_of(mail)
    assert "Thanks &lt;b&gt;" in html_of(mail)
    assert "/treatments/dry-needling/" in text_of(mail)


def test_a_contact_form_message_without_an_address_is_answered_to_the_clinic(now):
    mail = parsed(render(contact(reply_to="", phone="+14035550199"), now=now))
    assert mail["Reply-To"] == "hello@dynamic-physio.example"
    assert "answer by phone" in text_of(mail)


@pytest.mark.parametrize(
    ("own", "active", "to"),
    [
        ("steve@dynamic-physio.example", True, "steve@dynamic-physio.example"),
        ("", True, "hello@dynamic-physio.example"),
        ("steve@dynamic-physio.example", False, "hello@dynamic-physio.example"),
    ],
    ids=["has-an-address", "has-none", "has-left"],
)
def test_a_message_for_a_practitioner_goes_to_them_or_else_to_the_clinic(own, active, to, now):
    practitioner = make_practitioner(email=own, is_active=active)
    mail = parsed(render(contact(practitioner=practitioner), now=now))
    assert mail["To"] == to
    assert "Steve Hansen" in text_of(mail)


def test_a_reply_address_with_a_line_break_is_refused_by_the_mail_itself(now):
    with pytest.raises(ValueError, match=r"newlines|linefeed"):
        render(contact(reply_to="a@b.example\nBcc: c@d.example"), now=now).message()


@pytest.mark.parametrize(
    ("event", "subject", "headline"),
    [
        ("booked", "Booked: {}, Tuesday, November 24, 11:15 a.m.", "A new appointment"),
        ("changed", "Moved: {}, now Tuesday, November 24, 11:15 a.m.", "An appointment was moved"),
        ("cancelled", "Cancelled: {}, Tuesday, November 24, 11:15 a.m.", "An appointment was cancelled"),
    ],
)
def test_a_notice_names_the_patient_inside_but_never_in_its_subject(event, subject, headline, now):
    location = make_location()
    appointment = make_appointment(
        location=location, room=make_room(location, name="Room 2"), is_first_visit=True, cancel_reason="Has a cold"
    )
    mail = write(appointment, "clinic_notice", now, event=event)
    assert mail["To"] == "hello@dynamic-physio.example"
    assert mail["Subject"] == subject.format(appointment.reference)
    body = text_of(mail)
    assert body.startswith(headline + "\n")
    assert "Alice Martin (first visit)" in body
    assert "403-555-0123" in body
    assert "Okotoks, Room 2" in body
    assert f"https://clinic.example/admin/booking/appointment/{appointment.pk}/change/" in body
    assert ("Has a cold" in body) == (event == "cancelled")
    assert [part.get_content_type() for part in mail.walk()].count("text/calendar") == 0


def test_a_notice_to_whom_a_visit_was_taken_from_says_so(appointment, now):
    message = message_about(appointment, "clinic_notice", event="changed")
    message.practitioner = Practitioner.objects.create(name="Bea", slug="bea", email="bea@dynamic-physio.example")
    mail = parsed(render(message, now=now))
    assert mail["To"] == "bea@dynamic-physio.example"
    assert text_of(mail).startswith("An appointment was moved to Steve Hansen: it's no longer with you\n")


@pytest.mark.parametrize("kind", [*TO_PATIENTS, "clinic_notice", "contact"])
def test_the_html_stands_alone(kind, appointment, now):
    """No images, scripts or external requests."""
    message = contact() if kind == "contact" else message_about(appointment, kind, event="booked")
    html = html_of(parsed(render(message, now=now)))
    assert html.startswith("<!doctype html>")
    assert '<html lang="en-CA">' in html
    assert "prefers-color-scheme: dark" in html
    assert not re.search(r"<(img|script|link|iframe|form|table)\b|\bon\w+=|\bstyle=|url\(|@import|{[{%]", html)


@pytest.mark.parametrize("kind", [*TO_PATIENTS, "clinic_notice", "contact"])
def test_the_text_has_no_traces_of_its_template(kind, appointment, now):
    message = contact() if kind == "contact" else message_about(appointment, kind, event="booked")
    body = text_of(parsed(render(message, now=now)))
    assert not re.search(r"[{}]|None|&\w+;|\n{3,}|[ \t]\n|<\w", body)


def test_mails_kept_as_files_open_in_a_mail_program(settings, tmp_path, now):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "clinic.ops.email_file_backend.EmailBackend", str(tmp_path)
    appointment = make_appointment()
    messages.enqueue_booking(appointment, now=now)
    assert messages.send_due(now=now + settings.BOOKING_CONFIRMATION_DELAY) == 2
    mails = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in tmp_path.glob("*.eml")
    ]
    (to_patient,) = [mail for mail in mails if mail["To"] == "alice@patients.example"]
    assert "Steve Hansen" in text_of(to_patient)
    assert calendar_of(to_patient)["Content-Type"].params["method"] == "REQUEST"


def test_a_contact_message_can_be_answered_with_a_press(appointment, now, settings):
    message = contact(phone="+14035550166", page="/treatments/dry-needling/")
    html = html_of(parsed(render(message, now=now)))
    assert '<a href="mailto:bob@patients.example">bob@patients.example</a>' in html
    assert '<a class="nowrap" href="tel:+1-403-555-0166">403-555-0166</a>' in html
    assert f'<a href="{settings.SITE_URL}/treatments/dry-needling/">/treatments/dry-needling/</a>' in html


@pytest.mark.parametrize("phone", ["", "x", "+1", "911#"])
def test_a_number_that_cannot_be_called_is_shown_as_it_stands(appointment, now, phone):
    html = html_of(parsed(render(contact(phone=phone), now=now)))
    assert ("<dt>Phone</dt>" in html) is bool(phone)
    assert f"<dt>Phone</dt><dd>{phone}</dd>" in html or not phone
