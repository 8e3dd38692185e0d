"""The drawn map on Contact: a picture of ours beside the same way in words, by day and by night."""

import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import SampleRow
from content.models import Picture, PlaceMap
from tests import make
from tests.make_content import make_picture, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    make.make_clinic()
    make_site()
    return make.make_location(directions="Past the mill.", parking_notes="Behind it.", step_free_notes="A ramp.")


def figure_on(client):
    page = client.get("/contact/").content.decode()
    found = re.search(r'<figure class="picture map">.*?</figure>', page, re.DOTALL)
    return found[0] if found else ""


def test_without_a_map_the_way_stands_in_words(client, place):
    page = client.get("/contact/").content.decode()
    assert figure_on(client) == ""
    assert [page.split("<footer")[0].count(words) for words in ("Past the mill.", "Behind it.", "A ramp.")] == [1, 1, 1]


def test_the_map_is_a_picture_of_the_library_with_its_words(client, place, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        day, night = make_picture(), make_picture()
    PlaceMap.objects.create(
        location=place, picture=day, night_picture=night, alt="Turn <left> & go", caption="P is the parking lot."
    )
    figure = figure_on(client)

    assert 'alt="Turn &lt;left&gt; &amp; go"' in figure
    assert "P is the parking lot." in figure
    by_night = figure.split('<picture class="map__night">')[1]
    assert re.search(r'<source [^>]*srcset="/media/', by_night)
    assert 'loading="lazy"' in by_night  # Where it is not shown, it is not fetched.
    assert [part.count("<img ") for part in figure.split("</picture>")] == [1, 1, 0]
    assert not re.search(r'(src|srcset|href)="https?:', figure)
    assert "Past the mill." in client.get("/contact/").content.decode()


def test_a_map_of_one_picture_is_shown_by_night_as_well(client, place):
    PlaceMap.objects.create(location=place, picture=make_picture(), alt="A map")
    assert figure_on(client).count("<img ") == 1


def test_maps_cost_no_query_of_their_own(client, place):
    def cost():
        with CaptureQueriesContext(connection) as counted:
            client.get("/contact/")
        return len(counted)

    without = cost()
    for number in range(3):
        other = make.make_location(name=f"Place {number}")
        PlaceMap.objects.create(location=other, picture=make_picture(), night_picture=make_picture(), alt="A map")
    assert cost() == without


def test_the_samples_map_comes_and_goes_with_the_sample(client):
    call_command("load_sample", verbosity=0)
    assert "Elizabeth Street runs east" in figure_on(client)
    assert "Elizabeth Street" in client.get("/contact/").content.decode().split("way__words")[1]

    call_command("load_sample", "--remove", verbosity=0)
    assert not PlaceMap.objects.exists()
    assert not SampleRow.objects.exists()


def test_a_map_that_staff_chose_stays_when_the_sample_is_loaded_again(client):
    call_command("load_sample", verbosity=0)
    own = Picture.objects.get(title="The clinic")
    PlaceMap.objects.update(picture=own)
    call_command("load_sample", verbosity=0)
    assert PlaceMap.objects.get().picture == own
