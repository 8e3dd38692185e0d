"""Folded sections: what they hold, how they are shown, and that stored content keeps its digest."""

import pytest

from content.blocks import page_content
from content.blocks.folds import Fold, with_folds
from content.models import Callout, CallToAction, CareCard, LeadList, PersonCard, RiskTable, Section, Signpost
from content.publishing.diff import compare
from content.search.query import search
from tests.support.content_factories import make_page, make_revision, make_section, make_sources

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


def folded(heading="What are the risks?", answer="Serious harm is rare.", **fields):
    return Section(heading=heading, is_folded=True, short_answer=answer, **fields)


def shape(blocks):
    """Return the headings or kinds of the parts, with those inside a fold in a list."""
    return [
        [part.section.heading, *map(name_of, part.blocks)] if isinstance(part, Fold) else name_of(part)
        for part in with_folds(blocks)
    ]


def name_of(block):
    return getattr(block, "heading", "") or type(block).__name__


def test_a_fold_holds_what_follows_up_to_the_next_section():
    blocks = [Section(heading="A"), folded("B"), RiskTable(), LeadList(heading="Part", level=3), Section(heading="C")]

    assert shape(blocks) == ["A", ["B", "RiskTable", "Part"], "C"]


def test_folds_stand_one_after_the_other():
    assert shape([folded("A"), LeadList(), folded("B"), folded("C")]) == [["A", "LeadList"], ["B"], ["C"]]


@pytest.mark.parametrize(
    "block", [CareCard(level=3), CallToAction(), PersonCard(), Signpost(), Callout(tone=Callout.Tone.WARNING, level=3)]
)
def test_what_nobody_must_miss_is_never_folded(block):
    assert shape([folded("A"), block, LeadList()]) == [["A"], name_of(block), "LeadList"]


def test_a_note_inside_a_fold_stays_in_it():
    assert shape([folded("A"), Callout(tone=Callout.Tone.NOTE, level=3)]) == [["A", "Callout"]]


@pytest.mark.parametrize(
    ("blocks", "is_about_risks"),
    [
        ([folded("What are the risks?")], True),
        ([folded("Side effects")], True),
        ([folded("What can happen"), RiskTable()], True),
        ([folded("Before you come"), LeadList(purpose=LeadList.Purpose.ASK_FIRST)], True),
        ([folded("Good to know"), LeadList(heading="Who should not have it", level=3)], True),
        ([folded("What else can I try?"), LeadList()], False),
        ([folded("A brisk walk")], False),
    ],
)
def test_a_fold_that_tells_about_risks_is_known_by_its_blocks_or_its_headings(blocks, is_about_risks):
    (fold,) = with_folds(blocks)
    assert fold.tells_about_risks is is_about_risks


@pytest.fixture
def page():
    page = make_page()
    make_section(
        page, heading="What are the risks?", body="<p>Two surveys [1].</p>", is_folded=True, short_answer="Rare & mild."
    )
    RiskTable.objects.create(
        parent=page,
        region="main",
        ordering=1_000_000,
        caption="Of 100",
        rows=[{"effect": "A bruise", "how_often": "8"}],
    )
    make_section(page, heading="What comes next", ordering=2_000_000)
    make_sources(page, "Brady 2014")
    make_revision(page)
    return page


def test_a_fold_is_shown_with_its_heading_and_short_answer_in_its_summary(client, page):
    html = " ".join(client.get(page.get_absolute_url()).content.decode().split())

    summary, inside = html.split('<details class="fold">')[1].split("</details>")[0].split("</summary>")
    assert '<h2 id="what-are-the-risks" class="fold__heading">What are the risks?</h2>' in summary
    assert "Rare &amp; mild." in summary
    assert 'href="#source-1"' in inside
    assert "A bruise" in inside
    assert html.count("What are the risks?") == 2  # Here, and under "On this page".
    assert 'href="#what-are-the-risks"' in html
    assert '</details> <h2 id="what-comes-next">' in html


def test_search_finds_the_short_answer_of_a_fold(page, now):
    assert [result.address for result in search("mild", page="", now=now).results] == [page.get_absolute_url()]


def test_the_short_answer_of_a_section_that_is_not_folded_is_not_searched(page, now):
    Section.objects.update(is_folded=False)
    make_revision(page)

    assert search("mild", page="", now=now).results == []


def test_a_comparison_names_both_fields(page):
    before = page_content.content_of_draft(page)
    Section.objects.filter(is_folded=True).update(is_folded=False, short_answer="")

    (change,) = compare(before, page_content.content_of_draft(page))
    assert [field.label for field in change.fields] == ["Fold this on the page", "The short answer"]


def test_content_that_was_stored_before_there_were_folds_keeps_its_digest(page):
    Section.objects.update(is_folded=False, short_answer="")
    content = page_content.content_of_draft(page)

    assert all({"is_folded", "short_answer"}.isdisjoint(block["fields"]) for block in content.blocks)
    make_revision(page)
    stored = page_content.content_of_revision(page.revisions.first())
    assert stored.reviewed_digest == content.reviewed_digest
    assert [(row.is_folded, row.short_answer) for row in stored.rows() if isinstance(row, Section)] == [(False, "")] * 2


def test_a_revision_keeps_and_restores_a_fold(page):
    stored = page_content.content_of_revision(page.revisions.first())

    assert [row.short_answer for row in stored.rows() if isinstance(row, Section) and row.is_folded] == ["Rare & mild."]
