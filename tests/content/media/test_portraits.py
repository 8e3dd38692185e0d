"""Practitioner portraits: focal point and credit, as for every picture."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from booking.models import Practitioner
from content.media import share_images
from content.models import PersonCard
from tests.support import factories
from tests.support.content_factories import make_page, make_revision, make_site, picture_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def amara(stopped_clock):
    factories.make_clinic()
    make_site()
    photo = picture_upload("amara.png", kind="PNG")
    return factories.make_practitioner(
        name="Amara Okafor", slug="amara", photo=photo, focal_x=20, focal_y=70, photo_credit="Ana Reyes"
    )


@pytest.fixture
def addresses(amara):
    page = make_page()
    PersonCard.objects.create(parent=page, region="main", practitioner=amara)
    make_revision(page)
    return ["/team/", "/team/amara/", page.get_absolute_url()]


def test_every_page_with_the_portrait_uses_its_focal_point_and_credit(client, addresses):
    for address in addresses:
        html = client.get(address).content.decode()
        assert "focus focus-x-20 focus-y-70" in html, address
        assert '<p class="credit">Picture: Ana Reyes</p>' in html, address


def test_without_a_credit_no_credit_line_is_shown(client, addresses):
    Practitioner.objects.update(photo_credit="")
    assert [address for address in addresses if 'class="credit"' in client.get(address).content.decode()] == []


def test_the_share_image_uses_the_focal_point(amara):
    assert share_images.share_image_for(amara, "").focus == (20, 70)


def test_a_focal_point_outside_the_picture_is_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.make_practitioner(focal_x=101)


def test_the_admin_shows_the_portrait_to_set_the_focal_point(amara, admin_client):
    html = admin_client.get(reverse("admin:booking_practitioner_change", args=[amara.pk])).content.decode()
    assert f'<img src="{amara.photo.url}" alt="The picture as it is stored">' in html
    assert "js/focal_point.js" in html
