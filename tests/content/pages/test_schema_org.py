"""The structured data of every sample page is valid schema.org, complete, and matches the visible text.

The vocabulary is an extract of schema.org's (``schema_org.json`` states version and licence).
"""

import json
import re
from datetime import date, datetime, time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.urls import resolve
from django.utils import timezone

from booking import formatting
from booking.models import Practitioner
from content.models import Page
from tests.support.content_factories import make_revision
from tests.support.sample import load_sample

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SITE = "http://127.0.0.1:8000"
VOCABULARY = json.loads((Path(__file__).parents[2] / "support" / "schema_org.json").read_text())
TEXTS = {"Text", "URL", "Date", "DateTime", "Time"}
# Properties that search engines require or recommend of each type, and a few more.
REQUIRED = {
    "MedicalClinic": {"name", "url", "telephone", "address", "openingHoursSpecification", "potentialAction"},
    "PostalAddress": {"streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry"},
    "OpeningHoursSpecification": {"opens", "closes"},
    "ReserveAction": {"target"},
    "MedicalWebPage": {
        "name", "url", "description", "inLanguage", "dateModified", "breadcrumb", "citation", "reviewedBy",
        "lastReviewed", "about", "publisher",
    },
    "AboutPage": {"name", "url", "description", "inLanguage", "dateModified", "breadcrumb", "publisher"},
    "MedicalTherapy": {
        "name", "description", "alternateName", "contraindication", "adverseOutcome", "preparation", "followup",
    },
    "Person": {"name", "jobTitle", "worksFor"},
    "BreadcrumbList": {"itemListElement"},
    "ListItem": {"position", "name", "item"},
}  # fmt: skip
# URLs and codes, which a page shows as links or in other words: each is compared separately below.
CODES = {
    "@type", "@id", "@context", "url", "item", "urlTemplate", "image", "inLanguage", "addressCountry", "dayOfWeek",
    "opens", "closes", "validFrom", "validThrough", "telephone", "dateModified", "lastReviewed", "medicalSpecialty",
}  # fmt: skip


_SKIPPED_TAGS = {"head", "script", "sup"}  # <sup> holds citation numbers.


class VisiblePage(HTMLParser):
    """The visible content of a page: its text and alt texts, its links, and its JSON-LD graphs."""

    def __init__(self, html):
        super().__init__()
        self.words, self.links, self.graphs, self._skips, self._is_graph = [], set(), [], 0, False
        self.feed(html)
        self.text = normalize(" ".join(self.words))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self._is_graph = attributes.get("type") == "application/ld+json"
        self._skips += tag in _SKIPPED_TAGS
        self.words.append(attributes.get("alt") or "")
        self.links |= {attributes.get(name) for name in ("href", "src")}

    def handle_endtag(self, tag):
        self._skips -= tag in _SKIPPED_TAGS
        self._is_graph = False

    def handle_data(self, data):
        if self._is_graph:
            self.graphs.append(json.loads(data))
        elif not self._skips:
            self.words.append(data)


def normalize(text):
    """Normalize a text for comparison: no white space, case or citation numbers."""
    return re.sub(r"\s+", "", re.sub(r"\[\d[\d, ]*\]", "", text)).casefold()


@pytest.fixture(scope="module")
def pages(django_db_setup, django_db_blocker, tmp_path_factory):
    """Every page of the sample clinic, reviewed and with credentials, so that all properties occur."""
    from django.db import transaction
    from django.test import Client, override_settings

    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        undo = transaction.atomic()
        undo.__enter__()
        try:
            load_sample()
            Practitioner.objects.update(credentials="MScPT")
            today = timezone.localdate()
            for page in Page.objects.treatments():
                page.reviewed_by, page.last_reviewed_on = Practitioner.objects.first(), today
                page.next_review_on = date(today.year + 1, today.month, 1)
                page.save()
                make_revision(page)
            client = Client()
            sitemap = client.get("/sitemap.xml").content.decode()
            dates = dict(re.findall(r"<loc>(.*?)</loc>(?:<lastmod>(.*?)</lastmod>)?", sitemap))
            html_by_url = {address: client.get(address.removeprefix(SITE)).content.decode() for address in dates}
        finally:
            transaction.set_rollback(True)
            undo.__exit__(None, None, None)
    return {address: (html, VisiblePage(html), dates[address]) for address, html in html_by_url.items()}


