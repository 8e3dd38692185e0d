"""Readability and completeness of the sample pages."""

import re
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from booking.models import Practitioner, Service
from booking.sample_clinic import load_clinic
from content.models import Page
from content.sample.loader import PAGES, load_pages

pytestmark = [pytest.mark.django_db, pytest.mark.once]
TREATMENTS = ["dry-needling", "dry-needling-for-back-pain", "trans-non-binary-intersex-pelvic-health"]
FORBIDDEN = ["toxin", "cure", "guarantee", "best", "game-changer", "miracle", "discount", "testimonial", "lorem"]
BLOCK_TAGS = {
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


class _TextExtractor(HTMLParser):
    """Extract the text of <main>, one line for each paragraph, item or cell, without citations and sources."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self.depth_of_main = 0
        self.skipped: list[str] = []

    def handle_starttag(self, tag, attrs):
        css = dict(attrs).get("class") or ""
        if tag == "main":
            self.depth_of_main = 1
        is_skipped = css in {"sources", "breadcrumbs", "pager"} or tag in {"sup", "script", "style"}
        if is_skipped or (self.skipped and tag == self.skipped[-1]):
            self.skipped.append(tag)
        if tag in BLOCK_TAGS:
            self.lines.append("")

    def handle_endtag(self, tag):
        if tag == "main":
            self.depth_of_main = 0
        if self.skipped and self.skipped[-1] == tag:
            self.skipped.pop()
        if tag in BLOCK_TAGS:
            self.lines.append("")

    def handle_data(self, data):
        if self.depth_of_main and not self.skipped:
            self.lines[-1] += data


def text_of(html: str) -> list[str]:
    words = _TextExtractor()
    words.feed(html)
    return [" ".join(line.split()) for line in words.lines if line.strip()]


def sentences_of(lines: list[str]) -> list[list[str]]:
    sentences = [sentence for line in lines for sentence in re.split(r"(?<=[.!?:])\s+", line)]
    return [words for words in (re.findall(r"[^\W\d_][\w'’-]*", sentence) for sentence in sentences) if words]


def lix(sentences: list[list[str]]) -> float:
    """Björnsson's readability index: words per sentence plus the percentage of words with more than six letters."""
    words = [word for sentence in sentences for word in sentence]
    return len(words) / len(sentences) + 100 * sum(len(word) > 6 for word in words) / len(words)


@pytest.fixture
def site(client, db):
    """The HTML of every sample page, by path."""
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
    """Headings and cells are short and lower the index: measure full sentences alone."""
    too_hard = {}
    for page in PAGES:
        if page.kind == Page.Kind.SNIPPET:
            continue  # It has no full sentences.
        texts = [page.fields["lede"]]
        for block in page.blocks:
            for value in block.fields.values():
                texts += [cell for row in value for cell in row.values()] if isinstance(value, list) else [str(value)]
            if block.model == "Sources":
                texts = [text for text in texts if text not in {row["text"] for row in block.fields["items"]}]
        lines = [line for text in texts for line in text_of(f"<main>{text}</main>") if line.endswith(".")]
        sentences = [words for words in sentences_of(lines) if len(words) > 3]
        if lix(sentences) > 40 or sum(map(len, sentences)) / len(sentences) > 20:
            too_hard[page.slug or page.kind] = round(lix(sentences), 1)

    assert too_hard == {}


def test_no_sentence_is_longer_than_32_words(site):
    long = [" ".join(words) for html in site.values() for words in sentences_of(text_of(html)) if len(words) > 32]

    assert long == []


def test_no_page_contains_forbidden_words(site):
    forbidden = {}
    for address, html in site.items():
        text = " ".join(line for line in text_of(html) if line != "Does it flush out toxins?")  # The answer is no.
        forbidden[address] = [word for word in FORBIDDEN if re.search(rf"\b{word}", text, re.IGNORECASE)]

    assert {address: words for address, words in forbidden.items() if words} == {}


@pytest.mark.parametrize("slug", TREATMENTS)
def test_a_treatment_page_is_complete(site, slug):
    html = site[f"/treatments/{slug}/"]
    headings = " | ".join(re.findall(r"<h[1-4][^>]*>\s*(.*?)\s*</h[1-4]>", html))

    parts = {
        "facts": 'class="visit-facts__list"',
        "how long": "<dt>How long</dt>",
        "fee": "<dt>Fee</dt>",
        "who": "<dt>Who</dt>",
        "referral": "<dt>Referral</dt>",
        "next free time": 'class="next-free"',
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
        "other names": "<dt>Also called</dt>",
        "how sure": "How sure are we?",
    }
    assert [name for name, mark in parts.items() if mark not in html] == []
    questions = [
        "What is",
        "Will it help?",
        "What are the risks?",
        "Who should not",
        "Before(, during)? and",
        "What else can I try|right to say no",
        "When to get help",
    ]
    assert [question for question in questions if not re.search(question, headings)] == []


RISKS = {
    "dry-needling": "Serious harm is rare.",
    "dry-needling-for-back-pain": "Serious harm is rare.",
    "trans-non-binary-intersex-pelvic-health": "We know of no count for trans, non-binary or intersex people.",
}


class _VisibleWords(HTMLParser):
    """Count the words of <main> that are visible while every <details> is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.is_in_main = False
        self.folds: list[bool] = []  # For each open <details>, whether its summary is being read.
        self.hidden = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.is_in_main = self.is_in_main or tag == "main"
        if tag == "details":
            self.folds.append(False)
        elif tag == "summary":
            self.folds[-1] = True
        elif tag in {"script", "style"}:
            self.hidden += 1

    def handle_endtag(self, tag):
        if tag == "main":
            self.is_in_main = False
        elif tag == "details":
            self.folds.pop()
        elif tag == "summary":
            self.folds[-1] = False
        elif tag in {"script", "style"}:
            self.hidden -= 1

    def handle_data(self, data):
        if self.is_in_main and not self.hidden and all(self.folds):
            self.words += re.findall(r"\w[\w'’.-]*", data)


def test_words_inside_closed_folds_are_not_counted():
    html = "<p>no</p><main>One <details><summary>two <b>three</b></summary>four<p>five</p></details> six</main> seven"

    assert _VisibleWords(html).words == ["One", "two", "three", "six"]


@pytest.mark.parametrize("slug", TREATMENTS)
def test_at_most_1100_words_are_visible_while_every_fold_is_closed(site, slug):
    words = _VisibleWords(site[f"/treatments/{slug}/"]).words

    assert 300 < len(words) <= 1100


@pytest.mark.parametrize("slug", TREATMENTS)
def test_emergency_signs_are_never_folded_and_risks_are(site, slug):
    html = site[f"/treatments/{slug}/"]
    inside = re.findall(r'<details class="fold">(.*?)</details>', html, re.DOTALL)

    assert not any("care-card" in fold or 'class="person"' in fold or "cta-band" in fold for fold in inside)
    risks = next(fold for fold in inside if 'id="what-are-the-risks"' in fold)
    assert RISKS[slug] in risks.split("</summary>")[0]
    assert 'class="table"' in risks.split("</summary>")[1]
    assert any('id="source-1"' in fold for fold in inside)


@pytest.mark.parametrize("slug", TREATMENTS)
def test_the_introduction_has_25_words_at_most_and_promises_nothing(site, slug):
    lede = Page.objects.get(slug=slug).lede

    assert len(lede.split()) <= 25
    assert re.search(r"\b(will|root cause|lasting|relief|heal)", lede) is None


@pytest.mark.parametrize(
    ("slug", "text"),
    [
        ("dry-needling", "Dry needling is not acupuncture."),
        ("dry-needling", 'id="what-to-expect-after-a-session"'),
        ("dry-needling", "Does it flush out toxins?"),
        ("dry-needling", "Together these aim at what keeps a problem going"),
        ("dry-needling", "New here? You start with <a"),
        ("dry-needling-for-back-pain", "At Dynamic Physiotherapy we start"),
        ("dry-needling-for-back-pain", ">Book Your Back Assessment Now</a>"),
    ],
)
def test_what_the_source_pages_had_is_there(site, slug, text):
    assert text in " ".join(site[f"/treatments/{slug}/"].split())


@pytest.mark.parametrize(
    ("slug", "label", "service"),
    [
        ("dry-needling", "Schedule Now", "dry-needling"),
        ("dry-needling-for-back-pain", "Book Your Back Assessment", "back-assessment"),
        ("trans-non-binary-intersex-pelvic-health", "Book Your Pelvic Assessment", "pelvic-health-assessment"),
    ],
)
def test_booking_buttons_lead_to_the_page_s_service(site, slug, label, service):
    html = site[f"/treatments/{slug}/"]

    address = f"/book/{service}/?from={slug}"
    assert f'<a class="button button--large" href="{address}">{label}</a>' in html
    assert re.search(
        rf'<a class="button" href="{re.escape(address)}">{label}( Now)?</a>', html
    )  # at the end of the page


def test_previous_and_next_links_lead_to_the_neighbouring_pages(site):
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


def test_no_page_shows_a_made_up_review_credential_or_register_number(site):
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
