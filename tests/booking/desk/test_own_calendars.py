"""/desk/calendars/, the shading of busy times, and what staff are told of a calendar that cannot be read."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from booking.calendars import fetch as fetching
from booking.calendars.secret_text import decrypt, encrypt
from booking.models import BusyTime, ChangeLogEntry, ExternalCalendar
from booking.outbound_http import Answer, DownloadFailed, DownloadFailure
from tests.booking.desk.conftest import NINE, words_of
from tests.support import factories
from tests.support.ical_files import make_calendar

pytestmark = pytest.mark.django_db
LIST, ADD, DESK = "/desk/calendars/", "/desk/calendars/add/", "/desk/"
ADDRESS = "https://calendar.example/ical/private-hush/basic.ics"
HOUR = timedelta(hours=1)
EVENT = f"UID:1\nDTSTART:{NINE + HOUR:%Y%m%dT%H%M%SZ}\nDURATION:PT1H\nSUMMARY:Dentist"


@pytest.fixture(autouse=True)
def server(monkeypatch):
    """The answer of every calendar server."""
    answers = {"content": make_calendar(EVENT), "error": None, "requests": []}

    def download(request, **options):
        answers["requests"].append(request)
        if answers["error"]:
            raise answers["error"]
        return Answer(200, answers["content"])

    monkeypatch.setattr(fetching, "download", download)
    return answers


@pytest.fixture
def make_own_calendar(maya, now):
    def make_own_calendar(**fields):
        defaults = {
            "practitioner": maya,
            "secret_address": encrypt(ADDRESS),
            "added_at": now - timedelta(days=1),
            "last_read_at": now - timedelta(minutes=4),
            "next_read_at": now,
        }
        calendar = ExternalCalendar.objects.create(**defaults | fields)
        BusyTime.objects.create(calendar=calendar, starts_at=NINE + HOUR, ends_at=NINE + 2 * HOUR)
        return calendar

    return make_own_calendar


class TestAdd:
    def test_a_practitioner_adds_their_own(self, as_practitioner, maya):
        page = as_practitioner.post(ADD, {"address": ADDRESS, "label": "Home"}, follow=True)
        calendar = ExternalCalendar.objects.get()
        assert (calendar.practitioner, calendar.kind, calendar.label) == (maya, "ics", "Home")
        assert decrypt(calendar.secret_address) == ADDRESS
        assert calendar.busy_times.get().starts_at == NINE + HOUR
        assert "It blocks 1 time ahead." in words_of(page)

    def test_a_practitioner_cannot_add_one_for_somebody_else(self, as_practitioner, maya):
        other = factories.make_practitioner(name="Steve Hansen")
        response = as_practitioner.post(ADD, {"address": ADDRESS, "practitioner": other.slug})
        assert response.status_code == 422
        assert not ExternalCalendar.objects.exists()

    def test_an_owner_adds_one_for_anybody(self, admin_client, maya, admin_user):
        factories.make_practitioner(name="Steve Hansen")
        admin_client.post(ADD, {"address": ADDRESS, "practitioner": maya.slug})
        calendar = ExternalCalendar.objects.get()
        assert (calendar.practitioner, calendar.added_by) == (maya, admin_user)

    def test_a_user_name_makes_it_caldav(self, as_practitioner, server):
        server["content"] = make_calendar(head="BEGIN:VFREEBUSY\nEND:VFREEBUSY")
        as_practitioner.post(ADD, {"address": ADDRESS, "login": "maya", "password": " wild roses "})
        calendar = ExternalCalendar.objects.get()
        assert calendar.kind == "caldav"
        assert (decrypt(calendar.secret_login), decrypt(calendar.secret_password)) == ("maya", " wild roses ")
        assert server["requests"][0].method == "REPORT"

    def test_webcal_is_read_as_https(self, as_practitioner):
        as_practitioner.post(ADD, {"address": ADDRESS.replace("https:", "webcal:")})
        assert decrypt(ExternalCalendar.objects.get().secret_address) == ADDRESS

    @pytest.mark.parametrize(
        "address",
        [
            "", "calendar", "http://calendar.example/x.ics", "ftp://calendar.example/", "https://", "https:///x",
            "https://user:secret@calendar.example/x.ics", "https://[x/", "https://calendar.example:99999/",
            "https://calendar.example/a b", "https://calendar.example/\0", "https://calendar.example/\ud800",
            "https://calendar.example/" + "x" * 3000, "javascript:alert(1)", "file:///etc/passwd",
        ],
    )  # fmt: skip
    def test_what_is_no_address_is_refused_and_nothing_is_asked(self, as_practitioner, server, address):
        data = {"address": address.encode("utf-8", "surrogatepass")}
        response = as_practitioner.post(ADD, data)
        assert response.status_code in {400, 422}
        assert server["requests"] == []
        assert not ExternalCalendar.objects.exists()

    @pytest.mark.parametrize(
        "given",
        [
            {"password": "without a name"},
            {"login": "a:b", "password": "x"},
            {"login": "maya", "password": "a\0b"},
            {"login": "maya", "password": "x" * 300},
            {"label": "x" * 100},
        ],
    )
    def test_what_does_not_fit_is_refused(self, as_practitioner, server, given):
        response = as_practitioner.post(ADD, {"address": ADDRESS, **given})
        assert response.status_code in {400, 422}
        assert server["requests"] == []

    @pytest.mark.parametrize(
        ("failure", "words"),
        [
            (DownloadFailure.NOT_PUBLIC, "on the public internet"),
            (DownloadFailure.NO_ANSWER, "answer in time"),
            (DownloadFailure.TOO_BIG, "too big"),
        ],
    )
    def test_a_calendar_that_cannot_be_read_is_not_added(self, as_practitioner, server, failure, words):
        server["error"] = DownloadFailed(failure)
        response = as_practitioner.post(ADD, {"address": ADDRESS})
        assert response.status_code == 422
        assert words in words_of(response)
        assert not ExternalCalendar.objects.exists()

    def test_the_password_is_not_written_back_to_the_page(self, as_practitioner, server):
        server["error"] = DownloadFailed(DownloadFailure.NO_ANSWER)
        response = as_practitioner.post(ADD, {"address": ADDRESS, "login": "maya", "password": "wild roses"})
        assert b"wild roses" not in response.content

    def test_one_calendar_is_added_once(self, as_practitioner):
        as_practitioner.post(ADD, {"address": ADDRESS})
        response = as_practitioner.post(ADD, {"address": ADDRESS})
        assert "has been added already" in words_of(response)
        assert ExternalCalendar.objects.count() == 1

    def test_there_are_five_at_most(self, as_practitioner, make_own_calendar):
        for _number in range(5):
            make_own_calendar(secret_address=encrypt(f"{ADDRESS}{_number}"))
        assert "five calendars already" in words_of(as_practitioner.post(ADD, {"address": ADDRESS}))

    def test_readings_on_request_are_limited(self, as_practitioner, settings, server):
        settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"read a calendar": (1, HOUR)}
        as_practitioner.post(ADD, {"address": ADDRESS})
        assert as_practitioner.post(ADD, {"address": f"{ADDRESS}2"}).status_code == 429
        assert len(server["requests"]) == 1

    def test_the_change_log_holds_the_fact_and_no_secret(self, as_practitioner):
        as_practitioner.post(ADD, {"address": ADDRESS, "label": "Home", "login": "maya", "password": "wild roses"})
        as_practitioner.post(ADD, {"address": ADDRESS, "label": "Home"})
        entry = ChangeLogEntry.objects.get(model="booking.externalcalendar")
        assert entry.after["label"] == "Home"
        assert not re.search(r"hush|secret|wild", str(ChangeLogEntry.objects.values_list("after")))


class TestList:
    def test_the_address_is_never_shown_but_its_server_is(self, as_practitioner, make_own_calendar):
        make_own_calendar(label="Home")
        page = as_practitioner.get(LIST)
        assert "Home (calendar.example)" in words_of(page)
        assert b"hush" not in page.content
        assert "Works" in words_of(page)
        assert "Last read: 4 minutes ago." in words_of(page)

    def test_a_practitioner_sees_their_own_only(self, as_practitioner, make_own_calendar):
        other = factories.make_practitioner(name="Steve Hansen")
        calendar = make_own_calendar(practitioner=other, label="Steve's")
        assert "Steve" not in words_of(as_practitioner.get(LIST))
        for name in ("read_own_calendar", "remove_own_calendar"):
            assert as_practitioner.post(reverse(f"desk:{name}", args=[calendar.pk])).status_code == 404
        assert ExternalCalendar.objects.exists()

    def test_an_owner_sees_everybodys(self, admin_client, make_own_calendar):
        make_own_calendar(label="Home")
        assert "Maya Okafor: Home" in words_of(admin_client.get(LIST))

    def test_it_says_why_a_calendar_cannot_be_read(self, as_practitioner, make_own_calendar, now):
        make_own_calendar(last_problem="not-found", last_tried_at=now, last_read_at=now - 2 * HOUR)
        words = words_of(as_practitioner.get(LIST))
        assert "Can&#x27;t be read" in words
        assert "nothing at the address any more" in words
        assert "Last read: today, 6:00 a.m. Blocks 1 time." in words

    def test_one_whose_key_is_gone_is_listed(self, as_practitioner, make_own_calendar, settings):
        make_own_calendar(secret_address="nonsense")
        assert as_practitioner.get(LIST).status_code == 200

    def test_test_now_reads_it(self, as_practitioner, make_own_calendar, server, now):
        calendar = make_own_calendar()
        page = as_practitioner.post(reverse("desk:read_own_calendar", args=[calendar.pk]), follow=True)
        assert "The calendar can be read." in words_of(page)
        server["error"] = DownloadFailed(DownloadFailure.NO_ANSWER)
        page = as_practitioner.post(reverse("desk:read_own_calendar", args=[calendar.pk]), follow=True)
        assert "The calendar can&#x27;t be read." in words_of(page)
        assert calendar.busy_times.count() == 1

    def test_remove_deletes_it_with_its_times(self, as_practitioner, make_own_calendar):
        calendar = make_own_calendar(label="Home")
        as_practitioner.post(reverse("desk:remove_own_calendar", args=[calendar.pk]))
        assert not ExternalCalendar.objects.exists()
        assert not BusyTime.objects.exists()
        entry = ChangeLogEntry.objects.get(model="booking.externalcalendar")
        assert (entry.action, entry.before["label"]) == ("removed", "Home")

    def test_the_query_count_does_not_grow(self, admin_client, make_own_calendar, django_assert_max_num_queries):
        make_own_calendar()
        admin_client.get(LIST)
        with django_assert_max_num_queries(15) as one:
            admin_client.get(LIST)
        for _number in range(3):
            make_own_calendar(practitioner=factories.make_practitioner(name="Another"))
        with django_assert_max_num_queries(len(one)):
            admin_client.get(LIST)


class TestShading:
    def test_busy_times_are_shaded_with_their_age_and_without_a_title(self, admin_client, make_own_calendar):
        make_own_calendar(label="Home")
        for view in (DESK, f"{DESK}week/?with=maya-okafor", f"{DESK}?view=list"):
            words = words_of(admin_client.get(view))
            assert re.search(r"Busy.{0,15} own calendar, read 4 minutes ago", words), view
            assert "Home" not in words

    def test_they_are_no_gap(self, admin_client, make_own_calendar):
        make_own_calendar()
        starts = set(re.findall(r"at=(\d\d(?::|%3A)\d\d)", admin_client.get(DESK).content.decode()))
        assert {start.replace("%3A", ":") for start in starts} == {"09:00", "11:00"}

    def test_times_outside_hours_are_not_shaded(self, admin_client, make_own_calendar):
        calendar = make_own_calendar()
        calendar.busy_times.update(starts_at=NINE + 5 * HOUR, ends_at=NINE + 6 * HOUR)
        assert "own calendar, read" not in words_of(admin_client.get(DESK))

    def test_the_calendar_refreshes_itself_when_one_was_read(self, admin_client, make_own_calendar, now):
        calendar = make_own_calendar()
        before = admin_client.get("/desk/version/").content
        ExternalCalendar.objects.filter(pk=calendar.pk).update(last_read_at=now)
        assert admin_client.get("/desk/version/").content != before


class TestTold:
    def test_the_desk_is_told_when_a_calendar_was_not_read_for_an_hour(self, admin_client, make_own_calendar, now):
        calendar = make_own_calendar(last_read_at=now - HOUR)
        sentence = "Maya Okafor's own calendar can't be read."
        assert sentence not in words_of(admin_client.get(DESK))
        ExternalCalendar.objects.filter(pk=calendar.pk).update(last_read_at=now - HOUR - timedelta(seconds=1))
        page = admin_client.get(DESK)
        assert sentence in words_of(page)
        assert f'href="{LIST}"' in page.content.decode()
        assert "shade--busy" in page.content.decode()

    def test_the_office_is_told(self, admin_client, make_own_calendar, now):
        make_own_calendar(last_read_at=now - 2 * HOUR)
        words = words_of(admin_client.get("/admin/"))
        assert "1 person&#x27;s own calendar can&#x27;t be read" in words
        assert "Of Maya Okafor." in words
