"""What every page of the sample clinic says to machines is schema.org's own language, whole, and no more than
the page says to people.

The vocabulary is an extract of what schema.org publishes (``schema_org.json`` names version and licence).
"""

import json
import re
from datetime import date, datetime, time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import resolve
from django.utils import timezone

from booking import words
from booking.models import Practitioner
from content.models import Page
from tests.make_content import make_revision

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SITE = "http://127.0.0.1:8000"
WORDS = json.loads((Path(__file__).parent / "schema_org.json").read_text())
TEXTS = {"Text", "URL", "Date", "DateTime", "Time"}
# What search engines ask for of each type, and what pages.md, section 4, names.
REQUIRED = {
    "MedicalClinic": {"name", "url", "telephone", "address", "openingHoursSpecification", "potentialAction"},
    "PostalAddress": {"streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry"},
    "OpeningHoursSpecification": {"opens", "closes"},
    "ReserveAction": {"target"},
    "MedicalWebPage": {
        "name", "url", "description", "inLanguage", "dateModified", "breadcrumb", "citation", "reviewedBy",
        "lastReviewed", "about", "publisher",
    },
    "MedicalTherapy": {
        "name", "description", "alternateName", "contraindication", "adverseOutcome", "preparation", "followup",
    },
    "Person": {"name", "jobTitle", "worksFor"},
    "BreadcrumbList": {"itemListElement"},
    "ListItem": {"position", "name", "item"},
}  # fmt: skip
# Addresses and codes, which a page shows as links or in its own words: each is compared on its own below.
CODES = {
    "@type", "@id", "@context", "url", "item", "urlTemplate", "image", "inLanguage", "addressCountry", "dayOfWeek",
    "opens", "closes", "validFrom", "validThrough", "telephone", "dateModified", "lastReviewed", "medicalSpecialty",
}  # fmt: skip


_UNSAID = {"head", "script", "sup"}  # The numbers that lead to sources stand above the line.


class Seen(HTMLParser):
    """What people see or hear of a page: its words and what its pictures show; and its links."""

    def __init__(self, html):
        super().__init__()
        self.words, self.links, self.graphs, self._skips, self._is_graph = [], set(), [], 0, False
        self.feed(html)
        self.text = squeezed(" ".join(self.words))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._is_graph = given.get("type") == "application/ld+json"
        self._skips += tag in _UNSAID
        self.words.append(given.get("alt") or "")
        self.links |= {given.get(name) for name in ("href", "src")}

    def handle_endtag(self, tag):
        self._skips -= tag in _UNSAID
        self._is_graph = False

    def handle_data(self, data):
        if self._is_graph:
            self.graphs.append(json.loads(data))
        elif not self._skips:
            self.words.append(data)


def squeezed(text):
    """Without spaces and capitals, and without the numbers that lead to sources."""
    return re.sub(r"\s+", "", re.sub(r"\[\d[\d, ]*\]", "", text)).casefold()


@pytest.fixture(scope="module")
def pages(django_db_setup, django_db_blocker, tmp_path_factory):
    """Every page of the sample clinic, reviewed and with credentials, so that all there is to say is said."""
    from django.db import transaction
    from django.test import Client, override_settings

    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        undo = transaction.atomic()
        undo.__enter__()
        try:
            call_command("load_sample", verbosity=0)
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
            found = {address: client.get(address.removeprefix(SITE)).content.decode() for address in dates}
        finally:
            transaction.set_rollback(True)
            undo.__exit__(None, None, None)
    return {address: (html, Seen(html), dates[address]) for address, html in found.items()}


def each_node(value, key=""):
    """Every object of a graph with the property it stands in, outermost first."""
    if isinstance(value, list):
        for one in value:
            yield from each_node(one, key)
    elif isinstance(value, dict):
        if "@type" in value:
            yield key, value
        for name, inside in value.items():
            yield from each_node(inside, name)


def nodes_of(pages):
    for address, (_html, seen, _date) in pages.items():
        for key, node in each_node(seen.graphs[0]["@graph"]):
            yield address, key, node


def is_a(name, wanted):
    return name == wanted or any(is_a(parent, wanted) for parent in WORDS["types"].get(name, []))


def fits(value, ranges, types):
    """Whether a value is of a type that a property takes. ``types`` are those of the graph's nodes by id."""
    if isinstance(value, dict):
        kind = value.get("@type") or types[value["@id"]]
        return any(is_a(kind, wanted) for wanted in ranges)
    if isinstance(value, bool):
        return "Boolean" in ranges
    if isinstance(value, int | float):
        return bool({"Number", "Integer", "Text"} & set(ranges))
    if any(value.removeprefix("https://schema.org/") in WORDS["values"].get(kind, []) for kind in ranges):
        return True
    if not TEXTS & set(ranges):
        return value.startswith(SITE) and any(wanted in WORDS["types"] for wanted in ranges)  # Named by its address.
    formats = {"Date": date.fromisoformat, "DateTime": datetime.fromisoformat}
    wanted = [formats[kind] for kind in ranges if kind in formats]
    if wanted and "Text" not in ranges:
        return any(parses(parse, value) for parse in wanted)
    return bool(value)


