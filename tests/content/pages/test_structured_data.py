"""Structured data (JSON-LD) and Open Graph tags of pages."""

import json
import re
from datetime import date, timedelta

import pytest

from booking.models import Closure, OpeningHours
from content.media.preparation import prepare_waiting
from content.models import BeforeDuringAfter, LeadList, RiskTable
from content.pages.structured_data import script
from tests.support import factories
from tests.support.content_factories import make_page, make_picture, make_site, make_sources, publish_drafts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
SITE = "http://127.0.0.1:8000"


def graph(client, address):
    publish_drafts()
    html = client.get(address).content.decode()
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert len(blocks) == 1
    data = json.loads(blocks[0])
    assert data["@context"] == "https://schema.org"
    return {node["@type"]: node for node in data["@graph"]}


def treatment(**fields):
    page = make_page(slug="dry-needling", title="Dry needling", alternate_names="IMS, trigger point needling", **fields)
    LeadList.objects.create(
        parent=page, region="main", purpose="ask_first", items=[{"lead": "A pacemaker.", "body": "Tell us [1]."}]
    )
    LeadList.objects.create(parent=page, region="main", items=[{"lead": "Nothing", "body": "to do with it"}])
    RiskTable.objects.create(
        parent=page, region="main", caption="x", rows=[{"effect": "A bruise [1]", "how_often": "8 in 100"}]
    )
    BeforeDuringAfter.objects.create(
        parent=page, region="main", before="<p>Eat &amp; drink.</p>", during="<p>Lie down.</p>", after="<p>Walk.</p>"
    )
    make_sources(page, "George 2021")
    return page


def test_a_treatment_is_a_medical_therapy(client):
    make_page(kind="treatments")
    nodes = graph(client, treatment().get_absolute_url())

    here = f"{SITE}/treatments/dry-needling/"
    assert nodes["MedicalTherapy"] == {
        "@type": "MedicalTherapy",
        "@id": f"{here}#therapy",
        "name": "Dry needling",
        "description": "What this page is about, in a few plain words.",
        "alternateName": ["IMS", "trigger point needling"],
        "contraindication": [{"@type": "MedicalContraindication", "name": "A pacemaker. Tell us."}],
        "adverseOutcome": [{"@type": "MedicalEntity", "name": "A bruise"}],
        "preparation": "Eat & drink.",
        "howPerformed": "Lie down.",
        "followup": "Walk.",
    }
    assert nodes["MedicalWebPage"]["citation"] == [{"@type": "CreativeWork", "name": "George 2021"}]
    assert nodes["MedicalWebPage"]["about"] == {"@id": f"{here}#therapy"}
    assert [entry["item"] for entry in nodes["BreadcrumbList"]["itemListElement"]] == [
        f"{SITE}/",
        f"{SITE}/treatments/",
        here,
    ]


def test_the_clinic_has_its_address_and_opening_hours(client):
    make_site()
    factories.make_clinic()
    location = factories.make_location()
    OpeningHours.objects.create(location=location, weekday=0, opens="08:00", closes="18:00")

    clinic = graph(client, "/")["MedicalClinic"]

    assert clinic["telephone"] == "+14035550100"
    assert clinic["address"]["postalCode"] == "T1S 1A1"
    assert clinic["openingHoursSpecification"] == [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": "https://schema.org/Monday",
            "opens": "08:00",
            "closes": "18:00",
        }
    ]
    assert clinic["potentialAction"]["target"]["urlTemplate"] == f"{SITE}/book/"


def test_a_closure_is_in_the_graph_where_the_page_shows_it(client):
    make_site()
    factories.make_clinic()
    location = factories.make_location()
    for on in (date(2026, 11, 22), date(2026, 12, 25), date(2027, 6, 1)):
        Closure.objects.create(location=location, on=on, name="Christmas Day")

    html = " ".join(client.get("/contact/").content.decode().split())

    (closure,) = graph(client, "/contact/")["MedicalClinic"]["specialOpeningHoursSpecification"]
    assert (closure["validFrom"], closure["opens"], closure["closes"]) == ("2026-12-25", "00:00", "00:00")
    assert html.count("Friday, December 25</span>, Christmas Day: closed") == 1
    assert "June 2027" not in html
    assert "22 November" not in html


def test_a_review_is_marked_up_only_if_there_was_one(client, now):
    person = factories.make_practitioner(name="Amara Okafor", slug="amara-okafor", credentials="MScPT")
    page = treatment()
    assert "reviewedBy" not in graph(client, page.get_absolute_url())["MedicalWebPage"]

    page.reviewed_by, page.last_reviewed_on = person, now.date()
    page.next_review_on = now.date() + timedelta(days=300)
    page.save()

    nodes = graph(client, page.get_absolute_url())
    assert nodes["MedicalWebPage"]["lastReviewed"] == "2026-11-23"
    assert nodes["MedicalWebPage"]["reviewedBy"] == {"@id": f"{SITE}/team/amara-okafor/#person"}
    assert nodes["Person"]["jobTitle"] == "Physiotherapist"
    assert "hasCredential" not in nodes["Person"]  # Only their own page shows credentials.
    assert graph(client, "/team/amara-okafor/")["Person"]["hasCredential"]["name"] == "MScPT"


def test_references_in_the_graph_resolve_to_its_nodes(client):
    factories.make_clinic()
    page = treatment(written_by=factories.make_practitioner())

    text = json.dumps(list(graph(client, page.get_absolute_url()).values()))

    node_ids = set(re.findall(r'"@type": "[^"]+", "@id": "([^"]+)"', text))
    assert set(re.findall(r'{"@id": "([^"]+)"}', text)) <= node_ids


def test_text_cannot_close_the_script_element():
    hostile = "</script><script>alert(1)</script>&\u2028"

    text = str(script({"name": hostile}))

    inside = text.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert "<" not in inside
    assert json.loads(inside) == {"name": hostile}


def test_og_image_is_the_hero_picture(client):
    picture = make_picture()
    prepare_waiting()
    page = make_page(hero_picture=picture, hero_alt="A path in the hills")

    html = client.get(page.get_absolute_url()).content.decode()

    assert re.search(rf'<meta property="og:image" content="{SITE}/media/renditions/[^"]+-share-50-50.jpg">', html)
    assert '<meta property="og:image:alt" content="A path in the hills">' in html
    assert html.count('property="og:image"') == 1


def test_og_image_without_a_hero_is_the_default_drawing(client):
    html = client.get(make_page().get_absolute_url()).content.decode()

    assert f'<meta property="og:image" content="{SITE}/static/img/share.png">' in html
    assert html.count('property="og:title"') == 1
