"""Booking links on pages name their page; what search engines read does not."""

import json
import re

import pytest

from content.models import CallToAction
from content.site import booking_pages
from tests.support import factories
from tests.support.content_factories import make_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def page():
    service = factories.make_service(slug="back")
    factories.make_hours(factories.make_practitioner([service]), factories.make_location())
    page = make_page(slug="back-pain", service=service)
    CallToAction.objects.create(parent=page, region="main", label="Schedule Now", service=service)
    return page


def html_of(client, page):
    return client.get(page.get_absolute_url()).content.decode()


def test_every_booking_link_of_a_page_names_it(client, page):
    links = re.findall(r'href="(/book/[^"]*)"', html_of(client, page))
    assert len(links) >= 4
    assert all("from=back-pain" in link for link in links), links


def test_every_such_link_opens(client, page):
    for link in set(re.findall(r'href="(/book/[^"]*)"', html_of(client, page))):
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_structured_data_the_canonical_link_and_the_sitemap_do_not(client, page):
    html = html_of(client, page)
    for script in re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html, re.DOTALL):
        assert "from=" not in json.dumps(json.loads(script))
    assert "from=" not in re.findall(r'<link rel="canonical"[^>]*>', html)[0]
    assert b"from=" not in client.get("/sitemap.xml").content


def test_a_person_page_counts_as_the_team(client, page):
    person = page.service.practitioners.get()
    make_page(kind="team", slug="")
    links = re.findall(r'href="(/book/[^"]*)"', client.get(person.get_absolute_url()).content.decode())
    assert links
    assert all("from=team" in link for link in links)


def test_a_booking_page_names_no_page(client, page):
    assert 'href="/book/?from=' not in client.get("/book/").content.decode()


def test_only_published_pages_have_a_name(page):
    make_page(kind="home", slug="")
    make_page(slug="draft", is_published=False)
    make_page(kind="snippet", slug="", lede="")
    names = ["back-pain", "home", "draft", "snippet", "treatment", "page", "fees"]
    assert booking_pages.published(names) == {"back-pain", "home"}


def test_the_facts_have_the_answers_of_the_months(page, now):
    for month, helped in (("2026-10-01", 9), ("2026-11-01", 7)):
        page.feedback.create(month=month, helped=helped, did_not_help=1)
    facts = booking_pages.facts(now.date().replace(day=12), now.date())
    assert [(row.name, row.helped, row.did_not_help) for row in facts] == [("back-pain", 7, 1)]
