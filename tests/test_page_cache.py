"""Rule: a kept page is given again only while it is exactly what Django would make now; times may be a second old."""

import gzip
from datetime import timedelta
from urllib.parse import urlsplit

import brotli
import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_delete, post_save
from django.test import RequestFactory

from booking import scheduling
from booking.apps import NOT_SHOWN
from booking.models import Clinic, Location, Practitioner, ShownVersion, shown_version
from clinic import page_cache
from clinic.page_cache import PageCache
from content import apps as content_apps
from tests import make
from tests.conftest import NOW
from tests.make_content import make_page, make_revision, make_section

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


class Answer:
    def __init__(self, status, headers, body):
        self.status = int(status.split()[0])
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def text(self):
        return self.body.decode()


class Reader:
    """Asks one process as a server would, and counts how often Django had to make the page."""

    def __init__(self):
        django = get_wsgi_application()
        self.made = 0

        def counted(environ, start_response):
            self.made += 1
            return django(environ, start_response)

        self.site = PageCache(counted)

    def get(self, path, method="GET", host=urlsplit(settings.SITE_URL).netloc, query="", **headers):
        environ = RequestFactory().generic(method, path, QUERY_STRING=query).environ | {"HTTP_HOST": host}
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        environ.pop("CONTENT_TYPE", None)
        said = []
        parts = self.site(environ, lambda status, headers, exc_info=None: said.append((status, headers)))
        body = b"".join(parts)
        getattr(parts, "close", lambda: None)()
        return Answer(*said[-1], body)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def reader(clock, monkeypatch):
    # The test's transaction lives on its connection, which a server would look after between requests.
    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda connection: None)
    make.make_clinic()
    return Reader()


@pytest.fixture
def treatment(reader):
    return make_page(title="Needling explained")


def address_of(page):
    return page.get_absolute_url()


@pytest.fixture
def bookable(reader):
    """A published treatment with a bookable service: Monday 23 November 2026, from noon, in steps of an hour."""
    service = make.make_service(duration=timedelta(hours=1), lead_time=timedelta(0))
    person = make.make_practitioner([service])
    location = make.make_location()
    make.make_room(location)
    make.make_hours(person, location, weekdays=range(5))
    return make_page(service=service)


# Given again


def test_the_next_reader_costs_one_small_query_and_no_django(reader, treatment, django_assert_num_queries):
    first = reader.get(address_of(treatment))
    with django_assert_num_queries(1):
        second = reader.get(address_of(treatment))
    assert reader.made == 1
    assert (second.status, second.body, second.headers) == (200, first.body, first.headers)
    assert "Needling explained" in second.text


def test_a_kept_answer_carries_what_django_sent_with_it(reader, treatment, client):
    reader.get(address_of(treatment))
    kept = reader.get(address_of(treatment)).headers
    sent = {name.lower(): value for name, value in client.get(address_of(treatment)).headers.items()}
    differing = {"content-length", "vary"}
    assert {name: kept[name] for name in sent if name not in differing} == {
        name: value for name, value in sent.items() if name not in differing
    }
    assert "content-security-policy" in kept
    assert kept["content-length"] == str(len(reader.get(address_of(treatment)).body))


@pytest.mark.parametrize(("accepts", "unpack"), [("br, gzip", brotli.decompress), ("gzip, deflate", gzip.decompress)])
def test_a_page_goes_out_packed_as_the_browser_can_read_it(reader, treatment, accepts, unpack):
    plain = reader.get(address_of(treatment))
    packed = reader.get(address_of(treatment), accept_encoding=accepts)
    assert unpack(packed.body) == plain.body
    assert packed.headers["content-encoding"] == accepts.split(",")[0]
    assert packed.headers["content-length"] == str(len(packed.body))
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepts", ["", "identity", "br;q=0, gzip; q=0.0", "zstd"])
def test_who_can_unpack_nothing_gets_it_plain(reader, treatment, accepts):
    answer = reader.get(address_of(treatment), accept_encoding=accepts)
    assert "content-encoding" not in answer.headers
    assert "Needling explained" in answer.text


@pytest.mark.parametrize("said", ["{etag}", 'W/"other", {etag}', "*", "{strong}"])
def test_a_browser_that_has_the_page_hears_that_nothing_is_new(reader, treatment, said):
    etag = reader.get(address_of(treatment)).headers["etag"]
    answer = reader.get(address_of(treatment), if_none_match=said.format(etag=etag, strong=etag.removeprefix("W/")))
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag
    assert reader.made == 1


def test_a_browser_with_an_older_page_gets_the_new_one(reader, treatment):
    answer = reader.get(address_of(treatment), if_none_match='W/"older"')
    assert (answer.status, reader.made) == (200, 1)


def test_head_tells_the_headers_alone(reader, treatment):
    whole = reader.get(address_of(treatment))
    head = reader.get(address_of(treatment), method="HEAD")
    assert (head.body, head.headers, reader.made) == (b"", whole.headers, 1)


def test_a_browser_asks_each_time_and_a_proxy_may_answer_for_a_second(reader, treatment):
    assert reader.get(address_of(treatment)).headers["cache-control"] == "max-age=0, s-maxage=1, must-revalidate"


# Not kept


@pytest.mark.parametrize(
    "asked",
    [{"method": "POST"}, {"query": "a=1"}, {"host": "evil.example"}, {"x_forwarded_proto": "gopher"}],
    ids=["a form", "a query", "another host", "a made-up scheme"],
)
def test_what_django_has_to_look_at_passes_by(reader, treatment, asked):
    reader.get(address_of(treatment))
    reader.get(address_of(treatment), **asked)
    reader.get(address_of(treatment), **asked)
    assert reader.made == 3
    assert len(reader.site.pages) == 1


