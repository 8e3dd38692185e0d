"""Diff of two versions of a page, block by block and word by word."""

import pytest

from content.blocks import page_content
from content.models import CallToAction, LeadList, Page, Section
from content.publishing.diff import DiffPiece, compare, pieces
from tests.support import factories
from tests.support.content_factories import make_page, make_section

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return make_page(is_published=False, title="Dry needling")


def changes_after(draft, change):
    before = page_content.content_of_draft(draft)
    change()
    draft.refresh_from_db()
    return [
        (block.kind, block.name, block.verdict, [(field.label, field.pieces) for field in block.fields])
        for block in compare(before, page_content.content_of_draft(draft))
    ]


def test_equal_versions_have_no_changes(draft):
    make_section(draft)

    assert changes_after(draft, lambda: None) == []


def test_changed_words_are_marked_in_place(draft):
    section = make_section(draft, heading="Risks", body="<p>Few people bleed.</p><p>It heals.</p>")

    def change():
        section.body = "<p>Some people bruise or bleed.</p><p>It heals.</p>"
        section.save()

    assert changes_after(draft, change) == [
        (
            "Section",
            "Risks",
            "changed",
            [
                (
                    "Body",
                    [
                        DiffPiece("removed", "Few"),
                        DiffPiece("added", "Some"),
                        DiffPiece("same", "people"),
                        DiffPiece("added", "bruise or"),
                        DiffPiece("same", "bleed.\nIt heals."),
                    ],
                )
            ],
        )
    ]


def test_an_added_or_removed_block_is_shown_in_full(draft):
    gone = make_section(draft, heading="Gone", body="<p>Old.</p>", ordering=1)

    def change():
        gone.delete()
        make_section(draft, heading="New", body="<p>Fresh.</p>", ordering=2)

    assert changes_after(draft, change) == [
        ("Section", "Gone", "removed", [
            ("Heading", [DiffPiece("removed", "Gone")]),
            ("Level", [DiffPiece("removed", "Section")]),
            ("Body", [DiffPiece("removed", "Old.")]),
        ]),
        ("Section", "New", "added", [
            ("Heading", [DiffPiece("added", "New")]),
            ("Level", [DiffPiece("added", "Section")]),
            ("Body", [DiffPiece("added", "Fresh.")]),
        ]),
    ]  # fmt: skip


def test_a_moved_block_is_reported_as_moved(draft):
    for number in (1, 2, 3):
        make_section(draft, heading=f"Part {number}", ordering=number)

    def change():
        Section.objects.filter(heading="Part 1").update(ordering=9)

    assert changes_after(draft, change) == [("Section", "Part 1", "moved", [])]


def test_rows_references_and_choices_are_shown_as_text(draft):
    old, new = factories.make_service(name="Back assessment"), factories.make_service(name="Dry needling")
    CallToAction.objects.create(parent=draft, region="main", ordering=1, label="Book", service=old)
    LeadList.objects.create(parent=draft, region="main", ordering=2, items=[{"lead": "One.", "body": "First"}])

    def change():
        CallToAction.objects.update(service=new)
        LeadList.objects.update(purpose="ask_first", items=[{"lead": "One.", "body": "Second"}])

    result = changes_after(draft, change)

    assert result[0][3] == [
        (
            "Service",
            [
                DiffPiece("removed", "Back assessment"),
                DiffPiece("added", "Dry needling"),
            ],
        )
    ]
    assert [label for label, _pieces in result[1][3]] == ["Purpose", "Items"]
    assert result[1][3][1][1] == [
        DiffPiece("same", "One. ·"),
        DiffPiece("removed", "First"),
        DiffPiece("added", "Second"),
    ]
    assert "{" not in str(result).replace("Piece", "")


def test_fields_of_the_page_come_first(draft):
    make_section(draft, heading="Risks")

    def change():
        Page.objects.update(title="Needling")
        Section.objects.update(heading="Harms")

    result = changes_after(draft, change)

    assert [block[:3] for block in result] == [("The page itself", "", "changed"), ("Section", "Harms", "changed")]
    assert result[0][3] == [("Title", [DiffPiece("removed", "Dry needling"), DiffPiece("added", "Needling")])]


def test_long_unchanged_runs_are_skipped():
    words = " ".join(f"w{number}" for number in range(100))

    result = pieces((f"old {words}",), (f"new {words}",))

    assert [piece.kind for piece in result] == ["removed", "added", "same", "skipped"]
    assert result[2].text.split() == [f"w{number}" for number in range(12)]