def parses(parse, value):
    try:
        parse(value)
    except ValueError:
        return False
    return True


def problems(graph):
    """What schema.org's vocabulary has against a graph."""
    types = {node["@id"]: node["@type"] for _key, node in each_node(graph["@graph"]) if "@id" in node}
    for _key, node in each_node(graph["@graph"]):
        kind = node["@type"]
        if kind not in WORDS["types"]:
            yield f"{kind} is no type"
        for name, value in node.items():
            if name.startswith("@"):
                continue
            known = WORDS["properties"].get(name)
            if known is None or not any(is_a(kind, domain) for domain in known["domains"]):
                yield f"{kind} has no {name}"
                continue
            for one in value if isinstance(value, list) else [value]:
                if not fits(one, known["ranges"], types):
                    yield f"{kind}.{name} is not {one!r}"


def test_every_term_is_schema_org_s_and_stands_where_it_may(pages):
    assert len(pages) > 12
    assert {address: list(problems(seen.graphs[0])) for address, (_html, seen, _date) in pages.items()} == {
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
def test_what_is_not_in_the_vocabulary_is_found(node, problem):
    assert list(problems({"@graph": [node]})) == [problem]


def test_every_node_has_what_search_engines_ask_for(pages):
    missing = [
        (address, node["@type"], sorted(REQUIRED.get(node["@type"], set()) - set(node)))
        for address, _key, node in nodes_of(pages)
        if REQUIRED.get(node["@type"], set()) - set(node)
    ]
    assert missing == []


def test_a_person_s_own_page_says_what_they_are_trained_in(pages):
    own = [node for address, _key, node in nodes_of(pages) if node["@type"] == "Person" and node["url"] == address]
    assert [node["hasCredential"]["name"] for node in own] == ["MScPT"] * 4


def test_no_ratings_and_no_questions_are_marked_up(pages):
    kinds = {node["@type"] for _address, _key, node in nodes_of(pages)}
    assert kinds <= set(WORDS["types"])
    assert kinds & {"FAQPage", "Question", "Answer", "Review", "Rating", "AggregateRating"} == set()


def test_machines_are_told_only_what_people_can_read(pages):
    unseen = []
    for address, _key, node in nodes_of(pages):
        seen = pages[address][1]
        for name, value in node.items():
            for one in value if isinstance(value, list) else [value]:
                is_words = isinstance(one, str) and name not in CODES
                if is_words and squeezed(one) not in seen.text:
                    unseen.append((address, node["@type"], name, one))
    assert unseen == [], "\n".join(map(str, unseen))


def test_codes_say_what_the_page_says_in_words(pages):
    for address, _key, node in nodes_of(pages):
        seen = pages[address][1]
        if "telephone" in node:
            assert f"tel:{node['telephone']}" in {str(link).replace("-", "") for link in seen.links}
        if "lastReviewed" in node:
            on = date.fromisoformat(node["lastReviewed"])
            assert squeezed(f"Last reviewed on {on.day} {on:%B %Y}") in seen.text
        if "dayOfWeek" in node:
            day = words.WEEKDAYS.index(node["dayOfWeek"].rpartition("/")[2])
            hours = " to ".join(words.clock(time.fromisoformat(node[at])) for at in ("opens", "closes"))
            # Days with the same hours stand in one line: "Monday to Thursday".
            lines = [words.weekdays(first, last) for first in range(day + 1) for last in range(day, 7)]
            assert any(squeezed(f"{line} {hours}") in seen.text for line in lines)
        if node["@type"] == "EntryPoint":
            assert node["urlTemplate"].removeprefix(SITE) in seen.links


def test_addresses_lead_somewhere_on_this_site(pages):
    for _address, _key, node in nodes_of(pages):
        for name in ("url", "item", "urlTemplate", "image"):
            link = node.get(name, "")
            if link.startswith(SITE):
                assert resolve(link.removeprefix(SITE))


def test_one_truth_about_when_a_page_changed(pages):
    said = {
        address: [node["dateModified"] for _key, node in each_node(seen.graphs[0]) if "dateModified" in node]
        for address, (_html, seen, _date) in pages.items()
    }
    for address, (_html, _seen, in_sitemap) in pages.items():
        if in_sitemap:
            assert list(map(datetime.fromisoformat, said[address])) == [datetime.fromisoformat(in_sitemap)]
        else:
            assert said[address] == []


def test_every_page_has_one_canonical_address_and_a_picture_to_share(pages):
    for address, (html, _seen, _date) in pages.items():
        assert re.findall(r'<link rel="canonical" href="([^"]*)">', html) == [address]
        assert len(re.findall(r'<meta property="og:image" content="http[^"]+">', html)) == 1
        assert '<meta property="og:image:width" content="1200">' in html
        assert '<meta property="og:image:height" content="630">' in html
        (alt,) = re.findall(r'<meta property="og:image:alt" content="([^"]*)">', html)
        assert alt
