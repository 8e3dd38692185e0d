"""A location's zone is corrected: the local times that were promised stay, and the instants follow."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking import scheduling
from booking.models import Appointment, Message
from booking.scheduling import Actor, PatientDetails
from tests.support.factories import make_appointment, make_location

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]
NINE_IN_TORONTO = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
NINE_IN_ALBERTA = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


@pytest.fixture
def location():
    """Entered with the wrong zone."""
    return make_location(time_zone="America/Toronto")


@pytest.fixture
def visit(service, location, practitioner, now):
    held = scheduling.hold(
        service=service, starts_at=NINE_IN_TORONTO, holder="me", by=Actor.patient(), now=now, location=location
    )  # fmt: skip
    details = PatientDetails(name="Alice Martin", email="alice@patients.example", phone="+14035550123")
    return scheduling.book(hold=held, details=details, submission_key="key", by=Actor.patient(), now=now)


def correct(location):
    location.time_zone = "America/Edmonton"
    location.save()


def test_the_promised_local_time_stays_and_the_instant_follows(visit, location, now):
    correct(location)
    report = scheduling.retime(now=now)
    visit = Appointment.objects.get(pk=visit.pk)
    assert [(moved.reference, moved.shift) for moved in report.moved] == [(visit.reference, timedelta(hours=1))]
    assert (visit.starts_at, visit.local_on, visit.local_time) == (NINE_IN_ALBERTA, date(2026, 11, 25), time(9))
    assert (visit.time_zone, visit.sequence) == ("America/Edmonton", 1)
    assert visit.local_start.time() == visit.promised_start.time() == time(9)
    assert visit.events.last().kind == "retimed"


def test_a_patient_with_the_old_instant_in_their_calendar_gets_a_new_file(visit, location, now):
    Message.objects.filter(kind="confirmation").update(state="sent", sent_at=now)
    correct(location)
    scheduling.retime(now=now)
    assert Message.objects.filter(kind="clock_change", state="waiting").count() == 1


def test_reminders_follow_the_instant(visit, location, now):
    before = Message.objects.filter(kind="reminder").latest("due_at").due_at
    correct(location)
    scheduling.retime(now=now)
    after = Message.objects.filter(kind="reminder").latest("due_at").due_at
    assert after >= before


def test_a_second_run_changes_nothing_and_past_visits_stay(visit, service, location, practitioner, now):
    past = make_appointment(
        service=service, location=location, practitioner=practitioner, starts_at=now - timedelta(days=3)
    )
    correct(location)
    scheduling.retime(now=now)
    before = list(Appointment.objects.order_by("pk").values())
    assert scheduling.retime(now=now).moved == ()
    assert list(Appointment.objects.order_by("pk").values()) == before
    past.refresh_from_db()
    assert past.time_zone == "America/Toronto"


def test_a_zone_of_another_name_with_the_same_clock_is_noted_and_moves_nothing(visit, location, now):
    location.time_zone = "America/Detroit"
    location.save()
    assert scheduling.retime(now=now).moved == ()
    visit.refresh_from_db()
    assert (visit.time_zone, visit.starts_at, visit.sequence) == ("America/Detroit", NINE_IN_TORONTO, 0)