def each_node(value, key=""):
    """Yield every object of a graph with the property that holds it, outermost first."""
    if isinstance(value, list):
        for item in value:
            yield from each_node(item, key)
    elif isinstance(value, dict):
        if "@type" in value:
            yield key, value
        for name, inside in value.items():
            yield from each_node(inside, name)


def nodes_of(pages):
    for address, (_html, visible, _date) in pages.items():
        for key, node in each_node(visible.graphs[0]["@graph"]):
            yield address, key, node


def is_subtype(name, ancestor):
    return name == ancestor or any(is_subtype(parent, ancestor) for parent in VOCABULARY["types"].get(name, []))


def is_in_range(value, ranges, types):
    """Whether a value is in the range of a property. ``types`` are the types of the graph's nodes by id."""
    if isinstance(value, dict):
        kind = value.get("@type") or types[value["@id"]]
        return any(is_subtype(kind, allowed) for allowed in ranges)
    if isinstance(value, bool):
        return "Boolean" in ranges
    if isinstance(value, int | float):
        return bool({"Number", "Integer", "Text"} & set(ranges))
    if any(value.removeprefix("https://schema.org/") in VOCABULARY["values"].get(kind, []) for kind in ranges):
        return True
    if not TEXTS & set(ranges):
        return value.startswith(SITE) and any(wanted in VOCABULARY["types"] for wanted in ranges)  # A reference by URL.
    formats = {"Date": date.fromisoformat, "DateTime": datetime.fromisoformat}
    parsers = [formats[kind] for kind in ranges if kind in formats]
    if parsers and "Text" not in ranges:
        return any(parses(parse, value) for parse in parsers)
    return bool(value)


def parses(parse, value):
    try:
        parse(value)
    except ValueError:
        return False
    return True


def problems(graph):
    """Yield the violations of schema.org's vocabulary in a graph."""
    types = {node["@id"]: node["@type"] for _key, node in each_node(graph["@graph"]) if "@id" in node}
    for _key, node in each_node(graph["@graph"]):
        kind = node["@type"]
        if kind not in VOCABULARY["types"]:
            yield f"{kind} is no type"
        for name, value in node.items():
            if name.startswith("@"):
                continue
            definition = VOCABULARY["properties"].get(name)
            if definition is None or not any(is_subtype(kind, domain) for domain in definition["domains"]):
                yield f"{kind} has no {name}"
                continue
            for item in value if isinstance(value, list) else [value]:
                if not is_in_range(item, definition["ranges"], types):
                    yield f"{kind}.{name} is not {item!r}"


def test_every_graph_is_valid_schema_org(pages):
    assert len(pages) > 12
    assert {address: list(problems(visible.graphs[0])) for address, (_html, visible, _date) in pages.items()} == {
        address: [] for address in pages
    }


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        ({"@type": "Physio"}, "Physio is no type"),
        ({"@type": "Person", "colour": "red"}, "Person has no colour"),
        ({"@type": "Person", "contraindication": "x"}, "Person has no contraindication"),
        ({"@type": "WebPage", "lastReviewed": "last week"}, "WebPage.lastReviewed is not 'last week'"),
        ({"@type": "MedicalTherapy", "adverseOutcome": "pain"}, "MedicalTherapy.adverseOutcome is not 'pain'"),
        ({"@type": "MedicalClinic", "medicalSpecialty": "Magic"}, "MedicalClinic.medicalSpecialty is not 'Magic'"),
        (
            {"@type": "WebPage", "reviewedBy": {"@type": "MedicalEntity"}},
            "WebPage.reviewedBy is not {'@type': 'MedicalEntity'}",
        ),
    ],
    ids=["type", "property", "domain", "date", "object", "value", "range"],
)
def test_the_validator_finds_violations(node, problem):
    assert list(problems({"@graph": [node]})) == [problem]


