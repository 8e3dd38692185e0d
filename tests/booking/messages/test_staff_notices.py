"""Staff notices: immediate, daily digest, or none, as the recipient chose."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import messages, scheduling
from booking.messages.rendering.digest import digest_sections
from booking.models import Clinic, Message, Practitioner
from booking.scheduling import Actor, Exemption, StaffRule
from tests.support import factories

pytestmark = pytest.mark.django_db
CLINIC, STEVE, MAYA = "hello@dynamic-physio.example", "steve@dynamic-physio.example", "maya@dynamic-physio.example"
SIX = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)  # Monday, November 23, 6:00 p.m. in Alberta.
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def clinic():
    return factories.make_clinic(notices="daily")


class Office:
    """Books, moves and cancels visits as staff, each at a different time."""

    def __init__(self, location):
        self.exemption = Exemption("On their own clock", set(StaffRule))
        self.by = Actor.staff(get_user_model().objects.create_superuser("dana"))
        self.location, self.service = location, factories.make_service()
        self.steve = factories.make_practitioner([self.service], email=STEVE, notices="daily")
        self.maya = factories.make_practitioner([self.service], name="Maya Okafor", email=MAYA, notices="daily")

    def book(self, now, days=2, practitioner=None, **patient):
        return scheduling.book_by_staff(
            service=self.service,
            starts_at=factories.VISIT_AT + days * DAY,
            location=self.location,
            practitioner=practitioner or self.steve,
            patient=factories.make_patient(**{"email": ""} | patient),
            by=self.by,
            now=now,
            exemption=self.exemption,
        )

    def move(self, visit, now, days=0, to=None):
        starts_at = visit.starts_at + days * DAY
        return scheduling.reschedule(
            appointment=visit, starts_at=starts_at, by=self.by, now=now, practitioner=to, exemption=self.exemption
        )

    def cancel(self, visit, now):
        return scheduling.cancel(appointment=visit, by=self.by, now=now)


@pytest.fixture
def office(location):
    return Office(location)


def sent_to(address):
    return [sent for sent in mail.outbox if sent.to == [address]]


def test_a_day_s_news_come_in_one_mail_at_the_hour_that_is_set(office, now):
    first = office.book(now, 2, name="Alice Martin")
    office.book(now + HOUR, 3, name="Bo Chen")
    messages.send_due(now=SIX - timedelta(seconds=1))
    assert mail.outbox == []
    messages.send_due(now=SIX)
    (summary,) = sent_to(CLINIC)
    assert summary.subject == "Bookings at Dynamic Physiotherapy: 2 new"
    assert "Thursday, November 26, 2026 at 11:15 a.m." in summary.body
    assert f"Alice Martin, Physiotherapy assessment, with Steve Hansen. Reference {first.reference}" in summary.body
    assert "Bo Chen" in summary.alternatives[0].content
    messages.send_due(now=SIX + 3 * DAY)
    assert len(sent_to(CLINIC)) == 1


def test_a_day_without_news_writes_and_sends_nothing(office):
    messages.send_due(now=SIX)
    assert (Message.objects.count(), mail.outbox) == (0, [])


def test_no_name_and_no_treatment_stand_in_a_subject(office, now):
    office.cancel(office.book(now - 3 * DAY, name="Alice Martin"), now)
    messages.send_due(now=SIX)
    subjects = {sent.subject for sent in mail.outbox}
    assert "Bookings at Dynamic Physiotherapy: 1 cancelled" in subjects
    assert not any("Alice" in subject or "assessment" in subject for subject in subjects)


def test_each_practitioner_hears_of_their_own_visits_only(office, now):
    office.book(now, 2, name="Alice Martin")
    office.book(now, 2, office.maya, name="Bo Chen")
    messages.send_due(now=SIX)
    assert "Alice Martin" in sent_to(STEVE)[0].body
    assert "Bo Chen" not in sent_to(STEVE)[0].body
    assert "Bo Chen" in sent_to(MAYA)[0].body


def test_what_changed_several_times_is_told_as_it_ended(office, now):
    old = [office.book(now - 3 * DAY, days, name=f"Old {days}") for days in (2, 3, 4)]
    Message.objects.all().delete()
    office.move(office.move(old[0], now, 7), now + HOUR, 7)
    office.cancel(old[1], now)
    office.move(old[2], now, to=office.maya)
    office.cancel(office.book(now, 5, name="Came And Went"), now + HOUR)
    messages.send_due(now=SIX)
    (summary,) = sent_to(CLINIC)
    assert summary.subject == "Bookings at Dynamic Physiotherapy: 2 moved, 1 cancelled, 1 booked and cancelled again"
    assert "Thursday, December 10, 2026 at 11:15 a.m. (was Thursday, November 26, 2026 at 11:15 a.m.)" in summary.body
    assert "(was Saturday, November 28, 2026 at 11:15 a.m. with Steve Hansen)" in summary.body
    assert "1 moved to someone else" in sent_to(STEVE)[0].subject
    assert sent_to(MAYA)[0].subject == "Bookings at Dynamic Physiotherapy: 1 new"


def test_a_visit_assigned_and_reassigned_on_one_day_is_not_reported(office, now):
    visit = office.book(now - 3 * DAY, 2)
    Message.objects.all().delete()
    office.move(office.move(visit, now, to=office.maya), now + HOUR, to=office.steve)
    messages.send_due(now=SIX)
    assert sent_to(MAYA) == []


def test_a_worker_that_was_away_sends_what_it_missed(office, now):
    office.book(now, 2)
    office.book(now + DAY, 3)
    messages.send_due(now=SIX + 5 * DAY)
    assert len(sent_to(CLINIC)) == 2


def test_news_of_the_last_minutes_wait_for_the_next_mail_and_none_is_lost(office):
    moments = (-301, -300, -1, 1)
    for days, seconds in enumerate(moments, start=2):
        office.book(SIX + timedelta(seconds=seconds), days, name=f"At {seconds};")
    messages.send_due(now=SIX + DAY)
    told = [[f"At {seconds};" in summary.body for seconds in moments] for summary in sent_to(CLINIC)]
    assert told == [[True, False, False, False], [False, True, True, True]]


def test_the_hour_is_on_the_clinic_s_own_clock(office, now):
    Clinic.objects.update(summary_at=time(7, 30))
    office.book(now, 2)  # At 8:00 a.m., so for tomorrow's mail.
    row = Message.objects.get(kind="daily_summary", practitioner=None)
    assert row.due_at == datetime(2026, 11, 24, 13, 30, tzinfo=UTC)


def test_another_hour_loses_no_news(office, now):
    Clinic.objects.update(summary_at=time(9))
    office.book(now, 2, name="Early")
    messages.send_due(now=now + HOUR)
    Clinic.objects.update(summary_at=time(18))
    office.book(now + 2 * HOUR, 3, name="Late")
    messages.send_due(now=SIX)
    assert "Early" in sent_to(CLINIC)[0].body
    assert "Late" in sent_to(CLINIC)[1].body


@pytest.mark.parametrize(
    ("clinics", "steves", "hears"),
    [
        ("at_once", "at_once", (1, 1)),
        ("none", "at_once", (0, 1)),
        ("at_once", "none", (1, 0)),
        ("none", "none", (0, 0)),
        ("daily", "at_once", (0, 1)),
        ("at_once", "daily", (1, 0)),
    ],
)
def test_each_hears_as_they_chose(office, now, clinics, steves, hears):
    Clinic.objects.update(notices=clinics)
    Practitioner.objects.filter(pk=office.steve.pk).update(notices=steves)
    office.steve.refresh_from_db()
    office.book(now)
    messages.send_due(now=now)
    assert (len(sent_to(CLINIC)), len(sent_to(STEVE))) == hears


def test_one_address_hears_once(office, now):
    Practitioner.objects.update(email=CLINIC.upper())
    office.steve.refresh_from_db()
    office.book(now)
    assert [row.practitioner for row in Message.objects.all()] == [None]
    Clinic.objects.update(notices="none")
    office.book(now, 3)
    assert {row.practitioner for row in Message.objects.all()} == {None, office.steve}


@pytest.mark.parametrize("change", [{"notices": "none"}, {"is_active": False}, {"email": ""}], ids=str)
def test_who_wants_none_any_more_or_has_left_gets_none(office, now, change):
    office.book(now)
    Practitioner.objects.filter(pk=office.steve.pk).update(**change)
    messages.send_due(now=SIX)
    assert sent_to(STEVE) == []
    assert Message.objects.get(practitioner=office.steve).state == "dropped"


def test_the_mail_reads_well(office, now):
    office.book(now, 2, name="Alice <Martin>")
    messages.send_due(now=SIX)
    (summary,) = sent_to(STEVE)
    assert "Alice &lt;Martin&gt;" in summary.alternatives[0].content
    assert "it names patients" in summary.body
    assert "/desk/" in summary.body
    assert summary.attachments == []


def test_the_mail_needs_as_many_queries_for_ten_visits_as_for_one(office, now):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert digest_sections(Message.objects.get(practitioner=None))
        return len(queries)

    office.book(now, 1)
    once = count()
    for days in range(2, 11):
        office.book(now, days)
    assert count() == once


def test_a_notice_at_once_says_how_it_stood_before_and_who_booked_for_somebody_else(office, now):
    Clinic.objects.update(notices="at_once")
    visit = office.book(now, name="Mia Martin", contact_name="Jamie Martin")
    messages.send_due(now=now)
    office.move(visit, now, days=1, to=office.maya)
    messages.send_due(now=now)
    moved = next(sent for sent in mail.outbox if sent.to == [CLINIC] and sent.subject.startswith("Moved"))
    for part in (moved.body, moved.alternatives[0][0]):
        assert "Thursday, November 26, 2026 at 11:15 a.m., with Steve Hansen" in part
        assert "Jamie Martin" in part
    assert "Was:" not in next(sent for sent in mail.outbox if sent.subject.startswith("Booked")).body
