"""Rule: a portrait is cut around its focal point, and shown with its credit, as every picture is."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from booking.models import Practitioner
from content import share_cards
from content.models import PersonCard
from tests import make
from tests.make_content import make_page, make_revision, make_site, picture_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def amara(stopped_clock):
    make.make_clinic()
    make_site()
    photo = picture_upload("amara.png", kind="PNG")
    return make.make_practitioner(
        name="Amara Okafor", slug="amara", photo=photo, focal_x=20, focal_y=70, photo_credit="Ana Reyes"
    )


@pytest.fixture
def addresses(amara):
    page = make_page()
    PersonCard.objects.create(parent=page, region="main", practitioner=amara)
    make_revision(page)
    return ["/team/", "/team/amara/", page.get_absolute_url()]


def test_wherever_it_is_shown_it_is_cut_there_and_names_who_made_it(client, addresses):
    for address in addresses:
        html = client.get(address).content.decode()
        assert "focus focus-x-20 focus-y-70" in html, address
        assert '<p class="credit">Picture: Ana Reyes</p>' in html, address


def test_without_a_credit_nothing_is_said(client, addresses):
    Practitioner.objects.update(photo_credit="")
    assert [address for address in addresses if 'class="credit"' in client.get(address).content.decode()] == []


def test_the_picture_for_shared_links_is_cut_there_too(amara):
    assert share_cards.card_of(amara, "").focus == (20, 70)


def test_a_point_outside_the_picture_is_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        make.make_practitioner(focal_x=101)


def test_the_office_shows_the_portrait_to_click_on(amara, admin_client):
    html = admin_client.get(reverse("admin:booking_practitioner_change", args=[amara.pk])).content.decode()
    assert f'<img src="{amara.photo.url}" alt="The picture as it is stored">' in html
    assert "js/focal_point.js" in html
