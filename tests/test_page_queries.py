"""A published page costs three queries at most besides its next free time, whatever it holds."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking import scheduling
from content import next_free
from content.models import (
    CallToAction,
    CareCard,
    DoList,
    Page,
    PersonCard,
    PlacedPicture,
    Questions,
    RiskTable,
    Signpost,
    SnippetHere,
)
from tests import make
from tests.make_content import make_page, make_picture, make_revision, make_section, make_site, make_sources

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


def cost(client, address, monkeypatch):
    """The queries of one page, without those that look for its next free time."""
    monkeypatch.setattr(next_free, "find", lambda now, **asked: None)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


def fill(page, number):
    """Every kind of block that names something, ``number`` times, each naming something else."""
    snippet = make_page(kind="snippet", lede="")
    CareCard.objects.create(parent=snippet, region="main", heading="Call 911 if", items=[{"text": "pain"}])
    make_revision(snippet)
    for _ in range(number):
        service = make.make_service(first_visit_service=make.make_service())
        person = make.make_practitioner([service])
        here = {"parent": page, "region": "main"}
        make_section(page)
        CallToAction.objects.create(**here, label="Book", service=service)
        PersonCard.objects.create(**here, practitioner=person)
        PlacedPicture.objects.create(**here, picture=make_picture(), is_decorative=True)
        Signpost.objects.create(**here, title="There", page=make_page())
        Signpost.objects.create(**here, title="Book", service=service)
        SnippetHere.objects.create(**here, snippet=snippet)
        DoList.objects.create(**here, do=[{"text": "Walk"}])
        RiskTable.objects.create(**here, caption="x", rows=[{"effect": "A bruise", "how_often": "8 in 100"}])
        Questions.objects.create(**here, items=[{"question": "Why?", "answer": "Because."}])
        make_sources(page, "George 2021")
    make_revision(page)


@pytest.mark.parametrize("number", [0, 1, 5])
def test_a_treatment_costs_three_queries(client, monkeypatch, number):
    make.make_clinic()
    make.make_location()
    service = make.make_service(first_visit_service=make.make_service())
    person = make.make_practitioner([service])
    page = make_page(service=service, written_by=person, hero_picture=make_picture(), hero_alt="A path", position=5)
    make_page(position=1)
    make_page(position=9)
    fill(page, number)

    assert cost(client, page.get_absolute_url(), monkeypatch) == 3


@pytest.mark.parametrize("kind", [kind for kind in Page.Kind if kind not in ("treatment", "snippet")])
def test_every_other_page_costs_three_queries_at_most(client, monkeypatch, kind):
    make.make_clinic()
    make.make_location()
    make_site()
    for _ in range(3):
        service = make.make_service()
        make.make_practitioner([service])
        make_page(service=service, hero_picture=make_picture(), hero_alt="A path")
    fill(Page.objects.get(kind=kind), 2)

    assert cost(client, reverse(f"content:{kind}"), monkeypatch) <= 3


def test_a_person_costs_three_queries(client, monkeypatch):
    make.make_clinic()
    person = make.make_practitioner([make.make_service(), make.make_service()])
    make_page(written_by=person)

    assert cost(client, person.get_absolute_url(), monkeypatch) == 3


def test_the_next_free_time_is_all_that_is_left_out(client, monkeypatch):
    """Whoever adds a query to the page must not find it hidden behind the next free time."""
    make.make_clinic()
    service = make.make_service()
    make.make_hours(make.make_practitioner([service]), make.make_location())
    page = make_page(service=service)
    with CaptureQueriesContext(connection) as counted:
        client.get(page.get_absolute_url())
    whole = len(counted)

    from django.utils import timezone

    with CaptureQueriesContext(connection) as counted:
        scheduling.next_free(service=service, now=timezone.now())

    assert whole == cost(client, page.get_absolute_url(), monkeypatch) + len(counted)
