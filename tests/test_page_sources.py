"""Rule: every sentence of a sample treatment page that tells of benefit or harm carries a numbered source.

A claim is known by its marks: a count, a study, an effect that may come, or how often harm is done.
Advice ("call us if it is still sore") is none, and neither are ideas that are called ideas.
"""

import re

import pytest

from content.models import Page
from content.sample import PAGES
from tests.test_page_words import text_of

TREATMENTS = [page for page in PAGES if page.kind == Page.Kind.TREATMENT]
# Signs to act on, what to do, people, and the way to other pages: none of them says what a treatment does.
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
MARK = re.compile(r"\[(\d+(?:, \d+)*)\]")
NOT_A_CLAIM = re.compile(
    r"^(\*\*)?How sure are we\?|\b(if|until|when) \w+ (is|are|feel|get)\b|cannot promise|911|811", re.I
)


def sentences_of(html: str) -> list[str]:
    return [one for line in text_of(f"<main>{html}</main>") for one in re.split(r"(?<=[.!?])\s+", line)]


def texts_of(block) -> list[str]:
    """Everything a block says below its heading."""
    values = [value for name, value in block.fields.items() if name not in {"heading", "level", "tone"}]
    rows = [cell for value in values if isinstance(value, list) for row in value for cell in row.values()]
    return [*(value for value in values if isinstance(value, str)), *rows]


def claims_of(page) -> list[str]:
    said = [page.fields["lede"]]
    for block in page.blocks:
        if block.model not in NO_CLAIMS and block.fields["heading"] not in IDEAS:
            said += texts_of(block)
        if block.model == "RiskTable":
            said += [block.fields["intro"], block.fields["note"]]
    bare = [(one, MARK.sub("", one)) for text in said for one in sentences_of(text)]
    return [one for one, words in bare if CLAIM.search(words) and not NOT_A_CLAIM.search(words)]


def by_address(page):
    return page.slug


@pytest.mark.parametrize("treatment", TREATMENTS, ids=by_address)
def test_every_claim_carries_a_source(treatment):
    claims = claims_of(treatment)

    assert len(claims) > 8  # The page does say something, and the marks of a claim find it.
    assert [claim for claim in claims if not MARK.search(claim)] == []


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
    cited = {int(number) for text in texts for mark in MARK.findall(text) for number in mark.split(",")}
    for block in treatment.blocks:
        if block.model == "RiskTable":
            marks = MARK.findall(block.fields["intro"] + block.fields["note"])
            marks += [row["sources"] for row in block.fields["rows"] if row["sources"]]
            cited |= {int(number) for mark in marks for number in mark.split(",")}

    assert cited == set(range(1, len(sources.fields["items"]) + 1))


@pytest.mark.parametrize("treatment", TREATMENTS, ids=by_address)
def test_ideas_are_called_ideas(treatment):
    ideas = [block for block in treatment.blocks if block.fields.get("heading") in IDEAS]

    assert [block.fields["heading"] for block in ideas if "ideas" not in block.fields["intro"]] == []


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
def test_a_claim_is_known_by_its_marks(sentence, is_a_claim):
    found = CLAIM.search(sentence) is not None and not NOT_A_CLAIM.search(sentence)

    assert found is is_a_claim
