"""Usage of pictures, pages and snippets: where they are used, and protection from deletion."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import ProtectedError

from content.links.usage import find_usages, uses_of
from content.models import Page, Picture, PlacedPicture, Signpost, SnippetHere
from tests.support.content_factories import make_page, make_picture, make_revision, publish_drafts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def staff_client(client):
    client.force_login(get_user_model().objects.create_superuser("steve", "steve@example.com", "canola-foothills-42"))
    return client


def place(page, picture):
    return PlacedPicture.objects.create(parent=page, region="main", picture=picture, alt="A path")


def usages(row, now):
    return [str(usage) for usage in uses_of(row, now=now)]


def test_usages_of_a_picture_include_drafts_and_published_pages(now):
    picture, other = make_picture(), make_picture()
    place(make_page(title="Back pain", is_published=False), picture)
    make_page(title="Needling", hero_picture=picture, hero_alt="A path")
    place(make_page(title="Other"), other)

    assert usages(picture, now) == ["Back pain (in the draft)", "Needling (in the draft, readers see it)"]


@pytest.mark.parametrize(
    ("goes_live_in", "where"),
    [(timedelta(days=-1), "readers see it"), (timedelta(days=3), "scheduled to go live")],
    ids=["live", "scheduled"],
)
def test_a_picture_used_only_by_a_revision_cannot_be_deleted(now, goes_live_in, where):
    picture = make_picture()
    page = make_page(title="Back pain", is_published=False)
    placed = place(page, picture)
    make_revision(page, goes_live_at=now + goes_live_in)
    placed.delete()

    assert usages(picture, now) == [f"Back pain ({where})"]
    for delete in (picture.delete, Picture.objects.all().delete):
        with pytest.raises(ProtectedError, match=r"Back pain \(" + where), transaction.atomic():
            delete()
    assert Picture.objects.count() == 1


def test_a_picture_used_only_by_an_old_revision_can_be_deleted(now):
    picture = make_picture()
    page = make_page(is_published=False)
    placed = place(page, picture)
    make_revision(page)
    placed.delete()
    make_revision(page)

    picture.delete()

    assert not Picture.objects.exists()


def test_usages_of_pages_and_snippets_include_drafts_and_published_pages(now):
    snippet = make_page(kind="snippet", title="Call 911")
    target = make_page(title="Needling")
    page = make_page(title="Back pain", is_published=False)
    SnippetHere.objects.create(parent=page, region="main", snippet=snippet)
    signpost = Signpost.objects.create(parent=page, region="main", title="More", page=target)
    make_revision(page)
    signpost.delete()

    assert usages(snippet, now) == ["Back pain (in the draft, readers see it)"]
    assert usages(target, now) == ["Back pain (readers see it)"]
    for row in (target, snippet):
        with pytest.raises(ProtectedError), transaction.atomic():
            row.delete()


def test_pages_that_link_to_each_other_can_be_deleted_together(now):
    first, second = make_page(title="One"), make_page(title="Two")
    for here, there in ((first, second), (second, first)):
        Signpost.objects.create(parent=here, region="main", title="More", page=there)
    publish_drafts()
    Signpost.objects.all().delete()

    Page.objects.all().delete()

    assert not Page.objects.exists()


def test_usages_of_many_pictures_have_a_constant_number_of_queries(now, django_assert_num_queries):
    rows = [make_picture(), make_picture()]
    for picture in rows:
        make_page(hero_picture=picture, hero_alt="A path")

    with django_assert_num_queries(6):
        find_usages(rows[:1], now=now)
    with django_assert_num_queries(6):
        usages_by_id = find_usages(rows, now=now)

    assert [len(usages_by_id[row.pk]) for row in rows] == [1, 1]


def test_the_delete_page_shows_where_a_picture_is_used(staff_client):
    picture = make_picture(title="Path")
    page = make_page(title="Back pain", hero_picture=picture, hero_alt="A path")
    address = f"/admin/content/picture/{picture.pk}/delete/"

    question, deletion = staff_client.get(address), staff_client.post(address, {"post": "yes"})

    for response in (question, deletion):
        html = response.content.decode()
        assert "“Path” is used on" in html
        assert f'<a href="/admin/content/page/{page.pk}/change/">Back pain</a> (in the draft, readers see it)' in html
    assert 'value="yes"' not in question.content.decode()
    assert Picture.objects.count() == 1


def test_the_delete_action_shows_where_pictures_are_used(staff_client):
    used, free = make_picture(title="Path"), make_picture(title="Hill")
    make_page(title="Back pain", hero_picture=used, hero_alt="A path")
    data = {"action": "delete_selected", "_selected_action": [used.pk, free.pk], "post": "yes"}

    html = staff_client.post("/admin/content/picture/", data).content.decode()

    assert "“Path” is used on" in html
    assert "“Hill”" not in html
    assert Picture.objects.count() == 2


def test_a_published_page_must_be_hidden_before_it_is_deleted(staff_client, now):
    page = make_page(title="Back pain")
    address = f"/admin/content/page/{page.pk}/delete/"

    assert "Hide it from them first" in staff_client.post(address, {"post": "yes"}).content.decode()
    assert Page.objects.exists()

    make_revision(page, is_public=False, head={}, blocks=[])
    staff_client.post(address, {"post": "yes"})
    assert not Page.objects.exists()


def test_the_picture_form_and_list_show_where_it_is_used(staff_client):
    picture = make_picture(title="Path")
    page = make_page(title="Back pain", hero_picture=picture, hero_alt="A path")

    html = staff_client.get(f"/admin/content/picture/{picture.pk}/change/").content.decode()
    listed = staff_client.get("/admin/content/picture/").content.decode()

    assert f'<a href="/admin/content/page/{page.pk}/change/">Back pain</a>' in html
    assert '<td class="field-pages">1</td>' in listed
