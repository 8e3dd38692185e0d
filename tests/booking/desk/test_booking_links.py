"""/desk/booking-links/: where directories send people who want to book."""

import pytest

from tests.booking.desk.conftest import words_of
from tests.support import factories

pytestmark = pytest.mark.django_db
PAGE = "/desk/booking-links/"


def addresses(client):
    content = client.get(PAGE).content.decode()
    return [part.partition('"')[0] for part in content.split('data-copy="')[1:]]


def test_with_one_location_there_is_a_link_for_everything_and_one_for_each_service(
    admin_client, maya, service, settings
):
    settings.SITE_URL = "https://clinic.example"
    assert addresses(admin_client) == [
        "https://clinic.example/book/",
        f"https://clinic.example/book/{service.slug}/",
    ]


def test_with_several_each_link_names_its_location(admin_client, maya, service, location):
    other = factories.make_location(name="High River")
    steve = factories.make_practitioner([service], name="Steve Hansen")
    factories.make_hours(steve, other)
    found = addresses(admin_client)
    assert [address.partition("/book/")[2] for address in found] == [
        f"{service.slug}/?location={place.slug}" for place in (other, location)
    ]


def test_a_link_opens_the_page_of_its_location(admin_client, client, maya, service, location):
    factories.make_clinic()
    other = factories.make_location(name="High River")
    factories.make_hours(maya, other, weekdays=[5])
    for address in addresses(admin_client):
        assert client.get("/book/" + address.partition("/book/")[2]).status_code == 200


def test_what_cannot_be_booked_online_has_no_link(admin_client, maya, service):
    service.is_active = False
    service.save()
    assert len(addresses(admin_client)) == 1
    assert "Nobody can be booked online here yet." in words_of(admin_client.get(PAGE))
