"""The message that we are running late: what it says, when it is dropped, and by which channel it goes."""

from datetime import timedelta

import pytest
from django.core import mail

from booking import messages
from booking.models import Message, RunningLate
from clinic.ops import environment
from tests.support import factories, sms_server

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clinic():
    return factories.make_clinic()


@pytest.fixture
def make_late(now):
    """A visit in 20 minutes whose practitioner is late, with its message."""

    def make_late(minutes=10, **fields):
        visit = factories.make_appointment(starts_at=now + 20 * MINUTE, **fields)
        on = visit.local_on
        RunningLate.objects.create(practitioner=visit.practitioner, on=on, late_by=minutes * MINUTE, said_at=now)
        assert messages.enqueue_running_late(visit, late_minutes=minutes, now=now)
        return visit

    return make_late


def test_the_email_says_how_late_and_names_no_treatment(make_late, now):
    visit = make_late(service=factories.make_service(name="Pelvic health"))
    messages.send_due(now=now)
    sent = mail.outbox[0]
    html = sent.alternatives[0][0]
    assert sent.to == [visit.patient.email]
    assert "running about 10 minutes late" in sent.body
    assert "Please still come at your usual time." in sent.body
    assert not any("Pelvic" in part for part in (sent.subject, sent.body, html))
    assert len(sent.alternatives) == 1  # No calendar file.


@pytest.mark.parametrize("what", ["on time again", "visit cancelled", "visit begun", "patient here"])
def test_it_is_dropped_when_it_is_no_longer_true(make_late, now, what):
    visit = make_late()
    if what == "on time again":
        RunningLate.objects.all().delete()
    elif what != "visit begun":
        visit.status = "cancelled" if what == "visit cancelled" else "arrived"
        visit.save()
    messages.send_due(now=now + 31 * MINUTE if what == "visit begun" else now)
    assert mail.outbox == []
    assert Message.objects.get().state == "dropped"


def test_it_is_sent_until_the_visit_really_begins(make_late, now):
    make_late()
    messages.send_due(now=now + 29 * MINUTE)
    assert len(mail.outbox) == 1


def test_a_dropped_message_does_not_keep_the_next_one_back(make_late, now):
    visit = make_late()
    Message.objects.update(state="dropped")
    assert messages.enqueue_running_late(visit, late_minutes=10, now=now)
    assert Message.objects.filter(state="waiting").count() == 1


def test_it_goes_by_text_to_those_who_chose_that_for_reminders(make_late, now, settings):
    with sms_server.running() as service:
        settings.SMS = environment.sms("http://127.0.0.1", {"SMS_URL": service.url})
        service.now = lambda: now
        make_late(reminders_by="text", service=factories.make_service(name="Pelvic health"))
        messages.send_due(now=now)
        (_method, _path, form, _headers) = service.requests[0]
    assert "running about 10 minutes late today" in str(form)
    assert "Pelvic" not in str(form)
    assert mail.outbox == []
