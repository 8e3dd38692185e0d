"""The sample pages hold what a patient needs, in words a tired person can read."""

import re
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from booking.models import Practitioner, Service
from booking.sample import load_clinic
from content.models import Page
from content.sample import PAGES, load_pages

pytestmark = pytest.mark.django_db
TREATMENTS = ["dry-needling", "dry-needling-for-back-pain", "trans-non-binary-intersex-pelvic-health"]
FORBIDDEN = ["toxin", "cure", "guarantee", "best", "game-changer", "miracle", "discount", "testimonial", "lorem"]
ENDS = {
    "p",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "dt",
    "dd",
    "td",
    "th",
    "caption",
    "summary",
    "legend",
    "label",
    "figcaption",
}


class _Words(HTMLParser):
    """The text of <main>, a line for each paragraph, item or cell; without source numbers and sources."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self.depth_of_main = 0
        self.skipped: list[str] = []

    def handle_starttag(self, tag, attrs):
        css = dict(attrs).get("class") or ""
        if tag == "main":
            self.depth_of_main = 1
        is_aside = css in {"sources", "breadcrumbs", "pager"} or tag in {"sup", "script", "style"}
        if is_aside or (self.skipped and tag == self.skipped[-1]):
            self.skipped.append(tag)
        if tag in ENDS:
            self.lines.append("")

    def handle_endtag(self, tag):
        if tag == "main":
            self.depth_of_main = 0
        if self.skipped and self.skipped[-1] == tag:
            self.skipped.pop()
        if tag in ENDS:
            self.lines.append("")

    def handle_data(self, data):
        if self.depth_of_main and not self.skipped:
            self.lines[-1] += data


def text_of(html: str) -> list[str]:
    words = _Words()
    words.feed(html)
    return [" ".join(line.split()) for line in words.lines if line.strip()]


def sentences_of(lines: list[str]) -> list[list[str]]:
    found = [sentence for line in lines for sentence in re.split(r"(?<=[.!?:])\s+", line)]
    return [words for words in (re.findall(r"[^\W\d_][\w'’-]*", sentence) for sentence in found) if words]


def lix(sentences: list[list[str]]) -> float:
    """Björnsson's readability index: words for each sentence, plus the share of words of more than six letters."""
    words = [word for sentence in sentences for word in sentence]
    return len(words) / len(sentences) + 100 * sum(len(word) > 6 for word in words) / len(words)


@pytest.fixture
def site(client, db):
    """The HTML of every sample page, by address."""
    list(load_clinic(timezone.localdate()))
    load_pages(services=Service.objects.all(), practitioners=Practitioner.objects.all(), now=timezone.now())
    return {
        page.get_absolute_url(): client.get(page.get_absolute_url()).content.decode()
        for page in Page.objects.with_an_address()
    }


def test_lix_and_the_length_of_a_sentence_are_measured_as_defined():
    sentences = sentences_of(["One two three. Physiotherapy helps some.", "A heading"])

    assert [len(words) for words in sentences] == [3, 3, 2]
    assert lix(sentences) == pytest.approx(8 / 3 + 200 / 8)


def test_every_page_is_easy_to_read(site):
    too_hard = {}
    for address, html in site.items():
        sentences = sentences_of(text_of(html))
        average = sum(map(len, sentences)) / len(sentences)
        if lix(sentences) > 40 or average > 20:
            too_hard[address] = (round(lix(sentences), 1), round(average, 1))

    assert too_hard == {}


def test_running_text_alone_is_easy_to_read_too():
    """Headings and cells are short and flatter the measure: here are only the sentences people wrote."""
    too_hard = {}
    for written in PAGES:
        if written.kind == Page.Kind.SNIPPET:
            continue  # A few signs in a list: it is measured on the pages that show it.
        texts = [written.fields["lede"]]
        for block in written.blocks:
            for value in block.fields.values():
                texts += [cell for row in value for cell in row.values()] if isinstance(value, list) else [str(value)]
            if block.model == "Sources":
                texts = [text for text in texts if text not in {row["text"] for row in block.fields["items"]}]
        lines = [line for text in texts for line in text_of(f"<main>{text}</main>") if line.endswith(".")]
        sentences = [words for words in sentences_of(lines) if len(words) > 3]
        if lix(sentences) > 40 or sum(map(len, sentences)) / len(sentences) > 20:
            too_hard[written.slug or written.kind] = round(lix(sentences), 1)

    assert too_hard == {}


