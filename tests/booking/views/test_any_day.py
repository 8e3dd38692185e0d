"""Book, move and cancel an appointment on unusual dates."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from booking.models import Appointment
from booking.tokens import manage_token
from tests.support.clock import TEST_NOW, instant
from tests.support.journey import as_shown, book, make_small_clinic, text_of
from tests.support.journey import instant as format_instant

pytestmark = pytest.mark.django_db

DAYS = {
    "the date of the run": TEST_NOW,
    "New Year's Eve": instant("2027-12-31T23:30-06:00"),
    "a leap day": instant("2028-02-29T08:00-06:00"),
    "a Sunday on which other provinces change their clocks": instant("2029-03-11T03:30-06:00"),
    "ten years on": TEST_NOW + timedelta(weeks=520),
}


@pytest.mark.parametrize("day", DAYS)
def test_a_visit_is_booked_moved_and_cancelled(client, day):
    with time_machine.travel(DAYS[day], tick=False):
        make_small_clinic()
        first, second = available_starts(client)[:2]
        visit = book(client, first)
        assert client.get(f"/appointment/{manage_token(visit)}/").status_code == 302
        client.post("/appointment/change/", as_shown(visit) | {"start": format_instant(second)})
        visit.refresh_from_db()
        assert visit.starts_at == second
        client.post("/appointment/cancel/", as_shown(visit))
        assert Appointment.objects.get().status == "cancelled"
        assert "Your appointment is cancelled" in text_of(client.get("/appointment/"))
    with time_machine.travel(DAYS[day] + timedelta(minutes=10), tick=False):
        call_command("work", "--once")
    assert "alice@patients.example" in {address for sent in mail.outbox for address in sent.to}


def available_starts(client):
    """The starts of a day two weeks ahead, or of the next one with any."""
    day = timezone.localdate() + timedelta(weeks=2)
    calendar = client.get(f"/book/assessment/?visit=new&day={day}").context["calendar"]
    if not calendar.choices:
        calendar = client.get(f"/book/assessment/?visit=new&day={calendar.next_free.on}").context["calendar"]
    return [choice.starts_at for choice in calendar.choices]
