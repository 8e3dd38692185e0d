"""Reading a calendar: what is stored, what stays when it cannot be read, and which calendars are due."""

from datetime import timedelta

import pytest

from booking.calendars.due import read_due_calendars
from booking.calendars.practitioner_feed import feed_uid
from booking.calendars.read import read
from booking.calendars.secret_text import decrypt, encrypt
from booking.models import BusyTime, ExternalCalendar
from booking.outbound_http import DownloadFailed, DownloadFailure
from tests.booking.calendars.conftest import ADDRESS, HOUR, NINE, event
from tests.support import factories
from tests.support.ical_files import make_calendar

pytestmark = pytest.mark.django_db
Problem = ExternalCalendar.Problem


def busy():
    return list(BusyTime.objects.order_by("starts_at").values_list("starts_at", "ends_at"))


class TestRead:
    def test_busy_times_replace_the_earlier_ones(self, make_own_calendar, server, now):
        calendar = make_own_calendar((NINE - HOUR, NINE), (NINE, NINE + HOUR))
        kept = BusyTime.objects.get(starts_at=NINE)
        assert read(calendar, now=now)
        assert busy() == [(NINE, NINE + HOUR)]
        assert BusyTime.objects.get().pk == kept.pk

    def test_the_calendar_knows_when_it_was_read_and_when_it_is_next(self, make_own_calendar, server, now):
        calendar = make_own_calendar(last_problem=Problem.NO_ANSWER)
        read(calendar, now=now)
        calendar.refresh_from_db()
        assert (calendar.last_read_at, calendar.last_problem) == (now, "")
        assert calendar.next_read_at == now + timedelta(minutes=10)

    def test_titles_are_not_stored(self, make_own_calendar, server, now):
        read(make_own_calendar(), now=now)
        values = [*ExternalCalendar.objects.values().get().values(), *BusyTime.objects.values().get().values()]
        assert not any("Dentist" in str(value) for value in values)

    @pytest.mark.parametrize(
        ("failure", "problem"),
        [
            (DownloadFailure.NOT_PUBLIC, Problem.NOT_PUBLIC),
            (DownloadFailure.NO_ANSWER, Problem.NO_ANSWER),
            (DownloadFailure.TOO_BIG, Problem.TOO_BIG),
            (DownloadFailure.CERTIFICATE, Problem.CERTIFICATE),
        ],
    )
    def test_the_last_state_holds_when_the_server_fails(self, make_own_calendar, server, now, failure, problem):
        calendar = make_own_calendar((NINE, NINE + HOUR))
        server.error = DownloadFailed(failure)
        assert not read(calendar, now=now)
        calendar.refresh_from_db()
        assert (calendar.last_problem, calendar.last_tried_at) == (problem, now)
        assert calendar.last_read_at == now - timedelta(minutes=4)
        assert busy() == [(NINE, NINE + HOUR)]

    @pytest.mark.parametrize(
        ("status", "problem"),
        [(401, Problem.REFUSED), (403, Problem.REFUSED), (404, Problem.NOT_FOUND), (410, Problem.NOT_FOUND),
         (429, Problem.SERVER), (500, Problem.SERVER), (204, Problem.SERVER), (304, Problem.SERVER)],
    )  # fmt: skip
    def test_a_status_that_is_no_success_is_a_problem(self, make_own_calendar, server, now, status, problem):
        calendar = make_own_calendar((NINE, NINE + HOUR))
        server.status = status
        read(calendar, now=now)
        calendar.refresh_from_db()
        assert calendar.last_problem == problem
        assert len(busy()) == 1

    @pytest.mark.parametrize("content", [b"", b"<html>Log in</html>", make_calendar(event())[:-20]])
    def test_the_last_state_holds_when_it_is_no_whole_calendar(self, make_own_calendar, server, now, content):
        calendar = make_own_calendar((NINE, NINE + HOUR))
        server.content = content
        read(calendar, now=now)
        calendar.refresh_from_db()
        assert calendar.last_problem == Problem.NOT_A_CALENDAR
        assert len(busy()) == 1

    def test_an_empty_calendar_frees_all_times(self, make_own_calendar, server, now):
        server.content = make_calendar()
        assert read(make_own_calendar((NINE, NINE + HOUR)), now=now)
        assert busy() == []

    def test_the_number_of_events_that_could_not_be_read_is_kept(self, make_own_calendar, server, now):
        server.content = make_calendar(event(), "UID:2\nSUMMARY:without a start")
        calendar = make_own_calendar()
        read(calendar, now=now)
        calendar.refresh_from_db()
        assert calendar.skipped == 1

    def test_a_calendar_that_was_removed_meanwhile_stays_removed(self, make_own_calendar, server, now):
        calendar = make_own_calendar()
        ExternalCalendar.objects.all().delete()
        read(calendar, now=now)
        assert not ExternalCalendar.objects.exists()
        assert busy() == []


