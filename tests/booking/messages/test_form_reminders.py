"""The email that asks for a form that is not done: once, some days before, and never after it is done."""

from datetime import timedelta

import pytest
from django.core import mail

from booking import messages, scheduling
from booking.intake import answers
from booking.messages.rendering.email import render
from booking.messages.rendering.sms import text_message
from booking.models import Appointment, IntakeForm, Message
from booking.scheduling import Actor
from tests.support import factories, intake

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

DAYS = timedelta(days=1)


@pytest.fixture
def visit(now):
    """In ten days."""
    factories.make_clinic()
    form = intake.make_form(remind_days=2)
    service = factories.make_service(intake_form=form, first_reminder=None, second_reminder=None)
    location = factories.make_location()
    person = factories.make_practitioner([service])
    factories.make_hours(person, location)
    visit = factories.make_appointment(
        service=service, location=location, practitioner=person, starts_at=factories.VISIT_AT + 9 * DAYS
    )
    book(visit, now)
    return visit


def book(visit, now):
    messages.enqueue_booking(visit, now=now)


def sent(at):
    """The subjects of the emails that ask for a form at this time."""
    messages.send_due(now=at)
    subjects = [email.subject for email in mail.outbox if "questions" in email.subject]
    mail.outbox.clear()
    return subjects


def kinds(visit):
    return list(visit.messages.filter(kind="form_reminder").values_list("state", flat=True))


def test_a_form_that_is_missing_is_asked_for_once(visit):
    assert sent(visit.starts_at - 3 * DAYS) == []
    (subject,) = sent(visit.starts_at - 2 * DAYS)
    assert subject.startswith("A few questions before your appointment at Dynamic Physiotherapy")
    assert sent(visit.starts_at - 2 * DAYS) == []
    assert sent(visit.starts_at - 1 * DAYS) == []


def test_the_email_leads_to_the_form_and_names_no_service_in_its_subject(visit):
    messages.send_due(now=visit.starts_at - 2 * DAYS)
    (email,) = (one for one in mail.outbox if "questions" in one.subject)
    assert "/appointment/" in email.body
    assert "assessment" not in email.subject
    assert "health" not in email.subject.lower()


def test_a_form_in_part_is_asked_for(visit):
    intake.fill_in(visit, is_sent=False)
    assert len(sent(visit.starts_at - 2 * DAYS)) == 1


def test_a_form_that_is_done_is_not_asked_for(visit):
    intake.fill_in(visit)
    assert sent(visit.starts_at - 2 * DAYS) == []
    assert kinds(visit) == ["dropped"]


def test_a_patient_who_wants_no_reminders_gets_none(visit):
    Appointment.objects.update(reminders=False)
    assert sent(visit.starts_at - 2 * DAYS) == []


@pytest.mark.parametrize("change", [{"is_active": False}, {"new_patients_only": True}])
def test_a_form_that_is_no_longer_asked_is_not_asked_for(visit, change):
    IntakeForm.objects.update(**change)
    assert sent(visit.starts_at - 2 * DAYS) == []


def test_none_is_queued_without_a_form_or_days_or_time(now):
    factories.make_clinic()
    for visit in (
        factories.make_appointment(starts_at=now + 9 * DAYS),
        intake.make_asked_visit(intake.make_form(name="No days", remind_days=None), starts_at=now + 9 * DAYS),
        intake.make_asked_visit(intake.make_form(name="Tomorrow"), starts_at=now + 1 * DAYS),
    ):
        book(visit, now)
        assert kinds(visit) == []


def test_after_a_cancellation_nothing_is_asked(visit, now):
    scheduling.cancel(appointment=visit, by=Actor.patient(), now=now)
    assert sent(visit.starts_at - 2 * DAYS) == []


def move(visit, now, days):
    return scheduling.reschedule(
        appointment=visit,
        starts_at=visit.starts_at + days * DAYS - timedelta(hours=2, minutes=15),
        practitioner=visit.practitioner,
        by=Actor.patient(),
        now=now,
    )


