"""E-mails to addresses that nobody has confirmed carry a first word of each name; staff notices carry no links."""

from datetime import timedelta

import pytest

from booking import messages, scheduling
from booking.messages.rendering.email import render
from booking.models import Clinic, Message
from tests.support import factories

pytestmark = pytest.mark.django_db
SCAM = "Urgent call the bank your card was declined"


@pytest.fixture(autouse=True)
def clinic():
    return factories.make_clinic()


def visit(is_unverified=True, **patient):
    return factories.make_appointment(is_unverified=is_unverified, patient=factories.make_patient(**patient))


def mail_about(appointment, kind, now, **content):
    message = Message(
        key=f"{kind}-{appointment.pk}", kind=kind, appointment=appointment, content={"sequence": 0, **content}
    )
    return render(message, now=now)


def parts(mail):
    return [mail.subject, mail.body, *(content for content, _ in mail.alternatives)]


KINDS = [
    "confirm_request",
    "confirmation",
    "rescheduled",
    "cancelled",
    "reminder",
    "move_requested",
    "clock_change",
    "running_late",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_scam_as_a_name_reaches_nobody(now, kind):
    fields = {"hold_expires_at": now + timedelta(hours=1)}
    appointment = visit(name=SCAM, preferred_name=SCAM, contact_name=SCAM)
    for name, value in fields.items():
        setattr(appointment, name, value)
    mail = mail_about(appointment, kind, now, hours_before=3, late_minutes=10)
    assert "Hello Urgent," in mail.body
    assert not any("declined" in part or "bank" in part for part in parts(mail))


@pytest.mark.parametrize("kind", KINDS)
def test_a_confirmed_address_is_greeted_by_the_whole_name(now, kind):
    mail = mail_about(visit(is_unverified=False), kind, now, hours_before=3, late_minutes=10)
    assert "Hello Alice Martin," in mail.body


def test_two_people_of_one_address_with_the_same_first_word_get_an_initial(now):
    visit(name="Alex Tran", contact_name="Kim Tran")
    appointment = visit(name="Alex Martin", contact_name="Kim Martin")
    mail = mail_about(appointment, "confirmation", now)
    assert "Hello Kim M.," in mail.body
    assert "The appointment for Alex M. at Dynamic Physiotherapy is booked." in mail.body


def test_people_at_other_addresses_need_no_initial(now):
    visit(name="Alex Tran", email="tran@patients.example")
    assert "Hello Alex," in mail_about(visit(name="Alex Martin"), "confirmation", now).body


def test_the_mail_with_lost_links_names_unconfirmed_visits_by_a_first_word(now):
    visit(name=SCAM)
    visit(name="Alice Martin", is_unverified=False)
    messages.enqueue_link_request("alice@patients.example", now=now)
    mail = render(Message.objects.get(kind="lost_link"), now=now)
    assert "appointment for Urgent:" in mail.body
    assert "appointment for Alice Martin:" in mail.body
    assert "declined" not in mail.body


def test_the_waitlist_names_people_by_a_first_word(now):
    service, location = factories.make_service(), factories.make_location()
    practitioner = factories.make_practitioner([service])
    factories.make_hours(practitioner, location)
    for name in (SCAM, "Urgent Martin"):
        scheduling.join(wish=factories.make_wish(service, location, name=name, contact_name="Bea"), now=now)
    bodies = [render(message, now=now).body for message in Message.objects.order_by("pk")]
    assert ["Urgent D. is on" in bodies[0], "Urgent M. is on" in bodies[1]] == [True, True]
    assert "declined with" not in bodies[0]
    assert "card" not in bodies[0]


LINKS = ["bit.ly", "https://", "www.evil", "evil.shop"]
TYPED = "Bea bit.ly/win https://evil.example/x www.evil.example evil.shop"


@pytest.mark.parametrize("event", ["booked", "changed", "cancelled"])
def test_no_web_address_in_a_name_or_reason_reaches_staff_as_a_link(now, event):
    appointment = visit(name=TYPED, contact_name=TYPED)
    appointment.status, appointment.cancel_reason = "cancelled", TYPED
    mail = mail_about(appointment, "clinic_notice", now, event=event)
    assert "bit. ly/win" in mail.body
    assert not any(link in text.replace("https://clinic.example", "") for text in parts(mail) for link in LINKS)


def test_no_web_address_in_a_contact_message_reaches_staff_as_a_link(now):
    messages.enqueue_contact_message(
        name=TYPED, reply_to="eve@patients.example", phone="", body=f"Look:\r\n{TYPED}\r\nor eve@patients.example",
        practitioner=None, page="/", now=now,
    )  # fmt: skip
    mail = render(Message.objects.get(), now=now)
    assert "or eve@patients.example" in mail.body
    assert not any(link in text.replace("https://clinic.example", "") for text in parts(mail) for link in LINKS)


def test_no_web_address_in_a_name_reaches_the_daily_mail_as_a_link(now, django_user_model):
    Clinic.objects.update(notices="daily")
    desk = scheduling.Actor.staff(django_user_model.objects.create_superuser("dana"))
    service, location = factories.make_service(), factories.make_location()
    practitioner = factories.make_practitioner([service])
    factories.make_hours(practitioner, location)
    scheduling.book_by_staff(
        service=service, starts_at=factories.VISIT_AT, location=location, practitioner=practitioner, by=desk, now=now,
        patient=factories.make_patient(name=TYPED), exemption=scheduling.Exemption("So", set(scheduling.StaffRule)),
    )  # fmt: skip
    mail = render(Message.objects.get(kind="daily_summary"), now=now)
    assert "bit. ly/win" in mail.body
    assert not any(link in text.replace("https://clinic.example", "") for text in parts(mail) for link in LINKS)