class TestUnchanged:
    def test_an_unchanged_calendar_is_not_sent_again(self, make_own_calendar, server, now):
        server.etag = '"1"'
        calendar = make_own_calendar()
        read(calendar, now=now)
        calendar.refresh_from_db()
        assert read(calendar, now=now + timedelta(minutes=10))
        assert [request.headers.get("If-None-Match") for request in server.requests] == [None, '"1"']
        assert len(busy()) == 1

    def test_on_another_day_it_is_read_wholly(self, make_own_calendar, server, now):
        """A repeated event reaches a day that was not covered before."""
        server.etag = '"1"'
        calendar = make_own_calendar()
        read(calendar, now=now)
        calendar.refresh_from_db()
        read(calendar, now=now + timedelta(days=1))
        assert "If-None-Match" not in server.requests[-1].headers

    def test_a_longer_horizon_is_read_wholly(self, make_own_calendar, server, service, now):
        server.etag = '"1"'
        calendar = make_own_calendar()
        read(calendar, now=now)
        calendar.refresh_from_db()
        service.horizon_days += 30
        service.save()
        read(calendar, now=now)
        assert "If-None-Match" not in server.requests[-1].headers

    @pytest.mark.parametrize("etag", ["x" * 5000, '"a\0b"', '"é"', '"a\nb"', "\ud800"])
    def test_a_strange_etag_is_not_kept(self, make_own_calendar, server, now, etag):
        server.etag = etag
        calendar = make_own_calendar()
        assert read(calendar, now=now)
        calendar.refresh_from_db()
        assert calendar.etag == ""


class TestOwner:
    def test_whole_days_and_times_without_a_zone_are_those_of_the_place_of_work(
        self, make_own_calendar, server, now, practitioner
    ):
        practitioner.working_hours.all().delete()
        factories.make_hours(practitioner, factories.make_location(time_zone="America/Toronto"))
        server.content = make_calendar("UID:1\nDTSTART:20261124T090000\nDURATION:PT1H")
        read(make_own_calendar(), now=now)
        assert busy() == [(NINE - HOUR, NINE)]  # Toronto is UTC-5, Alberta UTC-6.

    @pytest.mark.parametrize("address", ["steve@clinic.example", "Steve@Gmail.example"])
    def test_what_the_owner_declined_blocks_nothing(self, make_own_calendar, server, now, practitioner, address):
        """Google's address of a calendar holds its owner's."""
        practitioner.email = "steve@clinic.example"
        practitioner.save()
        server.content = make_calendar(event() + f"\nATTENDEE;PARTSTAT=DECLINED:mailto:{address}")
        path = "https://calendar.google.com/calendar/ical/steve%40gmail.example/private-1/basic.ics"
        read(make_own_calendar(secret_address=encrypt(path)), now=now)
        assert busy() == []

    def test_copies_of_visits_block_nothing(self, make_own_calendar, server, now, practitioner, location, service):
        """Of a visit that was cancelled, too: its copy may stay in the calendar for ever."""
        visit = factories.make_appointment(
            practitioner=practitioner, location=location, service=service, starts_at=NINE, status="cancelled"
        )
        server.content = make_calendar(event(uid=str(visit.uid)), event(uid=feed_uid(visit.uid)))
        read(make_own_calendar(), now=now)
        assert busy() == []


