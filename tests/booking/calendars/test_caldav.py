"""CalDAV with a real Radicale server, and with servers that know no free-busy queries."""

from datetime import timedelta

import pytest

from booking.calendars import fetch as fetching
from booking.calendars.fetch import CalendarAccess
from booking.calendars.problems import CalendarUnreadable, Problem
from booking.calendars.read import look, window
from booking.outbound_http import Answer
from tests.booking.calendars.conftest import HOUR, NINE, event
from tests.support.calendar_server import LOGIN, PASSWORD, running_calendar_server
from tests.support.ical_files import make_calendar

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def radicale(tmp_path_factory):
    with running_calendar_server(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture(autouse=True)
def _this_machine_is_allowed(settings):
    settings.CALENDAR_NETWORKS = ["127.0.0.0/8"]


def hours(reading):
    """The busy times in hours from nine."""
    base = int(NINE.timestamp())
    return [((start - base) / 3600, (end - base) / 3600) for start, end in reading.busy]


@pytest.fixture
def filled(radicale):
    weekly = "\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:" + f"{NINE + 2 * HOUR + timedelta(days=7):%Y%m%dT%H%M%SZ}"
    events = {
        "one": make_calendar(event(uid="one")),
        "weekly": make_calendar(event(NINE + 2 * HOUR, NINE + 3 * HOUR, "weekly") + weekly),
        "free": make_calendar(event(NINE + 5 * HOUR, NINE + 6 * HOUR, "free") + "\nTRANSP:TRANSPARENT"),
        "off": make_calendar(event(NINE + 7 * HOUR, NINE + 8 * HOUR, "off") + "\nSTATUS:CANCELLED"),
    }
    for name, content in events.items():
        radicale.put(name, content)
    yield radicale
    for name in events:
        radicale.delete(name)


EXPECTED = [(0.0, 1.0), (2.0, 3.0), (14 * 24 + 2.0, 14 * 24 + 3.0)]


def test_busy_times_are_read_by_a_free_busy_query(filled, practitioner, now):
    access = CalendarAccess(filled.address, LOGIN, PASSWORD, is_caldav=True)
    begin, end = window(now)
    assert b"SUMMARY" not in fetching.fetch(access, begin=begin, end=end).content
    assert hours(look(access, practitioner, now=now)) == EXPECTED


def test_a_server_without_free_busy_queries_is_asked_for_events(filled, practitioner, now, monkeypatch):
    real = fetching.download

    def refusing(request, **options):
        return Answer(415, b"") if b"free-busy-query" in (request.body or b"") else real(request, **options)

    monkeypatch.setattr(fetching, "download", refusing)
    access = CalendarAccess(filled.address, LOGIN, PASSWORD, is_caldav=True)
    assert hours(look(access, practitioner, now=now)) == EXPECTED


def test_both_requests_together_have_one_time_limit(practitioner, now, monkeypatch):
    limits = []

    def slow(request, **options):
        limits.append(options["time_limit"])
        monkeypatch.setattr(fetching.time, "monotonic", lambda: 1e9)
        return Answer(415, b"")

    monkeypatch.setattr(fetching, "download", slow)
    monkeypatch.setattr(fetching.time, "monotonic", lambda: 1e9 - 15)
    access = CalendarAccess("https://calendar.example/", LOGIN, PASSWORD, is_caldav=True)
    with pytest.raises(CalendarUnreadable):
        look(access, practitioner, now=now)
    assert limits == [20.0, 5.0]


def test_an_empty_calendar_blocks_nothing(radicale, practitioner, now):
    access = CalendarAccess(radicale.address, LOGIN, PASSWORD, is_caldav=True)
    assert look(access, practitioner, now=now).busy == []


@pytest.mark.parametrize(
    ("path", "login", "password", "problem"),
    [
        ("/steve/home/", LOGIN, "wrong", Problem.REFUSED),
        ("/steve/home/", "", "", Problem.REFUSED),
        ("/steve/other/", LOGIN, PASSWORD, Problem.NOT_FOUND),
    ],
)
def test_what_a_server_refuses(radicale, practitioner, now, path, login, password, problem):
    access = CalendarAccess(radicale.root + path, login, password, is_caldav=True)
    with pytest.raises(CalendarUnreadable) as failed:
        look(access, practitioner, now=now)
    assert failed.value.problem == problem


def test_a_calendar_of_this_machine_is_refused_without_the_setting(radicale, practitioner, now, settings):
    settings.CALENDAR_NETWORKS = []
    settings.DEBUG = True
    with pytest.raises(CalendarUnreadable) as failed:
        look(CalendarAccess(radicale.address, LOGIN, PASSWORD, is_caldav=True), practitioner, now=now)
    assert failed.value.problem == Problem.NOT_PUBLIC


def test_neither_the_address_nor_the_password_is_shown_by_an_access():
    access = CalendarAccess("https://calendar.example/hush/", "steve", "wild roses", is_caldav=True)
    assert repr(access) == "CalendarAccess(is_caldav=True)"
