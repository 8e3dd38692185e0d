"""The map on the contact page: a library picture with a dark variant, next to the directions in words."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import SampleRow
from content.media.preparation import prepare_waiting
from content.models import Picture, PlaceMap
from tests.support import factories
from tests.support.content_factories import make_picture, make_site
from tests.support.sample import load_sample, remove_sample

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def location():
    factories.make_clinic()
    make_site()
    return factories.make_location(directions="Past the mill.", parking_notes="Behind it.", step_free_notes="A ramp.")


def figure_on(client):
    page = client.get("/contact/").content.decode()
    match = re.search(r'<figure class="picture map">.*?</figure>', page, re.DOTALL)
    return match[0] if match else ""


def test_without_a_map_the_directions_are_shown_in_words(client, location):
    page = client.get("/contact/").content.decode()
    assert figure_on(client) == ""
    assert [page.split("<footer")[0].count(words) for words in ("Past the mill.", "Behind it.", "A ramp.")] == [1, 1, 1]


def test_the_map_is_shown_with_its_alt_text_caption_and_dark_variant(client, location):
    day, night = make_picture(), make_picture()
    prepare_waiting()
    PlaceMap.objects.create(
        location=location, picture=day, night_picture=night, alt="Turn <left> & go", caption="P is the parking lot."
    )
    figure = figure_on(client)

    assert 'alt="Turn &lt;left&gt; &amp; go"' in figure
    assert "P is the parking lot." in figure
    by_night = figure.split('<picture class="map__night">')[1]
    assert re.search(r'<source [^>]*srcset="/media/', by_night)
    assert 'loading="lazy"' in by_night  # The hidden variant is not fetched.
    assert [part.count("<img ") for part in figure.split("</picture>")] == [1, 1, 0]
    assert not re.search(r'(src|srcset|href)="https?:', figure)
    assert "Past the mill." in client.get("/contact/").content.decode()


def test_a_map_without_a_dark_variant_uses_its_picture(client, location):
    PlaceMap.objects.create(location=location, picture=make_picture(), alt="A map")
    assert figure_on(client).count("<img ") == 1


def test_more_maps_cost_no_more_queries(client, location):
    def cost():
        with CaptureQueriesContext(connection) as counted:
            client.get("/contact/")
        return len(counted)

    without = cost()
    for number in range(3):
        other = factories.make_location(name=f"Place {number}")
        PlaceMap.objects.create(location=other, picture=make_picture(), night_picture=make_picture(), alt="A map")
    assert cost() == without


def test_the_sample_map_is_loaded_and_removed_with_the_sample(client):
    load_sample()
    assert "Elizabeth Street runs east" in figure_on(client)
    assert "Elizabeth Street" in client.get("/contact/").content.decode().split("way__words")[1]

    remove_sample()
    assert not PlaceMap.objects.exists()
    assert not SampleRow.objects.exists()


def test_loading_the_sample_again_keeps_a_map_chosen_by_staff(client):
    load_sample()
    own = Picture.objects.get(title="The clinic")
    PlaceMap.objects.update(picture=own)
    load_sample()
    assert PlaceMap.objects.get().picture == own
