"""Facts of the clinic on pages: directions in a map app, registration numbers, languages."""

import pytest

from content.models import PlacedPicture
from tests.support import factories
from tests.support.content_factories import make_page, make_picture, make_revision, make_site, publish_drafts
from tests.support.journey import book, make_small_clinic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
ADDRESS = "12+Elizabeth+Street%2C+Okotoks%2C+Alberta+T1S+1A1%2C+Canada"


def text_of(client, address):
    publish_drafts()
    return " ".join(client.get(address).content.decode().split())


@pytest.mark.parametrize(
    ("app", "link"),
    [
        ("google", f"https://www.google.com/maps/dir/?api=1&amp;destination={ADDRESS}"),
        ("apple", f"https://maps.apple.com/?daddr={ADDRESS}"),
        ("osm", f"https://www.openstreetmap.org/search?query={ADDRESS}"),
    ],
)
def test_directions_open_in_the_map_app_that_the_clinic_has_chosen(client, app, link):
    factories.make_clinic(map_app=app)
    factories.make_location()
    make_site()
    assert f'<a href="{link}" rel="noopener noreferrer external" referrerpolicy="no-referrer">' in text_of(
        client, "/contact/"
    )


def test_a_clinic_can_do_without_a_map_app(client):
    factories.make_clinic(map_app="none")
    factories.make_location()
    make_site()
    assert "Get directions" not in text_of(client, "/contact/")


def test_directions_are_on_the_pages_of_an_appointment(client):
    make_small_clinic()
    book(client)
    assert "Get directions" in text_of(client, "/book/done/")


def test_a_registration_number_is_on_the_team_page_with_the_name_of_the_college(client):
    factories.make_clinic(college="College of Physiotherapists of Alberta")
    person = factories.make_practitioner(register_number="12345", slug="steve")
    make_page(kind="team", slug="", title="Team")
    words = 'Registration number <span class="nowrap">12345</span>, College of Physiotherapists of Alberta'
    assert words in text_of(client, "/team/")
    assert words in text_of(client, "/team/steve/")
    person.register_number = ""
    person.save()
    assert "Registration number" not in text_of(client, "/team/") + text_of(client, "/team/steve/")


def test_the_languages_of_people_are_shown_where_they_are_chosen_and_on_the_team_page(client):
    clinic = make_small_clinic()
    clinic.steve.languages = "Cree, French"
    clinic.steve.save()
    make_page(kind="team", slug="", title="Team")
    assert "Also speaks Cree, French" in text_of(client, "/team/")
    assert "Cree, French" in text_of(client, "/book/assessment/")


def add_pictures(page, *captions):
    for number, caption in enumerate(captions, start=1):
        PlacedPicture.objects.create(
            parent=page, region="main", ordering=number, picture=make_picture(), alt=f"Room {number}", caption=caption
        )
    make_revision(page)


def test_pictures_one_after_another_on_the_team_page_are_a_gallery(client):
    factories.make_clinic()
    page = make_page(kind="team", slug="", title="Team")
    add_pictures(page, "The river room", "The ridge room", "")
    html = text_of(client, "/team/")
    gallery = html.partition('class="gallery"')[2].partition("</ul>")[0]
    assert gallery.count("<figure") == 3
    assert gallery.index("The river room") < gallery.index("The ridge room")


def test_one_picture_stands_alone(client):
    factories.make_clinic()
    page = make_page(kind="team", slug="", title="Team")
    add_pictures(page, "The river room")
    html = text_of(client, "/team/")
    assert "The river room" in html
    assert "gallery" not in html
