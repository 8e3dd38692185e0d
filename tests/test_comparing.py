"""Two versions of a page beside each other: block by block, word by word, never as data."""

import pytest

from content import snapshot
from content.comparing import Piece, compare, pieces
from content.models import CallToAction, LeadList, Page, Section
from tests import make
from tests.make_content import make_page, make_section

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return make_page(is_published=False, title="Dry needling")


def changes_after(draft, change):
    before = snapshot.of_draft(draft)
    change()
    draft.refresh_from_db()
    return [
        (one.kind, one.name, one.verdict, [(field.label, field.pieces) for field in one.fields])
        for one in compare(before, snapshot.of_draft(draft))
    ]


def test_the_same_words_have_no_changes(draft):
    make_section(draft)

    assert changes_after(draft, lambda: None) == []


def test_changed_words_are_marked_where_they_stand(draft):
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
                        Piece("removed", "Few"),
                        Piece("added", "Some"),
                        Piece("same", "people"),
                        Piece("added", "bruise or"),
                        Piece("same", "bleed.\nIt heals."),
                    ],
                )
            ],
        )
    ]


def test_a_block_that_was_added_or_removed_is_whole(draft):
    gone = make_section(draft, heading="Gone", body="<p>Old.</p>", ordering=1)

    def change():
        gone.delete()
        make_section(draft, heading="New", body="<p>Fresh.</p>", ordering=2)

    assert changes_after(draft, change) == [
        ("Section", "Gone", "removed", [
            ("Heading", [Piece("removed", "Gone")]),
            ("Level", [Piece("removed", "Section")]),
            ("Body", [Piece("removed", "Old.")]),
        ]),
        ("Section", "New", "added", [
            ("Heading", [Piece("added", "New")]),
            ("Level", [Piece("added", "Section")]),
            ("Body", [Piece("added", "Fresh.")]),
        ]),
    ]  # fmt: skip


def test_a_block_that_moved_is_said_to_have_moved(draft):
    for number in (1, 2, 3):
        make_section(draft, heading=f"Part {number}", ordering=number)

    def change():
        Section.objects.filter(heading="Part 1").update(ordering=9)

    assert changes_after(draft, change) == [("Section", "Part 1", "moved", [])]


def test_rows_references_and_choices_are_read_as_words(draft):
    old, new = make.make_service(name="Back assessment"), make.make_service(name="Dry needling visit")
    CallToAction.objects.create(parent=draft, region="main", ordering=1, label="Book", service=old)
    LeadList.objects.create(parent=draft, region="main", ordering=2, items=[{"lead": "One.", "body": "First"}])

    def change():
        CallToAction.objects.update(service=new)
        LeadList.objects.update(purpose="ask_first", items=[{"lead": "One.", "body": "Second"}])

    found = changes_after(draft, change)

    assert found[0][3] == [
        (
            "Service",
            [
                Piece("removed", "Back assessment"),
                Piece("added", "Dry needling visit"),
            ],
        )
    ]
    assert [label for label, _pieces in found[1][3]] == ["Purpose", "Items"]
    assert found[1][3][1][1] == [Piece("same", "One. ·"), Piece("removed", "First"), Piece("added", "Second")]
    assert "{" not in str(found).replace("Piece", "")


def test_the_page_s_own_words_come_first(draft):
    make_section(draft, heading="Risks")

    def change():
        Page.objects.update(title="Needling")
        Section.objects.update(heading="Harms")

    found = changes_after(draft, change)

    assert [one[:3] for one in found] == [("The page itself", "", "changed"), ("Section", "Harms", "changed")]
    assert found[0][3] == [("Title", [Piece("removed", "Dry needling"), Piece("added", "Needling")])]


def test_long_stretches_without_change_are_left_out():
    words = " ".join(f"w{number}" for number in range(100))

    found = pieces((f"old {words}",), (f"new {words}",))

    assert [piece.kind for piece in found] == ["removed", "added", "same", "skipped"]
    assert found[2].text.split() == [f"w{number}" for number in range(12)]