def test_a_moved_visit_is_asked_before_its_new_time(visit, now):
    moved = move(visit, now, 7)
    assert sent(visit.starts_at - 2 * DAYS) == []
    assert len(sent(moved.starts_at - 2 * DAYS)) == 1


def test_a_visit_that_is_moved_after_the_reminder_gets_no_second_one(visit):
    at = visit.starts_at - 2 * DAYS
    sent(at)
    moved = move(visit, at, 7)
    assert sent(moved.starts_at - 2 * DAYS) == []
    assert Message.objects.filter(kind="form_reminder").count() == 1


def test_at_night_it_waits_for_the_evening_before(visit, now):
    """Two days before a visit at 8:15 p.m. is no night; before one at 11 p.m. it is."""
    late = intake.make_asked_visit(
        visit.service.intake_form, starts_at=factories.VISIT_AT + 9 * DAYS + timedelta(hours=12)
    )
    late.service.first_reminder = None
    book(late, now)
    due_at = late.messages.get(kind="form_reminder").due_at.astimezone(late.location.zone)
    assert due_at.hour == 20


class TestBesideOtherReminders:
    """The reminder of the visit asks for the form, too: one email at a time."""

    @pytest.fixture
    def book_with(self, now):
        def book_with(hours, **fields):
            form = intake.make_form(name="Three days before")
            service = factories.make_service(intake_form=form, first_reminder=timedelta(hours=hours))
            visit = factories.make_appointment(service=service, starts_at=factories.VISIT_AT + 9 * DAYS, **fields)
            book(visit, now)
            return visit

        return book_with

    def test_by_default_it_is_sent_a_day_before_the_first_reminder(self, book_with):
        visit = book_with(48)
        form_reminder = visit.messages.get(kind="form_reminder")
        first = visit.messages.filter(kind="reminder").earliest("due_at")
        assert first.due_at - form_reminder.due_at == 1 * DAYS

    @pytest.mark.parametrize(("hours", "is_sent"), [(60, False), (72, False), (75, False), (96, True), (24, True)])
    def test_it_is_not_sent_within_twelve_hours_of_an_email_that_asks(self, book_with, hours, is_sent):
        assert len(kinds(book_with(hours))) == is_sent

    def test_beside_a_text_message_it_is_sent(self, book_with, settings):
        settings.SMS = {"SENDER": "x"}
        visit = book_with(72, reminders_by="text")
        assert set(visit.messages.filter(kind="reminder").values_list("channel", flat=True)) == {"text"}
        assert kinds(visit) == ["waiting"]


class TestOtherMessages:
    @pytest.mark.parametrize("kind", ["confirmation", "reminder"])
    def test_they_have_a_sentence_while_the_form_is_not_done(self, visit, kind, now):
        message = Message(
            key="x", kind=kind, appointment=visit, due_at=now, content={"sequence": 0, "hours_before": 48}
        )
        email = render(message, now=now)
        assert "Please fill in a short form before you come" in email.body
        assert "#form" in email.alternatives[0][0]
        assert "form" not in email.subject.lower()
        intake.fill_in(visit)
        assert "short form" not in render(message, now=now).body

    def test_a_text_message_asks_without_a_word_about_health(self, visit, now):
        message = Message(
            key="x", kind="reminder", appointment=visit, due_at=now, content={"sequence": 0, "hours_before": 48}
        )
        body = text_message(message, now=now).body
        assert "Please fill in the form we emailed you." in body
        assert "health" not in body.lower()
        visit.patient.email = ""
        assert "emailed" not in text_message(message, now=now).body
        visit.patient.email = "alice@example.com"
        intake.fill_in(visit)
        assert "form" not in text_message(message, now=now).body


def test_a_form_that_was_sent_is_never_asked_for_again_even_if_it_is_changed(visit):
    intake.fill_in(visit)
    version = visit.intake_answers.version
    changed = intake.first_page() | {intake.key_of("How strong"): 1}
    answers.save_page(
        appointment=visit,
        version=version,
        page=1,
        answers=changed,
        seen=answers.stamp_of(visit.intake_answers),
        now=visit.starts_at - 3 * DAYS,
    )
    assert sent(visit.starts_at - 2 * DAYS) == []
