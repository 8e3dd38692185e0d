"""What is in use is not deleted, and says where it is used: in drafts and in what readers see."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import ProtectedError

from content.models import Page, Picture, PlacedPicture, Signpost, SnippetHere
from content.uses import uses, uses_of
from tests.make_content import make_page, make_picture, make_revision, publish_drafts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def office(client):
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@example.com", "canola-foothills-42"))
    return client


def place(page, picture):
    return PlacedPicture.objects.create(parent=page, region="main", picture=picture, alt="A path")


def said(row, now):
    return [str(use) for use in uses_of(row, now=now)]


def test_a_picture_says_on_which_drafts_and_public_pages_it_stands(now):
    picture, other = make_picture(), make_picture()
    place(make_page(title="Back pain", is_published=False), picture)
    make_page(title="Needling", hero_picture=picture, hero_alt="A path")
    place(make_page(title="Other"), other)

    assert said(picture, now) == ["Back pain (in the draft)", "Needling (in the draft, readers see it)"]


@pytest.mark.parametrize(
    ("goes_live_in", "where"),
    [(timedelta(days=-1), "readers see it"), (timedelta(days=3), "scheduled to go live")],
    ids=["live", "scheduled"],
)
def test_a_picture_that_only_a_published_page_still_shows_cannot_be_deleted(now, goes_live_in, where):
    picture = make_picture()
    page = make_page(title="Back pain", is_published=False)
    placed = place(page, picture)
    make_revision(page, goes_live_at=now + goes_live_in)
    placed.delete()

    assert said(picture, now) == [f"Back pain ({where})"]
    for delete in (picture.delete, Picture.objects.all().delete):
        with pytest.raises(ProtectedError, match=r"Back pain \(" + where), transaction.atomic():
            delete()
    assert Picture.objects.count() == 1


def test_a_picture_of_an_old_version_may_go(now):
    picture = make_picture()
    page = make_page(is_published=False)
    placed = place(page, picture)
    make_revision(page)
    placed.delete()
    make_revision(page)

    picture.delete()

    assert not Picture.objects.exists()


def test_pages_and_snippets_say_where_they_are_used(now):
    snippet = make_page(kind="snippet", title="Call 911")
    target = make_page(title="Needling")
    page = make_page(title="Back pain", is_published=False)
    SnippetHere.objects.create(parent=page, region="main", snippet=snippet)
    signpost = Signpost.objects.create(parent=page, region="main", title="More", page=target)
    make_revision(page)
    signpost.delete()

    assert said(snippet, now) == ["Back pain (in the draft, readers see it)"]
    assert said(target, now) == ["Back pain (readers see it)"]
    for row in (target, snippet):
        with pytest.raises(ProtectedError), transaction.atomic():
            row.delete()


def test_pages_that_lead_to_each_other_may_go_together(now):
    one, two = make_page(title="One"), make_page(title="Two")
    for here, there in ((one, two), (two, one)):
        Signpost.objects.create(parent=here, region="main", title="More", page=there)
    publish_drafts()
    Signpost.objects.all().delete()

    Page.objects.all().delete()

    assert not Page.objects.exists()


def test_many_pictures_cost_as_many_queries_as_one(now, django_assert_num_queries):
    rows = [make_picture(), make_picture()]
    for picture in rows:
        make_page(hero_picture=picture, hero_alt="A path")

    with django_assert_num_queries(5):
        uses(rows[:1], now=now)
    with django_assert_num_queries(5):
        found = uses(rows, now=now)

    assert [len(found[row.pk]) for row in rows] == [1, 1]


def test_deleting_a_used_picture_shows_where_it_is_used(office):
    picture = make_picture(title="Path")
    page = make_page(title="Back pain", hero_picture=picture, hero_alt="A path")
    address = f"/admin/content/picture/{picture.pk}/delete/"

    asked, done = office.get(address), office.post(address, {"post": "yes"})

    for response in (asked, done):
        html = response.content.decode()
        assert "“Path” is used on" in html
        assert f'<a href="/admin/content/page/{page.pk}/change/">Back pain</a> (in the draft, readers see it)' in html
    assert 'value="yes"' not in asked.content.decode()
    assert Picture.objects.count() == 1


def test_so_does_deleting_several_at_once(office):
    used, free = make_picture(title="Path"), make_picture(title="Hill")
    make_page(title="Back pain", hero_picture=used, hero_alt="A path")
    sent = {"action": "delete_selected", "_selected_action": [used.pk, free.pk], "post": "yes"}

    html = office.post("/admin/content/picture/", sent).content.decode()

    assert "“Path” is used on" in html
    assert "“Hill”" not in html
    assert Picture.objects.count() == 2


def test_a_page_that_readers_see_is_hidden_before_it_is_deleted(office, now):
    page = make_page(title="Back pain")
    address = f"/admin/content/page/{page.pk}/delete/"

    assert "hide it from them first" in office.post(address, {"post": "yes"}).content.decode()
    assert Page.objects.exists()

    make_revision(page, is_public=False, head={}, blocks=[])
    office.post(address, {"post": "yes"})
    assert not Page.objects.exists()


def test_the_picture_s_own_page_and_the_list_say_where_it_is_used(office):
    picture = make_picture(title="Path")
    page = make_page(title="Back pain", hero_picture=picture, hero_alt="A path")

    html = office.get(f"/admin/content/picture/{picture.pk}/change/").content.decode()
    listed = office.get("/admin/content/picture/").content.decode()

    assert f'<a href="/admin/content/page/{page.pk}/change/">Back pain</a>' in html
    assert '<td class="field-pages">1</td>' in listed
