"""Rule: every claim about benefit or harm on a sample treatment page cites a numbered source.

Claims are recognised by patterns: a number, a study, a possible effect, or the frequency of harm.
Advice ("call us if it is still sore") is not a claim, nor are ideas that are labelled as ideas.
"""

import re

import pytest

from content.models import Page
from content.sample.loader import PAGES
from tests.content.sample.test_readability import text_of

TREATMENTS = [page for page in PAGES if page.kind == Page.Kind.TREATMENT]
# Blocks that do not describe what a treatment does, and risk tables, whose rows cite their sources themselves.
NO_CLAIMS = {"Sources", "CareCard", "SnippetHere", "DoList", "CallToAction", "PersonCard", "Signpost", "RiskTable"}
IDEAS = {"How might it work?", "What people hope it will do"}

STUDY = r"\b(review|trial|stud(y|ies)|survey|guideline|World Health Organization|proof)s?\b"
BENEFIT = (
    r"\b(may|can|could) (ease|help|relieve|improve|let go|make)\b"
    r"|\b(eases|relieves|improves|heals)\b|\bhelp(s|ed) (some|most|many|with)\b|\bsuits? (almost )?everybody\b"
)
HARM = r"\b(may|can|could) (harm|hurt|bleed|bruise)\b|\b(may be (a little )?sore|soreness|rare|common|serious)\b"
COUNT = r"\d"
CLAIM = re.compile("|".join((STUDY, BENEFIT, HARM, COUNT)), re.IGNORECASE)
CITATION = re.compile(r"\[(\d+(?:, \d+)*)\]")
NOT_A_CLAIM = re.compile(
    r"^(\*\*)?How sure are we\?|\b(if|until|when) \w+ (is|are|feel|get)\b|cannot promise|911|811", re.I
)


def sentences_of(html: str) -> list[str]:
    return [sentence for line in text_of(f"<main>{html}</main>") for sentence in re.split(r"(?<=[.!?])\s+", line)]


def texts_of(block) -> list[str]:
    """Return all texts of a block except its heading and short answer, which stands above the sources in its fold."""
    values = [value for name, value in block.fields.items() if name not in {"heading", "level", "tone", "short_answer"}]
    rows = [cell for value in values if isinstance(value, list) for row in value for cell in row.values()]
    return [*(value for value in values if isinstance(value, str)), *rows]


def in_sections(page) -> list:
    """Return each block of a page with the heading of the section that it belongs to."""
    pairs, heading = [], ""
    for block in page.blocks:
        if block.fields.get("heading") and block.fields.get("level", 2) == 2:
            heading = block.fields["heading"]
        pairs.append((heading, block))
    return pairs


def claims_of(page) -> list[str]:
    texts = [page.fields["lede"]]
    for heading, block in in_sections(page):
        if block.model not in NO_CLAIMS and heading not in IDEAS:
            texts += texts_of(block)
        if block.model == "RiskTable":
            texts += [block.fields["intro"], block.fields["note"]]
    pairs = [(sentence, CITATION.sub("", sentence)) for text in texts for sentence in sentences_of(text)]
    return [sentence for sentence, bare in pairs if CLAIM.search(bare) and not NOT_A_CLAIM.search(bare)]


def by_address(page):
    return page.slug


@pytest.mark.parametrize("treatment", TREATMENTS, ids=by_address)
def test_every_claim_carries_a_source(treatment):
    claims = claims_of(treatment)

    assert len(claims) > 8  # The patterns do find claims on the page.
    assert [claim for claim in claims if not CITATION.search(claim)] == []


@pytest.mark.parametrize("treatment", TREATMENTS, ids=by_address)
def test_every_row_of_a_risk_table_has_a_source_or_says_that_nobody_counted(treatment):
    rows = [row for block in treatment.blocks if block.model == "RiskTable" for row in block.fields["rows"]]

    assert rows
    assert [row for row in rows if not row["sources"] and not row["how_often"].startswith("Not counted.")] == []


@pytest.mark.parametrize("treatment", TREATMENTS, ids=by_address)
def test_every_number_leads_to_a_source_and_every_source_is_used(treatment):
    (sources,) = (block for block in treatment.blocks if block.model == "Sources")
    texts = [
        text for block in treatment.blocks if block.model not in {"Sources", "RiskTable"} for text in texts_of(block)
    ]
    cited = {int(number) for text in texts for mark in CITATION.findall(text) for number in mark.split(",")}
    for block in treatment.blocks:
        if block.model == "RiskTable":
            marks = CITATION.findall(block.fields["intro"] + block.fields["note"])
            marks += [row["sources"] for row in block.fields["rows"] if row["sources"]]
            cited |= {int(number) for mark in marks for number in mark.split(",")}

    assert cited == set(range(1, len(sources.fields["items"]) + 1))


@pytest.mark.parametrize("treatment", TREATMENTS, ids=by_address)
def test_ideas_are_called_ideas(treatment):
    told: dict[str, str] = {}
    for heading, block in in_sections(treatment):
        if heading in IDEAS:
            told[heading] = told.get(heading, "") + block.fields.get("intro", "") + block.fields.get("body", "")

    assert [heading for heading, text in told.items() if "ideas" not in text] == []


@pytest.mark.parametrize("treatment", TREATMENTS, ids=by_address)
def test_the_claim_of_a_short_answer_has_its_source_inside_the_fold(treatment):
    without = []
    for number, block in enumerate(treatment.blocks):
        if not CLAIM.search(block.fields.get("short_answer", "")):
            continue
        heading = block.fields["heading"]
        inside = [part for place, part in in_sections(treatment)[number:] if place == heading]
        has_sources = any(row.get("sources") for part in inside for row in part.fields.get("rows", []))
        if not has_sources and not any(CITATION.search(text) for part in inside for text in texts_of(part)):
            without.append(heading)

    assert without == []


@pytest.mark.parametrize(
    ("sentence", "is_a_claim"),
    [
        ("Pain may ease for a week.", True),
        ("It may ease pain for a week.", True),
        ("A review found less pain.", True),
        ("About 8 in 100 get a bruise.", True),
        ("A punctured lung is rare.", True),
        ("Call us if it is still sore after 2 days.", False),
        ("Bring a list of your medicines.", False),
    ],
)
def test_a_claim_is_recognised_by_its_patterns(sentence, is_a_claim):
    result = CLAIM.search(sentence) is not None and not NOT_A_CLAIM.search(sentence)

    assert result is is_a_claim
