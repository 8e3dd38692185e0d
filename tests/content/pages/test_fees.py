"""The fees page: prices with codes for insurers, and who is billed directly."""

import pytest
from django.urls import reverse

from booking.models import Insurer
from tests.support import factories
from tests.support.content_factories import make_page, publish_drafts
from tests.support.sample import load_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def fees_page(db):
    factories.make_clinic()
    return make_page(kind="fees", slug="", title="Fees")


def text_of(client, address="/fees/"):
    publish_drafts()
    return " ".join(client.get(address).content.decode().split())


def test_the_fees_page_lists_the_active_insurers_in_the_order_of_the_staff(client, fees_page):
    Insurer.objects.create(name="Prairie Benefits", position=2)
    Insurer.objects.create(name="Foothills Life", note="Group plans only.", position=1)
    Insurer.objects.create(name="Gone Mutual", is_active=False)

    html = text_of(client)

    assert html.index("Foothills Life") < html.index("Group plans only.") < html.index("Prairie Benefits")
    assert "Gone Mutual" not in html


def test_a_changed_insurer_is_on_the_page_at_once(client, fees_page):
    insurer = Insurer.objects.create(name="Prairie Benefits")
    assert "Prairie Benefits" in text_of(client)
    insurer.name = "Prairie and Sons"
    insurer.save()
    assert "Prairie and Sons" in text_of(client)


def test_nobody_is_said_to_be_billed_while_the_list_is_empty(client, fees_page):
    assert "bill directly" not in text_of(client)


def test_the_price_list_gives_the_code_that_insurers_ask_for(client, fees_page):
    factories.make_practitioner([factories.make_service(insurer_code="PA45")])
    html = text_of(client)
    assert "Code for insurers:" in html
    assert "PA45" in html
    make_page(kind="home", slug="", title="Home")
    assert "PA45" not in text_of(client, "/")


def test_the_price_of_a_time_leads_to_what_insurers_pay(client, fees_page):
    service = factories.make_service()
    factories.make_practitioner([service])
    factories.make_location()
    address = reverse("booking:times", args=[service.slug])
    assert '<a class="nowrap" href="/fees/#insurance">Is it covered?</a>' in text_of(client, address)


def test_no_price_leads_to_a_fees_page_that_is_not_published(client):
    factories.make_clinic()
    service = factories.make_service()
    factories.make_practitioner([service])
    factories.make_location()
    assert "Is it covered?" not in text_of(client, reverse("booking:times", args=[service.slug]))


@pytest.mark.once
def test_the_sample_names_claims_and_its_insurers_and_has_them_removed_with_it(client):
    load_sample()
    html = " ".join(client.get("/fees/").content.decode().split())
    for words in ("Prairie Sample Benefits", "Hurt at work (WCB)", "Car accident (MVA)", "What to bring for a claim"):
        assert words in html
