"""Preview links: signed, expiring, and never cached or indexed."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing

from content.models import Page
from content.publishing import preview_links
from tests.support import factories
from tests.support.content_factories import make_page, make_section, make_site, preview_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    page = make_page(slug="dry-needling", title="Dry needling")
    make_section(page, heading="Not yet public", body="<p>Secret words.</p>")
    return page


def test_the_preview_shows_the_draft_with_a_banner(client, draft):
    response = client.get(preview_link(draft))

    html = response.content.decode()
    assert response.status_code == 200
    assert "Secret words." in html
    assert "Draft preview, not public." in html
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    assert "Secret words." not in client.get("/treatments/dry-needling/").content.decode()


def test_a_preview_does_not_contain_its_own_url(client, draft):
    html = client.get(preview_link(draft)).content.decode()

    assert "/preview/" not in html
    assert "application/ld+json" not in html
    assert "canonical" not in html


def test_the_link_expires_after_a_week(client, draft, now):
    with time_machine.travel(now, tick=False):
        link = preview_link(draft)
    with time_machine.travel(now + timedelta(days=7), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(now + timedelta(days=7, seconds=1), tick=False):
        response = client.get(link)

    assert response.status_code == 410
    assert "Secret words." not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_switching_a_login_off_ends_the_links_that_it_made(client, draft, django_user_model, change):
    dana, alice = (django_user_model.objects.create_user(name, is_staff=True) for name in ("dana", "alice"))
    links = [preview_link(draft, by=dana), preview_link(draft, by=alice)]
    assert [client.get(link).status_code for link in links] == [200, 200]
    django_user_model.objects.filter(pk=dana.pk).update(**change)
    assert [client.get(link).status_code for link in links] == [410, 200]


def test_a_link_of_an_earlier_release_which_names_nobody_still_works(client, draft):
    token = signing.dumps({"page": draft.pk, "generation": draft.preview_generation}, salt=preview_links.SALT)
    assert client.get(f"/preview/{token}/").status_code == 200


def test_a_new_link_revokes_earlier_ones(client, draft):
    link = preview_link(draft)
    Page.objects.update(preview_generation=1)
    draft.refresh_from_db()

    assert client.get(link).status_code == 410
    assert client.get(preview_link(draft)).status_code == 200


@pytest.mark.parametrize(
    "token",
    ["x", "x:y:z", "../../etc/passwd", "%F0%9F%98%80"],
)
def test_an_unsigned_token_is_404(client, draft, token):
    assert client.get(f"/preview/{token}/").status_code == 404


def test_a_token_with_another_salt_is_404(client, draft):
    token = signing.dumps({"page": draft.pk, "generation": draft.preview_generation}, salt="another")

    assert client.get(f"/preview/{token}/").status_code == 404


def test_a_link_to_a_deleted_page_is_gone(client, draft):
    link = preview_link(draft)
    draft.delete()

    assert client.get(link).status_code == 410


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_preview_allows_only_safe_methods(client, draft, method):
    assert getattr(client, method)(preview_link(draft)).status_code == 405


@pytest.mark.parametrize("kind", [kind for kind in Page.Kind if kind != Page.Kind.TREATMENT])
def test_every_kind_of_page_has_a_preview(client, kind):
    factories.make_clinic()
    factories.make_location()
    make_site()
    make_page(slug="listed", title="Listed treatment")
    page = make_page(kind=kind, lede="") if kind == "snippet" else Page.objects.get(kind=kind)
    make_section(page, heading="Only in the draft")

    html = client.get(preview_link(page)).content.decode()

    assert "Only in the draft" in html
    assert html.count("<h1") == 1
    if kind == "treatments":
        assert "Listed treatment" in html
    if kind == "contact":
        assert '<form method="post" action="/contact/"' in html


def test_the_lifetime_of_a_link_is_a_week():
    assert timedelta(days=7) == preview_links.LIFETIME
