"""Two starts of a fall-back night that read the same are told apart, on pages, in mails and calendars (R17)."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.core import mail
from icalendar import Calendar

from booking.messages import send_due
from booking.models import Appointment, Location, Service, WorkingHours
from tests.support.journey import as_shown, choose, confirm, instant, type_details, words_of

pytestmark = pytest.mark.django_db
FIRST = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)  # 1:00 a.m. in Toronto
SECOND = FIRST + timedelta(hours=1)  # 1:00 a.m. again
LABELS = {FIRST: "1:00 a.m., before the clock change", SECOND: "1:00 a.m., after the clock change"}


@pytest.fixture(autouse=True)
def fall_back_night(clinic):
    Location.objects.update(time_zone="America/Toronto", time_zone_label="Ontario time")
    WorkingHours.objects.all().delete()
    for person in (clinic.steve, clinic.amara):
        WorkingHours.objects.create(
            practitioner=person, location=clinic.location, weekday=6, start_time=time(0), end_time=time(4)
        )
    Service.objects.update(step=timedelta(minutes=30), cancellation_window=timedelta(0))
    with time_machine.travel(FIRST - timedelta(days=2), tick=False):
        yield


def test_the_times_page_tells_the_two_apart(client):
    page = words_of(client.get("/book/assessment/?visit=new"))
    for label in LABELS.values():
        assert page.count(label) == 1


@pytest.mark.parametrize("start", LABELS, ids=["before", "after"])
def test_every_step_mail_and_calendar_file_says_which_one_it_is(client, start):
    other = LABELS[FIRST if start == SECOND else SECOND]
    choose(client, start)
    pages = [words_of(client.get("/book/details/"))]
    type_details(client)
    pages.append(words_of(client.get("/book/check/")))
    confirm(client)
    pages.append(words_of(client.get("/book/done/")))
    pages.append(words_of(client.get("/appointment/")))
    send_due(now=start - timedelta(days=2) + timedelta(hours=3))
    (message,) = [message for message in mail.outbox if message.to == ["alice@patients.example"]]
    html = next(str(content.content) for content in message.alternatives if "html" in content.mimetype)
    calendar = Calendar.from_ical(client.get("/appointment/calendar.ics").content)
    (event,) = calendar.walk("VEVENT")
    assert event["dtstart"].dt == start
    for text in [*pages, message.body, html, str(event["description"])]:
        assert LABELS[start] in text
        assert other not in text


def test_a_visit_can_move_from_the_one_to_the_other(client):
    choose(client, FIRST)
    type_details(client)
    confirm(client)
    visit = Appointment.objects.get(status="booked")
    assert client.post("/appointment/change/", as_shown(visit) | {"start": instant(SECOND)}).status_code == 302
    visit.refresh_from_db()
    assert (visit.starts_at, visit.local_time, visit.local_fold) == (SECOND, time(1), 1)
