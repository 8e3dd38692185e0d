"""Fixtures of the tests of own calendars: a practitioner with hours, a calendar server in memory, and the clock."""

from datetime import UTC, datetime, time, timedelta

import pytest

from booking.calendars import fetch as fetching
from booking.calendars.secret_text import encrypt
from booking.models import BusyTime, ExternalCalendar
from booking.outbound_http import Answer
from tests.support import factories
from tests.support.ical_files import make_calendar

ADDRESS = "https://calendar.example/private-hush/basic.ics"
NINE = datetime(2026, 11, 24, 15, tzinfo=UTC)  # 9:00 in Alberta on Tuesday, November 24.
HOUR = timedelta(hours=1)


def event(start=NINE, end=NINE + HOUR, uid="1"):
    return f"UID:{uid}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{end:%Y%m%dT%H%M%SZ}\nSUMMARY:Dentist"


@pytest.fixture(autouse=True)
def _fixed_clock(stopped_clock):
    """Monday, November 23, 2026, 8:00 a.m. in Alberta."""


@pytest.fixture
def service():
    return factories.make_service(duration=HOUR, lead_time=timedelta(0))


@pytest.fixture
def practitioner(service, location):
    practitioner = factories.make_practitioner([service])
    factories.make_hours(practitioner, location, start_time=time(9), end_time=time(12))
    return practitioner


@pytest.fixture
def server(monkeypatch):
    """Answers in place of the network: ``server.content``, or the exception in ``server.error``."""

    class Server:
        content, status, etag, error, requests = make_calendar(event()), 200, "", None, []

        def answer(self, request, **options):
            self.requests.append(request)
            if self.error:
                raise self.error
            if self.etag and request.headers.get("If-None-Match") == self.etag:
                return Answer(304, b"", self.etag)
            return Answer(self.status, self.content, self.etag)

    server = Server()
    server.requests = []
    monkeypatch.setattr(fetching, "download", server.answer)
    return server


@pytest.fixture
def make_own_calendar(practitioner, now):
    def make_own_calendar(*busy, **fields):
        """A calendar that was read four minutes ago, with these times."""
        defaults = {
            "practitioner": practitioner,
            "secret_address": encrypt(ADDRESS),
            "added_at": now - timedelta(days=1),
            "last_read_at": now - timedelta(minutes=4),
            "last_tried_at": now - timedelta(minutes=4),
            "next_read_at": now,
        }
        calendar = ExternalCalendar.objects.create(**defaults | fields)
        BusyTime.objects.bulk_create(BusyTime(calendar=calendar, starts_at=start, ends_at=end) for start, end in busy)
        return calendar

    return make_own_calendar
