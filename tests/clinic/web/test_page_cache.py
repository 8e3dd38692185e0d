"""Rule: a cached page is served only while rendering it again would give the same; free slots may be a minute old."""

import gzip
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.apps import UNVERSIONED_MODELS
from booking.formatting import format_phone
from booking.models import (
    Clinic,
    ContentVersion,
    Location,
    Practitioner,
    Service,
    bump_content_version,
    current_content_version,
)
from clinic.web.page_cache import is_cacheable
from content import apps as content_apps
from content.models import Page
from content.pages.page_expiry import PageExpiry
from tests.conftest import NOW
from tests.support import factories
from tests.support.content_factories import make_page, make_revision, make_section, make_site

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CACHE = "clinic.web.page_cache.PageCacheMiddleware"
_locations = count(1)


def count_misses(get_response):
    """Middleware after the cache, which counts cache misses."""

    def middleware(request):
        request.environ["tests.reader"].made += 1
        return get_response(request)

    return middleware


def without_request_id(headers) -> dict[str, str]:
    """The headers of a response, but for the one that differs each time."""
    return {name.lower(): value for name, value in headers.items() if name.lower() != "x-request-id"}


class Answer:
    def __init__(self, response):
        self.status = response.status_code
        self.headers = without_request_id(response.headers)
        self.body = b"" if response.request["REQUEST_METHOD"] == "HEAD" else response.content

    @property
    def text(self):
        return self.body.decode()


class Reader:
    """A client of one process with its own cache; ``made`` counts the requests that were not cached."""

    def __init__(self, most_pages=500, is_on=True):
        at = settings.MIDDLEWARE.index(CACHE) + 1
        pages = settings.CACHES["pages"] | {"LOCATION": f"reader {next(_locations)}"}
        pages["OPTIONS"] = {"MAX_ENTRIES": most_pages}
        self.settings = {
            "PAGE_CACHE": is_on,
            "CACHES": settings.CACHES | {"pages": pages},
            "MIDDLEWARE": [
                *settings.MIDDLEWARE[:at], f"{__name__}.{count_misses.__name__}", *settings.MIDDLEWARE[at:]
            ],
        }  # fmt: skip
        self.client = Client(raise_request_exception=False)
        self.made = 0

    def get(
        self,
        path,
        method="GET",
        host=urlsplit(settings.SITE_URL).netloc,
        query="",
        cookies=None,
        content_type="",
        **headers,
    ):
        self.client.cookies.clear()
        self.client.cookies.load(cookies or {})
        environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        environ |= {"HTTP_HOST": host, "QUERY_STRING": query, "CONTENT_TYPE": content_type, "tests.reader": self}
        with override_settings(**self.settings):
            return Answer(self.client.generic(method, path, **environ))


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def reader(clock):
    factories.make_clinic()
    return Reader()


@pytest.fixture
def treatment(reader):
    return make_page(title="Needling explained")


def address_of(page):
    return page.get_absolute_url()


@pytest.fixture
def bookable(reader):
    """A published treatment with a bookable service: one-hour slots from Monday, November 23, 2026."""
    service = factories.make_service(duration=timedelta(hours=1), lead_time=timedelta(0))
    person = factories.make_practitioner([service])
    location = factories.make_location()
    factories.make_room(location)
    factories.make_hours(person, location, weekdays=range(5))
    return make_page(service=service)


@pytest.fixture
def outage():
    """While ``is_enabled`` is set, every query fails."""
    state = SimpleNamespace(is_on=False)

    def refuse(execute, sql, params, many, context):
        if state.is_on:
            raise OperationalError("The server closed the connection.")
        return execute(sql, params, many, context)

    with CaptureQueriesContext(connection), connection.execute_wrapper(refuse):
        yield state
        state.is_on = False


# Cache hits