class TestSecrets:
    def test_the_address_is_encrypted(self, make_own_calendar):
        stored = make_own_calendar().secret_address
        assert "calendar.example" not in stored
        assert decrypt(stored) == ADDRESS

    def test_a_new_secret_key_encrypts_it_again(self, make_own_calendar, server, now, settings):
        calendar = make_own_calendar()
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key", [settings.SECRET_KEY]
        assert read(calendar, now=now)
        settings.SECRET_KEY_FALLBACKS = []
        calendar.refresh_from_db()
        assert decrypt(calendar.secret_address) == ADDRESS

    def test_without_the_key_that_encrypted_it_the_problem_is_named(self, make_own_calendar, server, now, settings):
        calendar = make_own_calendar()
        settings.SECRET_KEY = "another key"
        assert not read(calendar, now=now)
        calendar.refresh_from_db()
        assert calendar.last_problem == Problem.SECRET
        assert server.requests == []


class TestDue:
    def test_calendars_that_are_due_are_read(self, make_own_calendar, server, now):
        due = make_own_calendar()
        later = make_own_calendar(next_read_at=now + timedelta(seconds=1))
        assert read_due_calendars() == ""
        due.refresh_from_db()
        later.refresh_from_db()
        assert (due.last_read_at, later.last_read_at) == (now, now - timedelta(minutes=4))

    def test_one_that_fails_does_not_keep_the_others_and_is_put_off(self, make_own_calendar, server, now):
        bad, good = make_own_calendar(secret_address="nonsense"), make_own_calendar()
        assert read_due_calendars() == "Own calendars: 1 read, 1 could not be read."
        bad.refresh_from_db()
        good.refresh_from_db()
        assert bad.next_read_at == good.next_read_at == now + timedelta(minutes=10)
        assert len(server.requests) == 1

    def test_an_error_that_nobody_foresaw_does_not_keep_the_others(self, make_own_calendar, server, monkeypatch, now):
        first, second = make_own_calendar(next_read_at=now - timedelta(minutes=1)), make_own_calendar()
        fetch = server.answer

        def answer(request, **options):
            if not server.requests:
                fetch(request, **options)
                raise RuntimeError("Jane Doe, knee")
            return fetch(request, **options)

        monkeypatch.setattr("booking.calendars.fetch.download", answer)
        assert read_due_calendars() == "Own calendars: 1 read, 1 could not be read."
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.last_read_at, second.last_read_at) == (now - timedelta(minutes=4), now)

    def test_those_of_people_who_left_are_not_read(self, make_own_calendar, server, practitioner):
        make_own_calendar()
        practitioner.is_active = False
        practitioner.save()
        read_due_calendars()
        assert server.requests == []

    def test_one_that_another_worker_is_reading_is_left_alone(self, make_own_calendar, server, monkeypatch, now):
        make_own_calendar()
        make_own_calendar(next_read_at=now - timedelta(minutes=1))
        first = server.answer

        def answer(request, **options):
            ExternalCalendar.objects.update(next_read_at=now + timedelta(minutes=10))  # As the other one does.
            return first(request, **options)

        monkeypatch.setattr("booking.calendars.fetch.download", answer)
        read_due_calendars()
        assert len(server.requests) == 1

    def test_busy_times_of_the_past_are_deleted(self, make_own_calendar, server, now):
        make_own_calendar((NINE - timedelta(days=4), NINE - timedelta(days=3)), next_read_at=now + HOUR)
        read_due_calendars()
        assert busy() == []

    def test_a_calendar_is_unread_when_an_hour_has_passed(self, make_own_calendar, now):
        fresh = make_own_calendar(last_read_at=now - HOUR)
        stale = make_own_calendar(last_read_at=now - HOUR - timedelta(seconds=1))
        never = make_own_calendar(last_read_at=None, added_at=now - timedelta(hours=2))
        ahead = make_own_calendar(last_read_at=now + HOUR)  # Under a clock that was wrong.
        assert set(ExternalCalendar.objects.unread(now=now)) == {stale, never, ahead}
        assert [row.is_unread(now) for row in (fresh, stale, never, ahead)] == [False, True, True, True]
