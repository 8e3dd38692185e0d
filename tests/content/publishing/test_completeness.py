"""A draft may be incomplete: it is previewed, compared and found at any time, and what is missing stops publishing."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from content.blocks import page_content
from content.models import (
    CallToAction,
    DefinitionList,
    Page,
    PersonCard,
    PlacedPicture,
    Questions,
    RiskTable,
    Section,
    Signpost,
    SnippetHere,
    Sources,
)
from content.publishing import diff
from content.publishing.checks.rules import check_page
from content.publishing.publish import PublishingError, publish
from content.search.documents import build_documents
from tests.support import factories
from tests.support.content_factories import make_page, make_picture, preview_link

pytestmark = pytest.mark.django_db
EMPTY = "This block is still empty. Fill it in, or remove it."
BUTTON = "Write the text on the button."
# What a new block of each kind lacks.
MISSING = {
    "section": ["This section is still empty. Write something, or remove it."],
    "callout": ["Write the text of the callout."],
    "leadlist": [EMPTY],
    "numberedsections": [EMPTY],
    "definitionlist": [EMPTY],
    "dolist": [EMPTY],
    "questions": [EMPTY],
    "risktable": ["Say what is counted, such as: out of 100 treatments.", EMPTY],
    "carecard": ["Say who to call and when, such as: Call 911 if you have"],
    "beforeduringafter": [f"Write what happens {part} the visit." for part in ("before", "during", "after")],
    "placedpicture": ["Choose a picture."],
    "calltoaction": ["Choose what the button books.", BUTTON],
    "personcard": ["Choose a person."],
    "signpost": ["Write a title.", "Choose the page that this leads to, or the service that it books."],
    "snippethere": ["Choose a snippet."],
    "sources": ["Name at least one source."],
}


@pytest.fixture
def empty_page():
    """A treatment with one new block of each kind."""
    page = make_page(is_published=False, slug="cupping", lede="", booking_label="")
    for ordering, model in enumerate(page_content.KINDS.values()):
        model.objects.create(parent=page, region="main", ordering=ordering)
    return page


def messages_by_block(page):
    found = {}
    for issue in check_page(page, page_content.content_of_draft(page), now=timezone.now()):
        if issue.blocks:
            found.setdefault(issue.block and issue.block[0], []).append(issue.message)
    return found


def messages_of(block):
    return messages_by_block(block.parent).get(block._meta.model_name, [])


def test_each_new_block_says_what_it_needs_and_says_it_once(empty_page):
    found = messages_by_block(empty_page)
    assert found.pop(None) == [
        "A page needs a title and an introduction.",
        "No one has recorded a clinical review of this page.",
    ]
    assert found == MISSING


def test_an_incomplete_page_is_not_published_without_a_reason(empty_page, now):
    with pytest.raises(PublishingError):
        publish(empty_page, by=None, now=now)
    assert publish(empty_page, by=None, now=now, override_reason="A test").overridden


def test_an_incomplete_page_is_previewed_compared_shown_and_found(empty_page, client, now):
    factories.make_clinic()
    before = page_content.content_of_draft(make_page())
    assert diff.compare(before, page_content.content_of_draft(empty_page))
    assert client.get(preview_link(empty_page)).status_code == 200
    publish(empty_page, by=None, now=now, override_reason="A test")
    assert client.get("/treatments/cupping/").status_code == 200
    assert build_documents(now=now).documents
    staff = get_user_model().objects.create_superuser("steve")
    client.force_login(staff)
    for step in ("change", "publish", "history", "preview"):
        assert client.get(f"/admin/content/page/{empty_page.pk}/{step}/").status_code == 200, step


def make_block(model, **fields):
    return model.objects.create(parent=make_page(kind="fees", is_published=False), region="main", **fields)


@pytest.mark.parametrize(
    ("model", "rows", "message"),
    [
        (Questions, {"items": [{"question": "Why?", "answer": "So."}, {"answer": "Yes."}]}, "the question"),
        (DefinitionList, {"items": [{"term": "Cup", "text": "x"}, {"term": "Disc"}]}, "the text"),
        (
            RiskTable,
            {"caption": "Of 100", "rows": [{"effect": "a", "how_often": "b"}, {"effect": "c"}]},
            "how often it happens",
        ),
        (Sources, {"items": [{"text": "George 2021"}, {"doi": "10.1234/x"}]}, "the text"),
    ],
)
def test_a_row_without_a_required_cell_says_which(model, rows, message):
    assert messages_of(make_block(model, **rows)) == [f"Row 2: write {message}, or clear the row."]


def test_a_picture_has_alt_text_or_is_decorative():
    undecided = "Describe the picture, or tick that it's only decoration."
    picture = make_picture()
    for fields, messages in (
        ({}, [undecided]),
        ({"alt": "A path", "is_decorative": True}, [undecided]),
        ({"alt": "A path"}, []),
        ({"is_decorative": True}, []),
    ):
        assert messages_of(make_block(PlacedPicture, picture=picture, **fields)) == messages
        Page.objects.filter(kind="fees").delete()


def test_a_signpost_leads_to_one_place():
    there, service = make_page(), factories.make_service()
    factories.make_practitioner([service])
    block = make_block(Signpost, title="There", page=there, service=service)
    both = "Choose a page or a service, not both."
    assert both in messages_of(block)
    Signpost.objects.update(service=None)
    assert both not in messages_of(block)


def test_a_folded_section_needs_a_heading_and_a_short_answer():
    block = make_block(Section, is_folded=True, level=3, body="<p>x</p>")
    assert messages_of(block)[:3] == [
        "Write a heading. It's what readers press to open this.",
        "Only a whole section can be folded.",
        "Write the short answer, so no one has to open this for it.",
    ]


def test_empty_paragraphs_are_no_text():
    assert messages_of(make_block(Section, body="<p> </p><p></p>")) == MISSING["section"]


def test_an_introduction_has_25_words_at_most():
    page = make_page(kind="fees", is_published=False, lede="word " * 26)
    assert messages_by_block(page) == {None: ["The introduction has 26 words. Use 25 or fewer."]}
    Page.objects.update(lede="word " * 25)
    page.refresh_from_db()
    assert messages_by_block(page) == {}


def test_a_button_needs_its_text():
    service = factories.make_service()
    person = factories.make_practitioner([service])
    assert messages_of(make_block(CallToAction, service=service)) == [BUTTON]
    Page.objects.filter(kind="fees").delete()
    assert messages_of(make_block(PersonCard, practitioner=person, label="")) == [BUTTON]


def test_a_snippet_is_checked_on_its_own():
    snippet = make_page(kind="snippet", is_published=False, lede="")
    PlacedPicture.objects.create(parent=snippet, region="main")
    assert messages_by_block(snippet) == {"placedpicture": ["Choose a picture."]}
    assert SnippetHere.objects.count() == 0