def test_a_cache_hit_needs_one_query(reader, treatment, django_assert_num_queries):
    first = reader.get(address_of(treatment))
    with django_assert_num_queries(1):
        second = reader.get(address_of(treatment))
    assert reader.made == 1
    assert (second.status, second.body, second.headers) == (200, first.body, first.headers)
    assert "Needling explained" in second.text


def test_a_cached_response_has_every_header_of_a_rendered_one(reader, treatment, client):
    reader.get(address_of(treatment))
    cached = reader.get(address_of(treatment)).headers
    rendered = without_request_id(client.get(address_of(treatment)).headers)
    ignored = {"vary", "etag"}  # Without the cache, ConditionalGetMiddleware sets the ETag.
    assert {name: cached.get(name) for name in rendered if name not in ignored} == {
        name: value for name, value in rendered.items() if name not in ignored
    }
    expected = {"content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy", "etag"}
    assert expected <= set(cached)


@pytest.mark.parametrize("address", ["/", "/treatments/", "/team/", "/fees/"])
def test_two_visitors_get_the_same_cached_page(reader, address):
    make_site()
    assert reader.get(address).body == reader.get(address, cookies={"theme": "dark"}).body
    assert reader.made == 1


def test_a_cached_page_can_be_compressed(reader, treatment):
    plain = reader.get(address_of(treatment))
    compressed = reader.get(address_of(treatment), accept_encoding="gzip")
    assert gzip.decompress(compressed.body) == plain.body
    assert (compressed.headers["content-encoding"], compressed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert reader.made == 1


@pytest.mark.parametrize("accepts", ["", "gzip"])
@pytest.mark.parametrize("condition", ["{etag}", 'W/"other", {etag}', "*"])
def test_a_browser_with_the_current_page_gets_a_304(reader, treatment, condition, accepts):
    etag = reader.get(address_of(treatment), accept_encoding=accepts).headers["etag"]
    answer = reader.get(address_of(treatment), if_none_match=condition.format(etag=etag), accept_encoding=accepts)
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"].removeprefix("W/") == etag.removeprefix("W/")
    assert {"content-security-policy", "cache-control", "vary"} <= set(answer.headers)
    assert reader.made == 1


def test_a_browser_with_an_older_page_gets_the_new_one(reader, treatment):
    answer = reader.get(address_of(treatment), if_none_match='"older"')
    assert (answer.status, reader.made) == (200, 1)


def test_head_returns_the_headers_only(reader, treatment):
    whole = reader.get(address_of(treatment))
    head = reader.get(address_of(treatment), method="HEAD")
    assert (head.body, head.headers, reader.made) == (b"", whole.headers, 1)


def test_browsers_revalidate_and_proxies_cache_for_a_second(reader, treatment):
    for _ in range(2):
        assert reader.get(address_of(treatment)).headers["cache-control"] == "max-age=0, s-maxage=1, must-revalidate"


@pytest.mark.parametrize("query", ["utm_source=x&utm_campaign=y", "fbclid=1", "gclid=2", "source=a&booking-referral=b"])
def test_marketing_parameters_hit_the_same_entry(reader, treatment, query):
    plain = reader.get(address_of(treatment))
    assert reader.get(address_of(treatment), query=query).body == plain.body
    assert reader.made == 1


def test_invented_queries_neither_render_pages_nor_evict_entries(clock, treatment):
    reader, other = Reader(most_pages=3), make_page()
    reader.get(address_of(other))
    for number in range(20):
        reader.get(address_of(treatment), query=f"q{number}={number}")
    reader.get(address_of(other))
    assert reader.made == 2


def test_no_cached_page_depends_on_its_query(reader, bookable, client):
    pages = [page for page in make_site().values() if page.kind != Page.Kind.SNIPPET]
    person = Practitioner.objects.get()
    for address in [*map(address_of, pages), address_of(bookable), person.get_absolute_url()]:
        response = client.get(address)
        if hasattr(response, "page_expiry"):
            query = "?page=2&to=somebody&visit=new&start=2026-11-24T16:00Z&q=knee&practitioner=x"
            assert client.get(address + query).content == response.content, address


# Not cached


@pytest.mark.parametrize(
    "request_",
    [{"method": "POST"}, {"method": "PUT"}, {"host": "evil.example"}, {"content_type": "text/html; charset=base64"}],
)
def test_requests_that_django_must_check_are_not_answered_from_the_cache(reader, treatment, request_):
    reader.get(address_of(treatment))
    assert reader.get(address_of(treatment), **request_).status in {400, 403, 405}


def test_a_foreign_host_is_neither_served_nor_cached(reader, treatment):
    assert reader.get(address_of(treatment), host="evil.example").status == 400
    assert reader.get(address_of(treatment)).status == 200
    assert reader.made == 1


@pytest.mark.parametrize("path", ["/book/", "/contact/", "/appointment/", "/admin/login/", "/nowhere/", "/healthz/"])
def test_pages_with_forms_and_errors_are_not_cached(reader, path):
    make_page(kind="contact")
    reader.get(path)
    reader.get(path)
    assert reader.made == 2


def test_pages_for_staff_are_neither_served_from_the_cache_nor_stored(reader, treatment, admin_client):
    cookies = {name: cookie.value for name, cookie in admin_client.cookies.items()}
    for _ in range(2):
        reader.get(address_of(treatment), cookies=cookies)
    reader.get(address_of(treatment))
    assert reader.made == 3


@pytest.mark.parametrize(
    "changed",
    [{"status": 404}, {"headers": {"Vary": "Accept-Encoding, Cookie"}}, {"headers": {"Cache-Control": "private"}},
     {"headers": {"Cache-Control": "no-store, max-age=0"}}],
)  # fmt: skip
def test_private_responses_are_not_cached_even_if_the_view_allows_it(changed):
    response = HttpResponse("Words", **changed)
    response.page_expiry = PageExpiry(NOW)
    assert not is_cacheable(response)


def test_a_response_that_sets_a_cookie_is_not_cached():
    response = HttpResponse("Words")
    response.page_expiry = PageExpiry(NOW)
    assert is_cacheable(response)
    response.set_cookie("seen", "1")
    assert not is_cacheable(response)


def test_the_number_of_cached_pages_is_limited(clock, treatment):
    reader, pages = Reader(most_pages=3), [make_page() for _ in range(8)]
    for page in pages:
        reader.get(address_of(page))
    misses = reader.made
    for page in pages:
        reader.get(address_of(page))
    assert reader.made >= misses + 5


def test_the_cache_can_be_disabled(clock, treatment):
    reader = Reader(is_on=False)
    first, second = reader.get(address_of(treatment)), reader.get(address_of(treatment))
    assert (first.body, reader.made) == (second.body, 2)


# Invalidation


def test_a_change_invalidates_the_cache_of_every_process(reader, treatment):
    other = Reader()  # Shares only the database with the first.
    reader.get(address_of(treatment))
    other.get(address_of(treatment))
    Clinic.objects.get().save()
    make_section(treatment, heading="News of the day")
    make_revision(treatment)
    assert "News of the day" in reader.get(address_of(treatment)).text
    assert "News of the day" in other.get(address_of(treatment)).text


def test_an_unpublished_page_is_removed_at_once(reader, treatment, home_page):
    reader.get(address_of(treatment))
    make_revision(treatment, is_public=False, goes_live_at=NOW)
    assert reader.get(address_of(treatment)).status == 410


def test_a_scheduled_revision_appears_at_its_time(reader, treatment, clock):
    make_section(treatment, heading="From tomorrow on")
    make_revision(treatment, goes_live_at=NOW + timedelta(days=1))
    assert "From tomorrow on" not in reader.get(address_of(treatment)).text
    clock.move_to(NOW + timedelta(days=1) - SECOND)
    assert "From tomorrow on" not in reader.get(address_of(treatment)).text
    assert reader.made == 1
    clock.move_to(NOW + timedelta(days=1))
    assert "From tomorrow on" in reader.get(address_of(treatment)).text


def test_a_rolled_back_change_does_not_invalidate(reader, treatment):
    before = reader.get(address_of(treatment))
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        make_section(treatment, heading="Never")
        make_revision(treatment)
        raise RuntimeError
    assert reader.get(address_of(treatment)).body == before.body
    assert reader.made == 1


def test_a_queryset_update_invalidates_with_an_explicit_bump(reader, bookable):
    reader.get(address_of(bookable))
    Service.objects.update(price=777)
    bump_content_version()
    assert "$777" in reader.get(address_of(bookable)).text


def test_a_changed_related_row_invalidates(reader, bookable):
    reader.get(address_of(bookable))
    service = bookable.service
    service.price = 777
    service.save()
    assert "$777" in reader.get(address_of(bookable)).text


def test_a_deleted_row_invalidates(reader, treatment):
    before = current_content_version()
    factories.make_practitioner().delete()
    assert current_content_version() > before + 1


def test_a_rollback_restores_the_content_version(reader, treatment):
    before = current_content_version()
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        Clinic.objects.get().save()
        assert current_content_version() == before + 1
        raise RuntimeError
    assert current_content_version() == before


@pytest.mark.parametrize("app", ["booking", "content"])
def test_every_model_bumps_the_content_version_or_is_listed_in_not_shown(app):
    def is_watched(model, signal):
        names = {f"shown:{model._meta.label}:{verb}" for verb in ("saved", "deleted")}
        return any(key[0] in names for key, *_ in signal.receivers)

    models = list(apps.get_app_config(app).get_models(include_auto_created=True))
    excluded = UNVERSIONED_MODELS if app == "booking" else content_apps.UNVERSIONED_MODELS
    assert excluded <= {model.__name__ for model in models}
    for signal in (post_save, post_delete):
        assert {model.__name__ for model in models if not is_watched(model, signal)} == excluded


def test_an_appointment_does_not_bump_the_content_version(reader, bookable):
    """Appointments do not bump the content version: all bookings would wait for the lock of its row."""
    before = current_content_version()
    visit = factories.make_appointment(
        service=bookable.service, practitioner=Practitioner.objects.get(), location=Location.objects.get()
    )
    visit.save()
    assert current_content_version() == before


def test_the_content_version_is_recreated_if_its_row_is_missing(reader, treatment):
    ContentVersion.objects.all().delete()
    reader.get(address_of(treatment))
    Clinic.objects.get().save()
    assert current_content_version() == 1


# Free slots


def first_start(page):
    return scheduling.next_slot(service=page.service, now=NOW).starts_at


def book_first_slot(page):
    start = first_start(page)
    factories.make_appointment(
        practitioner=Practitioner.objects.get(),
        service=page.service,
        location=Location.objects.get(),
        starts_at=start,
        ends_at=start + timedelta(hours=8),
    )


def test_a_booked_slot_disappears_within_a_minute(reader, bookable, clock):
    first = reader.get(address_of(bookable))
    assert "9:00" in first.text
    book_first_slot(bookable)
    clock.shift(59 * SECOND)
    assert reader.get(address_of(bookable)).body == first.body
    assert reader.made == 1
    clock.shift(SECOND)
    assert reader.get(address_of(bookable)).text != first.text


def test_a_practitioner_s_page_caches_slots_for_a_minute(reader, bookable, clock):
    address = Practitioner.objects.get().get_absolute_url()
    first = reader.get(address)
    book_first_slot(bookable)
    clock.shift(MINUTE)
    assert reader.get(address).text != first.text


def test_a_page_without_slots_is_cached_until_the_day_ends(reader, treatment, clock):
    reader.get(address_of(treatment))
    clock.shift(timedelta(hours=12))
    reader.get(address_of(treatment))
    assert reader.made == 1


def test_a_link_to_a_booked_slot_offers_the_nearest_ones(reader, bookable, client):
    at = first_start(bookable)
    book_first_slot(bookable)
    page = client.get(bookable.service.get_absolute_url(), {"visit": "new", "start": f"{at:%Y-%m-%dT%H:%MZ}"})
    assert (page.status_code, "Nearest free times:" in page.content.decode()) == (410, True)


# Database outage


def between(text, first, last):
    return text.split(first)[1].split(last)[0]


def test_a_stale_page_shows_the_phone_number_instead_of_slots(reader, bookable, clock, outage, monkeypatch):
    clinic = Clinic.objects.get()
    # Tests run in a transaction, in which nothing is cached.
    monkeypatch.setattr("booking.site_context._cache", SimpleNamespace(clinic=clinic))
    before = reader.get(address_of(bookable))
    assert "Next free, with" in before.text
    outage.is_on = True
    clock.shift(2 * MINUTE)
    answer = reader.get(address_of(bookable))
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    hero = between(answer.text, '<div class="hero__book">', 'class="hero__facts"')
    assert "Next free, with" not in answer.text
    assert "?start=" not in answer.text
    assert f"Call {format_phone(clinic.phone)}" in hero
    notice = between(answer.text, "Online booking is down just now.", "</section>")
    assert clinic.phone.as_rfc3966 in notice
    assert "Online booking is down just now." not in before.text
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "content-security-policy" in answer.headers


def test_no_stale_page_is_served_after_five_minutes(reader, treatment, clock, outage):
    reader.get(address_of(treatment))
    outage.is_on = True
    clock.shift(5 * MINUTE - SECOND)
    assert reader.get(address_of(treatment)).status == 200
    clock.shift(SECOND)
    assert reader.get(address_of(treatment)).status == 503
    outage.is_on = False
    assert reader.get(address_of(treatment)).status == 200


def test_an_old_entry_is_served_stale_if_its_version_was_confirmed_recently(reader, bookable, clock, outage):
    reader.get(address_of(bookable))
    clock.shift(timedelta(hours=2))
    reader.get("/nowhere/")
    outage.is_on = True
    assert reader.get(address_of(bookable)).status == 200


def test_a_hidden_page_is_not_served_stale(reader, treatment, outage):
    reader.get(address_of(treatment))
    make_revision(treatment, is_public=False, goes_live_at=NOW)
    reader.get("/")
    outage.is_on = True
    assert reader.get(address_of(treatment)).status == 503


def test_an_outage_during_rendering_serves_a_stale_page(reader, bookable, clock, monkeypatch):
    reader.get(address_of(bookable))
    clock.shift(MINUTE)

    def fail(*args, **kwargs):
        raise OperationalError("The server closed the connection.")

    monkeypatch.setattr("content.pages.next_slot.slots_by_practitioner", fail)
    answer = reader.get(address_of(bookable))
    assert (answer.status, "For the next free time" in answer.text) == (200, True)


def test_a_page_that_is_not_cached_fails_during_an_outage(reader, treatment, outage):
    outage.is_on = True
    assert reader.get(address_of(treatment)).status == 503


def test_a_bug_in_a_page_is_not_hidden_by_its_stale_copy(reader, treatment, monkeypatch, clock):
    reader.get(address_of(treatment))
    clock.shift(timedelta(days=2))

    def fail(*args, **kwargs):
        raise ProgrammingError("no such column")

    monkeypatch.setattr("content.views.pages.published_at", fail)
    assert reader.get(address_of(treatment)).status == 500


def test_staff_and_forms_are_not_served_stale_pages(reader, treatment, admin_client, outage):
    cookies = {name: cookie.value for name, cookie in admin_client.cookies.items()}
    reader.get(address_of(treatment))
    outage.is_on = True
    assert reader.get("/contact/").status == 503
    assert reader.get(address_of(treatment), cookies=cookies).status == 503
