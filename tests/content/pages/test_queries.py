"""Query budget: a published page costs at most 20 queries, independent of its number of blocks."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content.models import (
    CallToAction,
    CareCard,
    DoList,
    Menu,
    MenuEntry,
    Notice,
    Page,
    PersonCard,
    PlacedPicture,
    Questions,
    RiskTable,
    Signpost,
    SnippetHere,
)
from tests.support import factories
from tests.support.content_factories import (
    make_page,
    make_picture,
    make_revision,
    make_section,
    make_site,
    make_sources,
)

pytestmark = [pytest.mark.usefixtures("kept_facts", "stopped_clock"), pytest.mark.once]
MOST = 20


def cost(client, address):
    """Return the number of queries of one page, after a first request has warmed the process."""
    client.get("/nowhere/")
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


def make_bookable_service(**fields):
    """Create a service with a practitioner, room and working hours, so that the whole slot search runs."""
    service = factories.make_service(**fields)
    person = factories.make_practitioner([service])
    location = factories.make_location()
    factories.make_room(location)
    factories.make_hours(person, location)
    return service


def add_reference_blocks(page, number):
    """Add five kinds of reference blocks, ``number`` times, each with its own targets."""
    snippet = make_page(kind="snippet", lede="")
    CareCard.objects.create(parent=snippet, region="main", heading="Call 911 if", items=[{"text": "pain"}])
    make_revision(snippet)
    for _ in range(number):
        service = factories.make_service(first_visit_service=factories.make_service())
        person = factories.make_practitioner([service])
        here = {"parent": page, "region": "main"}
        CallToAction.objects.create(**here, label="Book", service=service)
        PersonCard.objects.create(**here, practitioner=person)
        PlacedPicture.objects.create(**here, picture=make_picture(), is_decorative=True)
        Signpost.objects.create(**here, title="There", page=make_page())
        SnippetHere.objects.create(**here, snippet=snippet)
    make_revision(page)


def add_text_blocks(page, number):
    for _ in range(number):
        here = {"parent": page, "region": "main"}
        make_section(page)
        DoList.objects.create(**here, do=[{"text": "Walk"}])
        RiskTable.objects.create(**here, caption="x", rows=[{"effect": "A bruise", "how_often": "8 in 100"}])
        Questions.objects.create(**here, items=[{"question": "Why?", "answer": "Because."}])
        make_sources(page, "George 2021")
    make_revision(page)


def test_a_treatment_costs_the_same_with_5_and_with_25_blocks(client):
    factories.make_clinic()
    service = make_bookable_service(first_visit_service=factories.make_service())
    person = factories.make_practitioner([service])
    page = make_page(service=service, written_by=person, hero_picture=make_picture(), hero_alt="A path", position=5)
    make_page(position=1)
    make_page(position=9)
    costs = []
    for number in (1, 4):
        add_reference_blocks(page, number)
        costs.append(cost(client, page.get_absolute_url()))
    add_text_blocks(page, 5)
    costs.append(cost(client, page.get_absolute_url()))
    assert len(set(costs)) == 1
    assert costs[0] <= MOST


@pytest.mark.parametrize("kind", [kind for kind in Page.Kind if kind not in ("treatment", "snippet")])
def test_every_other_page_costs_the_same_with_5_and_with_25_blocks(client, kind):
    factories.make_clinic()
    make_site()
    for _ in range(3):
        make_page(service=make_bookable_service(), hero_picture=make_picture(), hero_alt="A path")
    page = Page.objects.get(kind=kind)
    costs = set()
    for number in (1, 4):
        add_reference_blocks(page, number)
        costs.add(cost(client, page.get_absolute_url()))
    assert len(costs) == 1
    assert max(costs) <= MOST


def test_a_practitioner_page_costs_the_same_with_many_services_and_pages(client):
    factories.make_clinic()
    person = factories.make_practitioner([make_bookable_service()])
    costs = set()
    for number in (1, 5):
        for _ in range(number):
            person.services.add(factories.make_service())
            make_page(written_by=person)
        costs.add(cost(client, person.get_absolute_url()))
    assert len(costs) == 1
    assert max(costs) <= MOST


def test_menus_and_notices_cost_the_same_however_many_there_are(client):
    factories.make_clinic()
    costs = set()
    for number in (1, 8):
        for place in range(number):
            page = make_page()
            MenuEntry.objects.create(menu=Menu.objects.get(kind="reach"), page=page, position=place)
            Notice.objects.create(title="News", page=page, link_label="More")
        with CaptureQueriesContext(connection) as counted:
            client.get("/nowhere/")  # The first request after a change loads them.
        costs.add(len(counted))
    assert len(costs) == 1
    assert max(costs) <= 11
