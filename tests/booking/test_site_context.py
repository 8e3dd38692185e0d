"""The site context is queried once for each content version, and again after any change."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from booking import scheduling
from booking.models import (
    Clinic,
    Location,
    OpeningHours,
    Practitioner,
    Service,
    SpecialHours,
    WorkingHours,
    bump_content_version,
)
from content.models import Menu, Notice
from tests.conftest import NOW
from tests.support import factories
from tests.support.journey import make_small_clinic, text_of


def footer(client, address="/nowhere/"):
    return client.get(address).content.decode().partition("<footer")[2]


def test_a_booking_page_shows_each_change_at_once(client, db, stopped_clock):
    make_small_clinic()

    def page():
        return text_of(client.get("/book/assessment/?visit=new"))

    assert "403-555-0142" not in page()
    Clinic.objects.update(phone="+14035550142")
    assert ">Call </span>403-555-0142" in page()
    Clinic.objects.update(phone="+14035550143")
    assert "403-555-0142" not in page()
    Service.objects.filter(slug="assessment").update(name="A look at your back")
    Practitioner.objects.filter(slug="amara-okafor").update(name="Amara Renamed")
    assert "A look at your back" in page()
    Menu.objects.get(kind=Menu.Kind.LAST).entries.all().delete()
    assert 'href="/privacy/"' not in page().partition("<footer")[2]


def test_the_footer_marks_the_current_page(client, db, stopped_clock):
    make_small_clinic()
    Menu.objects.get(kind=Menu.Kind.LAST).entries.create(place="search")
    marked = '<a href="/search/" aria-current="page">'
    assert marked in text_of(client.get("/search/"))
    assert marked not in text_of(client.get("/no-such-page/"))
    assert marked in text_of(client.get("/search/"))


def test_the_context_is_queried_once_while_nothing_changes(
    client, kept_facts, stopped_clock, django_assert_num_queries
):
    make_small_clinic()
    first = footer(client)
    with django_assert_num_queries(1):
        assert footer(client) == first


CHANGES = {
    "the phone": lambda: Clinic.objects.get().save(),
    "an hour of the desk": lambda: OpeningHours.objects.create(
        location=Location.objects.first(), weekday=6, opens=time(7), closes=time(8)
    ),
    "a special day": lambda: SpecialHours.objects.create(
        location=Location.objects.first(), on=date(2026, 11, 25), opens=time(9), closes=time(10)
    ),
    "a notice": lambda: Notice.objects.create(title="The lift is out of order"),
    "a menu": lambda: Menu.objects.get(kind=Menu.Kind.LAST).entries.first().delete(),
    "an update that says so": lambda: (Location.objects.update(street="9 Elm Road"), bump_content_version()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_visible_at_once(client, kept_facts, stopped_clock, change):
    make_small_clinic()
    before = client.get("/nowhere/").content
    # update() sends no signal, so this is visible only after an invalidation.
    Clinic.objects.filter(pk=Clinic.objects.get().pk).update(phone="+14035550199")
    assert client.get("/nowhere/").content == before
    change()
    assert b"403-555-0199" in client.get("/nowhere/").content


def test_uncommitted_changes_are_not_cached(client, kept_facts, stopped_clock):
    make_small_clinic()
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        clinic = Clinic.objects.get()
        clinic.phone = "+14035550177"
        clinic.save()
        assert "403-555-0177" in footer(client)
        raise RuntimeError
    Clinic.objects.get().save()  # The same version as in the transaction that was rolled back.
    assert "403-555-0177" not in footer(client)


def test_time_alone_invalidates_the_cache(client, kept_facts):
    with time_machine.travel(NOW, tick=False) as clock:
        make_small_clinic()
        Notice.objects.create(title="From ten on", starts_at=NOW + timedelta(hours=2))
        assert b"From ten on" not in client.get("/nowhere/").content
        clock.shift(timedelta(hours=2))
        assert b"From ten on" in client.get("/nowhere/").content


def test_the_page_cache_setting_disables_it(client, kept_facts, stopped_clock, settings):
    make_small_clinic()
    client.get("/nowhere/")
    settings.PAGE_CACHE = False
    Clinic.objects.update(phone="+14035550199")
    assert b"403-555-0199" in client.get("/nowhere/").content


def test_booking_queries_working_hours_each_time(client, kept_facts, stopped_clock):
    """A cache of hours would be stale after update(), which does not bump the content version."""
    service = factories.make_service(lead_time=timedelta(0))
    factories.make_clinic()
    factories.make_room(place := factories.make_location())
    factories.make_hours(factories.make_practitioner([service]), place)
    client.get("/")
    assert scheduling.next_slot(service=service, now=stopped_clock) is not None
    WorkingHours.objects.update(start_time=time(3), end_time=time(3, 1))
    with CaptureQueriesContext(connection) as queries:
        assert scheduling.next_slot(service=service, now=stopped_clock) is None
    assert queries
