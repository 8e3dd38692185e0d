"""Redirects from former URLs after a change of slug."""

import pytest

from booking.models import Practitioner
from content.models import SlugRedirect
from tests.support import factories
from tests.support.content_factories import make_page, make_revision

pytestmark = pytest.mark.django_db


def rename(instance, slug):
    instance.slug = slug
    instance.save()


def fetch(client, path):
    response = client.get(path)
    return response.status_code, response.headers.get("Location", "")


def test_a_renamed_page_is_redirected_with_its_query_string(client):
    rename(make_page(slug="old"), "new")
    assert fetch(client, "/treatments/old/?from=mail") == (301, "/treatments/new/?from=mail")
    assert fetch(client, "/treatments/new/")[0] == 200
    assert client.head("/treatments/old/").status_code == 301
    assert client.post("/treatments/old/").status_code == 405


def test_several_renames_make_no_redirect_chain_or_loop(client):
    page = make_page(slug="first")
    for slug in ("second", "third", "first"):
        rename(page, slug)
    assert fetch(client, "/treatments/first/")[0] == 200
    assert [fetch(client, f"/treatments/{slug}/") for slug in ("second", "third")] == [(301, "/treatments/first/")] * 2
    assert SlugRedirect.objects.count() == 2


def test_a_new_page_at_a_former_url_takes_precedence(client):
    rename(make_page(slug="taken"), "moved")
    make_page(slug="taken", title="The new one")
    assert "The new one" in client.get("/treatments/taken/").content.decode()
    assert not SlugRedirect.objects.exists()


def test_two_pages_can_swap_slugs(client):
    one, two = make_page(slug="one"), make_page(slug="two")
    rename(one, "between")
    rename(two, "one")
    rename(one, "two")
    assert [fetch(client, f"/treatments/{slug}/")[0] for slug in ("one", "two")] == [200, 200]
    assert fetch(client, "/treatments/between/") == (301, "/treatments/two/")


def test_renaming_a_draft_makes_no_redirect(client, home_page):
    rename(make_page(slug="secret", is_published=False), "open")
    assert fetch(client, "/treatments/secret/")[0] == 404
    assert fetch(client, "/treatments/open/")[0] == 404


def test_a_hidden_or_deleted_page_is_gone_at_all_its_urls(client, now):
    page = make_page(slug="old")
    rename(page, "new")
    make_revision(page, is_public=False, head={}, blocks=[])
    assert [fetch(client, f"/treatments/{slug}/")[0] for slug in ("old", "new")] == [410, 410]
    page.delete()
    assert [fetch(client, f"/treatments/{slug}/")[0] for slug in ("old", "new")] == [410, 410]


def test_practitioners_and_services_are_redirected_too(client):
    service = factories.make_service(slug="assessment")
    person = factories.make_practitioner([service], slug="steve")
    rename(service, "first-visit")
    rename(person, "steven")
    assert fetch(client, "/book/assessment/?visit=new") == (301, "/book/first-visit/?visit=new")
    assert fetch(client, "/book/assessment/waitlist/?visit=new") == (
        301,
        "/book/first-visit/waitlist/?visit=new",
    )
    assert fetch(client, "/book/assessment/waitlist") == (301, "/book/first-visit/waitlist/")
    assert fetch(client, "/team/steve/") == (301, "/team/steven/")
    Practitioner.objects.update(is_active=False)
    assert fetch(client, "/team/steve/")[0] == 410


def test_saving_without_a_new_slug_makes_no_redirect():
    page = make_page(slug="same")
    page.save()
    assert not SlugRedirect.objects.exists()


def test_the_lookup_costs_two_queries_at_most_and_only_on_404(client, kept_facts, django_assert_max_num_queries):
    rename(make_page(slug="old"), "new")
    client.get("/nowhere/")  # The 404 page loads the clinic, which is cached from then on.
    with django_assert_max_num_queries(4):
        client.get("/treatments/old/")
    with django_assert_max_num_queries(1):
        client.get("/nowhere/")


class TestWithoutTrailingSlash:
    def test_a_live_url_gets_its_slash_and_keeps_its_query_string(self, client):
        make_page(slug="dry-needling")
        factories.make_practitioner([factories.make_service(slug="assessment")], slug="steve")
        for path in ("/treatments/dry-needling", "/team/steve", "/book/assessment"):
            assert fetch(client, f"{path}?from=mail") == (301, f"{path}/?from=mail")
            assert client.get(path, follow=True).status_code == 200

    def test_a_renamed_page_is_redirected_in_one_hop(self, client):
        rename(make_page(slug="old"), "new")
        assert fetch(client, "/treatments/old?from=mail") == (301, "/treatments/new/?from=mail")
        assert fetch(client, "/treatments/new") == (301, "/treatments/new/")
        assert client.head("/treatments/old").status_code == 301

    def test_a_renamed_practitioner_is_redirected_in_one_hop(self, client):
        rename(factories.make_practitioner(slug="steve"), "steven")
        assert fetch(client, "/team/steve") == (301, "/team/steven/")

    def test_a_hidden_page_is_gone(self, client):
        page = make_page(slug="old")
        rename(page, "new")
        make_revision(page, is_public=False, head={}, blocks=[])
        for slug in ("old", "new"):
            assert client.get(f"/treatments/{slug}", follow=True).status_code == 410

    def test_unknown_urls_and_drafts_are_not_found(self, client, home_page):
        make_page(slug="secret", is_published=False)
        for path in ("/treatments/never", "/treatments/secret", "/team/nobody", "/book/nothing", "/treatments/a/b"):
            assert client.get(path, follow=True).status_code == 404

    def test_a_new_page_at_a_former_url_takes_precedence(self, client):
        rename(make_page(slug="taken"), "moved")
        make_page(slug="taken", title="The new one")
        assert fetch(client, "/treatments/taken") == (301, "/treatments/taken/")

    def test_a_post_is_redirected_to_the_url_with_slash(self, client):
        rename(make_page(slug="old"), "new")
        assert client.post("/treatments/new", follow=True).status_code == 200


@pytest.mark.parametrize("path", ["/treatments/%00/", "/treatments/" + "a" * 300 + "/", "/team/%F0%9F%98%80/"])
def test_invalid_paths_are_not_found(client, home_page, path):
    assert client.get(path).status_code == 404
