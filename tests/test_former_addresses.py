"""An address that something had before still leads there."""

import pytest

from booking.models import Practitioner
from content.models import FormerAddress
from tests import make
from tests.make_content import make_page, make_revision

pytestmark = pytest.mark.django_db


def rename(thing, slug):
    thing.slug = slug
    thing.save()


def answer(client, path):
    response = client.get(path)
    return response.status_code, response.headers.get("Location", "")


def test_a_published_page_is_found_at_its_old_address_with_what_was_asked(client):
    rename(make_page(slug="old"), "new")
    assert answer(client, "/treatments/old/?from=mail") == (301, "/treatments/new/?from=mail")
    assert answer(client, "/treatments/new/")[0] == 200
    assert client.head("/treatments/old/").status_code == 301
    assert client.post("/treatments/old/").status_code == 405


def test_many_changes_make_no_chain_and_going_back_no_loop(client):
    page = make_page(slug="first")
    for slug in ("second", "third", "first"):
        rename(page, slug)
    assert answer(client, "/treatments/first/")[0] == 200
    assert [answer(client, f"/treatments/{slug}/") for slug in ("second", "third")] == [(301, "/treatments/first/")] * 2
    assert FormerAddress.objects.count() == 2


def test_a_new_page_that_takes_an_old_address_wins(client):
    rename(make_page(slug="taken"), "moved")
    make_page(slug="taken", title="The new one")
    assert "The new one" in client.get("/treatments/taken/").content.decode()
    assert not FormerAddress.objects.exists()


def test_two_pages_that_swap_addresses_are_both_found(client):
    one, two = make_page(slug="one"), make_page(slug="two")
    rename(one, "between")
    rename(two, "one")
    rename(one, "two")
    assert [answer(client, f"/treatments/{slug}/")[0] for slug in ("one", "two")] == [200, 200]
    assert answer(client, "/treatments/between/") == (301, "/treatments/two/")


def test_a_draft_that_nobody_saw_leaves_nothing_behind(client):
    rename(make_page(slug="secret", is_published=False), "open")
    assert answer(client, "/treatments/secret/")[0] == 404
    assert answer(client, "/treatments/open/")[0] == 404


def test_what_was_withdrawn_is_gone_at_every_address_it_had(client, now):
    page = make_page(slug="old")
    rename(page, "new")
    make_revision(page, is_public=False, head={}, blocks=[])
    assert [answer(client, f"/treatments/{slug}/")[0] for slug in ("old", "new")] == [410, 410]
    page.delete()
    assert [answer(client, f"/treatments/{slug}/")[0] for slug in ("old", "new")] == [410, 410]


def test_people_and_services_leave_their_addresses_behind_too(client):
    service = make.make_service(slug="assessment")
    person = make.make_practitioner([service], slug="steve")
    rename(service, "first-visit")
    rename(person, "steven")
    assert answer(client, "/book/assessment/?visit=new") == (301, "/book/first-visit/?visit=new")
    assert answer(client, "/team/steve/") == (301, "/team/steven/")
    Practitioner.objects.update(is_active=False)
    assert answer(client, "/team/steve/")[0] == 410


def test_saving_without_a_new_slug_writes_nothing_down():
    page = make_page(slug="same")
    page.save()
    assert not FormerAddress.objects.exists()


def test_looking_up_costs_two_queries_at_most_and_only_where_nothing_is(client, django_assert_max_num_queries):
    rename(make_page(slug="old"), "new")
    with django_assert_max_num_queries(4):
        client.get("/treatments/old/")
    with django_assert_max_num_queries(1):  # The page itself asks for the clinic's name.
        client.get("/nowhere/")


@pytest.mark.parametrize("path", ["/treatments/%00/", "/treatments/" + "a" * 300 + "/", "/team/%F0%9F%98%80/"])
def test_impossible_addresses_are_not_found(client, path):
    assert client.get(path).status_code == 404
