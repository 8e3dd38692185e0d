"""Preview of a page in search results and shared links, and its warnings."""

import pytest
from django.contrib.auth import get_user_model

from content.admin.editing.search_preview import listing_of
from content.media.preparation import prepare_waiting
from tests.support import factories
from tests.support.content_factories import make_page, make_picture

pytestmark = pytest.mark.django_db
GOOD = "What this treatment is, whether it helps, and what it costs, in plain words."


def warnings(**fields):
    return listing_of(
        make_page(
            **{"title": "Needling", "lede": GOOD, "hero_picture": make_picture()}
            | {"hero_is_decorative": True}
            | fields
        )
    ).warnings


def test_lengths_that_fit_need_no_warning():
    factories.make_clinic(name="Dynamic Physiotherapy")

    assert warnings() == []


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"title": "N" * 37}, "The title has 61 characters with the clinic's name. After 60, it's usually cut off."),
        (
            {"lede": "word " * 25 + "a" * 40},
            "The introduction has 165 characters: after 160 it is usually cut off. "
            "Write a shorter description under “Order and search engines”.",
        ),
        (
            {"description": "Too little."},
            "The description has only 11 characters. Say more about what readers will find on this page.",
        ),
        (
            {"hero_picture": None, "hero_is_decorative": False},
            "This page has no picture at the top, so a shared link shows the clinic's drawing.",
        ),
    ],
    ids=["title", "long first sentence", "short description", "no picture"],
)
def test_truncated_and_missing_texts_are_warned_of(fields, warning):
    factories.make_clinic(name="Dynamic Physiotherapy")

    assert warnings(**fields) == [warning]


def test_long_texts_are_shown_truncated():
    factories.make_clinic(name="Dynamic Physiotherapy")

    listing = listing_of(make_page(title="N" * 80, description="d" * 160))

    assert (len(listing.title), listing.title[-1]) == (60, "…")
    assert listing.description == "d" * 160


def test_the_editor_shows_the_draft_not_what_readers_see(client, django_capture_on_commit_callbacks):
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@example.com", "canola-foothills-42"))
    with django_capture_on_commit_callbacks(execute=True):
        picture = make_picture()
    prepare_waiting()
    page = make_page(slug="needling", title="Old title")
    page.title, page.hero_picture, page.hero_is_decorative = "A <b>new</b> title", picture, True
    page.save()

    html = client.get(f"/admin/content/page/{page.pk}/change/").content.decode()

    shown = html[html.index('class="listing"') :]
    assert "A &lt;b&gt;new&lt;/b&gt; title · Physiotherapy clinic" in shown
    assert "http://127.0.0.1:8000/treatments/needling/" in shown
    assert "-share-50-50.jpg" in shown


def test_a_snippet_and_an_unsaved_page_have_no_preview(client):
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@example.com", "canola-foothills-42"))
    snippet = make_page(kind="snippet", title="Call 911")

    assert listing_of(snippet) is None
    for address in (f"/admin/content/snippet/{snippet.pk}/change/", "/admin/content/page/add/"):
        assert 'class="listing"' not in client.get(address).content.decode()
