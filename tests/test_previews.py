"""The draft on a link of its own: only for those who hold it, only for a while, and kept by nobody."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing

from content import previews
from content.models import Page
from content.previews import address_of
from tests import make
from tests.make_content import make_page, make_section, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    page = make_page(slug="dry-needling", title="Dry needling")
    make_section(page, heading="Not yet public", body="<p>Secret words.</p>")
    return page


def test_the_draft_is_shown_as_a_page_that_says_what_it_is(client, draft):
    response = client.get(address_of(draft))

    html = response.content.decode()
    assert response.status_code == 200
    assert "Secret words." in html
    assert "Draft preview, not public." in html
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    assert "Secret words." not in client.get("/treatments/dry-needling/").content.decode()


def test_a_preview_tells_nobody_its_own_address(client, draft):
    html = client.get(address_of(draft)).content.decode()

    assert "/preview/" not in html
    assert "application/ld+json" not in html
    assert "canonical" not in html


def test_the_link_ends_after_a_week(client, draft, now):
    with time_machine.travel(now, tick=False):
        link = address_of(draft)
    with time_machine.travel(now + timedelta(days=7), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(now + timedelta(days=7, seconds=1), tick=False):
        response = client.get(link)

    assert response.status_code == 410
    assert "Secret words." not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_a_new_link_ends_the_ones_before(client, draft):
    link = address_of(draft)
    Page.objects.update(preview_generation=1)
    draft.refresh_from_db()

    assert client.get(link).status_code == 410
    assert client.get(address_of(draft)).status_code == 200


@pytest.mark.parametrize(
    "token",
    ["x", "x:y:z", "../../etc/passwd", "%F0%9F%98%80"],
)
def test_what_we_never_signed_is_nowhere(client, draft, token):
    assert client.get(f"/preview/{token}/").status_code == 404


def test_what_we_signed_for_something_else_is_nowhere(client, draft):
    token = signing.dumps({"page": draft.pk, "generation": draft.preview_generation}, salt="another")

    assert client.get(f"/preview/{token}/").status_code == 404


def test_a_link_to_a_deleted_page_has_ended(client, draft):
    link = address_of(draft)
    draft.delete()

    assert client.get(link).status_code == 410


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_preview_only_reads(client, draft, method):
    assert getattr(client, method)(address_of(draft)).status_code == 405


@pytest.mark.parametrize("kind", [kind for kind in Page.Kind if kind != Page.Kind.TREATMENT])
def test_every_kind_of_page_has_a_preview(client, kind):
    make.make_clinic()
    make.make_location()
    make_site()
    make_page(slug="listed", title="Listed treatment")
    page = make_page(kind=kind, lede="") if kind == "snippet" else Page.objects.get(kind=kind)
    make_section(page, heading="Only in the draft")

    html = client.get(address_of(page)).content.decode()

    assert "Only in the draft" in html
    assert html.count("<h1") == 1
    if kind == "treatments":
        assert "Listed treatment" in html
    if kind == "contact":
        assert '<form method="post" action="/contact/"' in html


def test_a_link_lasts_a_week():
    assert timedelta(days=7) == previews.LASTS