@pytest.mark.parametrize("path", ["/book/", "/contact/", "/appointment/", "/admin/login/", "/nowhere/", "/healthz/"])
def test_pages_with_forms_and_errors_are_made_each_time(reader, path):
    make_page(kind="contact")
    reader.get(path)
    reader.get(path)
    assert (reader.made, len(reader.site.pages)) == (2, 0)


def test_no_more_pages_are_kept_than_memory_is_meant_for(reader, monkeypatch):
    monkeypatch.setattr(page_cache, "MOST_PAGES", 2)
    for _ in range(4):
        reader.get(address_of(make_page()))
    assert len(reader.site.pages) == 2


# Right the instant anything changes


def test_every_process_sees_a_change_at_once(reader, treatment):
    other = Reader()
    reader.get(address_of(treatment))
    other.get(address_of(treatment))
    Clinic.objects.get().save()
    make_section(treatment, heading="News of the day")
    make_revision(treatment)
    assert "News of the day" in reader.get(address_of(treatment)).text
    assert "News of the day" in other.get(address_of(treatment)).text


def test_an_unpublished_page_is_gone_at_once(reader, treatment):
    reader.get(address_of(treatment))
    make_revision(treatment, is_public=False, goes_live_at=NOW)
    assert reader.get(address_of(treatment)).status == 410


def test_a_page_that_comes_later_appears_at_its_instant(reader, treatment, clock):
    make_section(treatment, heading="From tomorrow on")
    make_revision(treatment, goes_live_at=NOW + timedelta(days=1))
    assert "From tomorrow on" not in reader.get(address_of(treatment)).text
    clock.move_to(NOW + timedelta(days=1) - SECOND)
    assert "From tomorrow on" not in reader.get(address_of(treatment)).text
    assert reader.made == 1
    clock.move_to(NOW + timedelta(days=1))
    assert "From tomorrow on" in reader.get(address_of(treatment)).text


def test_what_a_page_only_names_counts_as_well(reader, bookable):
    reader.get(address_of(bookable))
    service = bookable.service
    service.price = 777
    service.save()
    assert "$777" in reader.get(address_of(bookable)).text


def test_a_row_that_goes_counts_as_well(reader, treatment):
    before = shown_version()
    make.make_practitioner().delete()
    assert shown_version() > before + 1


def test_a_change_that_is_taken_back_raises_nothing(reader, treatment):
    before = shown_version()
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        Clinic.objects.get().save()
        assert shown_version() == before + 1
        raise RuntimeError
    assert shown_version() == before


@pytest.mark.parametrize("app", ["booking", "content"])
def test_every_model_either_counts_as_shown_or_is_named_as_not_shown(app):
    def is_watched(model, signal):
        names = {f"shown:{model._meta.label}:{verb}" for verb in ("saved", "deleted")}
        return any(key[0] in names for key, *_ in signal.receivers)

    models = list(apps.get_app_config(app).get_models(include_auto_created=True))
    but = NOT_SHOWN if app == "booking" else content_apps.NOT_SHOWN
    assert but <= {model.__name__ for model in models}
    for signal in (post_save, post_delete):
        assert {model.__name__ for model in models if not is_watched(model, signal)} == but


def test_booking_a_time_waits_for_nobody_who_edits_the_site(reader, bookable):
    """Appointments raise nothing: over the one row every booking would wait for every other."""
    before = shown_version()
    visit = make.make_appointment(
        service=bookable.service, practitioner=Practitioner.objects.get(), location=Location.objects.get()
    )
    visit.save()
    assert shown_version() == before


def test_the_number_comes_back_when_its_row_is_lost(reader, treatment):
    ShownVersion.objects.all().delete()
    reader.get(address_of(treatment))
    Clinic.objects.get().save()
    assert shown_version() == 1


# Times


def test_a_time_that_is_taken_goes_within_a_second(reader, bookable, clock):
    first = reader.get(address_of(bookable))
    assert "9:00" in first.text
    start = first_start(bookable)
    make.make_appointment(
        practitioner=Practitioner.objects.get(),
        service=bookable.service,
        starts_at=start,
        ends_at=start + 8 * 60 * SECOND,
    )
    clock.shift(SECOND)
    second = reader.get(address_of(bookable))
    assert (second.text != first.text, reader.made) == (True, 2)


def first_start(page):
    return scheduling.next_free(service=page.service, now=NOW).starts_at


def test_times_are_looked_at_once_a_second_and_the_page_kept_while_they_hold(
    reader, bookable, clock, django_assert_max_num_queries
):
    reader.get(address_of(bookable))
    with django_assert_max_num_queries(1):
        reader.get(address_of(bookable))
    clock.shift(SECOND)
    with django_assert_max_num_queries(10) as looked:
        reader.get(address_of(bookable))
    assert len(looked) > 1
    with django_assert_max_num_queries(1):
        reader.get(address_of(bookable))
    assert reader.made == 1


def test_a_start_that_is_too_soon_by_now_goes_with_the_clock_alone(reader, bookable, clock):
    first = reader.get(address_of(bookable)).text
    clock.move_to(first_start(bookable) + SECOND)
    assert reader.get(address_of(bookable)).text != first


# Trouble


def test_without_its_database_django_says_so_itself(reader, treatment, monkeypatch):
    reader.get(address_of(treatment))

    def away():
        raise DatabaseError("The server closed the connection.")

    monkeypatch.setattr(page_cache, "shown_version", away)
    assert reader.get(address_of(treatment)).status == 200
    assert reader.made == 2