def test_every_node_has_its_required_properties(pages):
    missing = [
        (address, node["@type"], sorted(REQUIRED.get(node["@type"], set()) - set(node)))
        for address, _key, node in nodes_of(pages)
        if REQUIRED.get(node["@type"], set()) - set(node)
    ]
    assert missing == []


def test_a_practitioner_page_has_their_credentials(pages):
    own = [node for address, _key, node in nodes_of(pages) if node["@type"] == "Person" and node["url"] == address]
    assert [node["hasCredential"]["name"] for node in own] == ["MScPT"] * 4


def test_no_ratings_and_no_questions_are_marked_up(pages):
    kinds = {node["@type"] for _address, _key, node in nodes_of(pages)}
    assert kinds <= set(VOCABULARY["types"])
    assert kinds & {"FAQPage", "Question", "Answer", "Review", "Rating", "AggregateRating"} == set()


def test_every_text_in_the_graph_is_visible_on_the_page(pages):
    invisible = []
    for address, _key, node in nodes_of(pages):
        visible = pages[address][1]
        for name, value in node.items():
            for item in value if isinstance(value, list) else [value]:
                is_words = isinstance(item, str) and name not in CODES
                if is_words and normalize(item) not in visible.text:
                    invisible.append((address, node["@type"], name, item))
    assert invisible == [], "\n".join(map(str, invisible))


def test_codes_match_the_visible_text(pages):
    for address, _key, node in nodes_of(pages):
        visible = pages[address][1]
        if "telephone" in node:
            assert f"tel:{node['telephone']}" in {str(link).replace("-", "") for link in visible.links}
        if "lastReviewed" in node:
            on = date.fromisoformat(node["lastReviewed"])
            assert normalize(f"Last reviewed on {on:%B} {on.day}, {on.year}") in visible.text
        if "dayOfWeek" in node:
            day = formatting.WEEKDAYS.index(node["dayOfWeek"].rpartition("/")[2])
            hours = " to ".join(formatting.clock(time.fromisoformat(node[at])) for at in ("opens", "closes"))
            # Days with the same hours share one line: "Monday to Thursday".
            lines = [formatting.weekdays(first, last) for first in range(day + 1) for last in range(day, 7)]
            assert any(normalize(f"{line} {hours}") in visible.text for line in lines)
        if node["@type"] == "EntryPoint":
            # The visible link also names the page (?from=), which the address of the action leaves out.
            assert node["urlTemplate"].removeprefix(SITE) in {
                str(link).partition("?from=")[0] for link in visible.links
            }


def test_urls_of_this_site_resolve(pages):
    for _address, _key, node in nodes_of(pages):
        for name in ("url", "item", "urlTemplate", "image"):
            link = node.get(name, "")
            if link.startswith(SITE):
                assert resolve(link.removeprefix(SITE))


def test_date_modified_equals_lastmod_of_the_sitemap(pages):
    dates_modified = {
        address: [node["dateModified"] for _key, node in each_node(visible.graphs[0]) if "dateModified" in node]
        for address, (_html, visible, _date) in pages.items()
    }
    for address, (_html, _seen, in_sitemap) in pages.items():
        if in_sitemap:
            assert list(map(datetime.fromisoformat, dates_modified[address])) == [datetime.fromisoformat(in_sitemap)]
        else:
            assert dates_modified[address] == []


def test_every_page_has_one_canonical_url_and_an_og_image(pages):
    for address, (html, _seen, _date) in pages.items():
        assert re.findall(r'<link rel="canonical" href="([^"]*)">', html) == [address]
        assert len(re.findall(r'<meta property="og:image" content="http[^"]+">', html)) == 1
        assert '<meta property="og:image:width" content="1200">' in html
        assert '<meta property="og:image:height" content="630">' in html
        (alt,) = re.findall(r'<meta property="og:image:alt" content="([^"]*)">', html)
        assert alt