def test_no_sentence_is_endless(site):
    long = [" ".join(words) for html in site.values() for words in sentences_of(text_of(html)) if len(words) > 32]

    assert long == []


def test_nothing_is_promised_or_praised(site):
    found = {
        address: [word for word in FORBIDDEN if re.search(rf"\b{word}", " ".join(text_of(html)), re.IGNORECASE)]
        for address, html in site.items()
    }

    assert {address: words for address, words in found.items() if words} == {}


@pytest.mark.parametrize("slug", TREATMENTS)
def test_a_treatment_page_has_its_whole_anatomy(site, slug):
    html = site[f"/treatments/{slug}/"]
    headings = " | ".join(re.findall(r"<h[1-4][^>]*>\s*(.*?)\s*</h[1-4]>", html))

    wanted = {
        "facts": 'class="facts__list"',
        "how long": "<dt>How long</dt>",
        "fee": "<dt>Fee</dt>",
        "who": "<dt>Who</dt>",
        "referral": "<dt>Referral</dt>",
        "next free time": "next-free",
        "contents": 'class="toc"',
        "a risk table": 'class="table"',
        "do and do not": "do-dont__part--dont",
        "emergency card": "care-card--911",
        "nurse card": "care-card--811",
        "person": 'class="person"',
        "written by": "Written by",
        "review": "ot yet clinically reviewed",
        "sources": 'id="source-1"',
        "feedback": f"/contact/?page=/treatments/{slug}/",
        "previous or next": 'class="pager"',
        "other names": "Also called:",
        "how sure": "How sure are we?",
    }
    assert [name for name, mark in wanted.items() if mark not in html] == []
    asked = ["What is", "Will it help?", "What are the risks?", "Who should not", "Before, during", "right to say no"]
    assert [question for question in asked if question not in headings] == []


@pytest.mark.parametrize(
    ("slug", "label", "service"),
    [
        ("dry-needling", "Schedule Now", "dry-needling"),
        ("dry-needling-for-back-pain", "Book Your Back Assessment", "back-assessment"),
        ("trans-non-binary-intersex-pelvic-health", "Book a pelvic health visit", "pelvic-health-assessment"),
    ],
)
def test_its_buttons_book_its_service(site, slug, label, service):
    html = site[f"/treatments/{slug}/"]

    assert html.count(f'<a class="button" href="/book/{service}/">{label}</a>') == 2


def test_the_neighbours_are_the_pages_named_as_such(site):
    html = site["/treatments/dry-needling/"]

    assert 'href="/treatments/trans-non-binary-intersex-pelvic-health/" rel="prev"' in html
    assert 'href="/treatments/dry-needling-for-back-pain/" rel="next"' in html


@pytest.mark.parametrize("slug", TREATMENTS)
def test_every_citation_has_its_source_and_every_source_is_cited(site, slug):
    html = site[f"/treatments/{slug}/"]
    cited = set(re.findall(r'href="#source-(\d+)"', html))
    listed = set(re.findall(r'<li id="source-(\d+)"', html))

    assert cited == listed
    assert re.search(r"\[\d", " ".join(text_of(html))) is None


def test_no_review_credential_or_register_number_is_pretended(site):
    everything = " ".join(site.values())

    assert "Clinically reviewed by" not in everything
    assert "lastReviewed" not in everything
    assert "hasCredential" not in everything
    assert set(Practitioner.objects.values_list("register_number", "credentials")) == {("", "")}


def test_loading_again_changes_nothing(site):
    Page.objects.filter(slug="dry-needling").update(title="Edited")

    again = load_pages(services=Service.objects.all(), practitioners=Practitioner.objects.all(), now=timezone.now())

    assert again == []
    assert Page.objects.get(slug="dry-needling").title == "Edited"


def test_links_inside_the_pages_lead_somewhere(site, client):
    broken = set()
    for html in site.values():
        ids = set(re.findall(r' id="([^"]+)"', html))
        for link in set(re.findall(r'<a [^>]*href="([^"]+)"', html)):
            if link.startswith("#"):
                broken |= {link} - {f"#{name}" for name in ids}
            elif link.startswith("/") and client.get(link.replace("&amp;", "&")).status_code not in {200, 302}:
                broken.add(link)

    assert broken == set()
