"""Stored content of pages: what is read of revisions that earlier releases have written."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from content.blocks import block_text, page_content
from content.fields.rows import Row, to_html_cell
from content.models import DefinitionList, EditSession, LeadList, Page, Questions, Review, Revision
from content.publishing.diff import compare
from content.sample import back_pain
from tests.content.blocks.test_markup_and_citations import HOSTILE
from tests.support import factories
from tests.support.content_factories import make_page, make_revision
from tests.support.sample import load_sample

pytestmark = pytest.mark.django_db
TEXT = "It's **known** [1]:\n- [fees](/fees/)\n- 2 < 3"
HTML = '<p>It\'s <strong>known</strong> [1]:</p><ul><li><a href="/fees/">fees</a></li><li>2 &lt; 3</li></ul>'
html_cells = import_module("content.migrations.0024_html_cells")


def as_schema_1(content: page_content.PageContent, text: str = TEXT) -> list[dict[str, Any]]:
    """Return the blocks as an earlier release stored them, with this text in each long cell."""

    def cells(row: Row) -> Row:
        return {name: text if name in ("body", "text", "answer") and value else value for name, value in row.items()}

    return [
        {**block, "fields": block["fields"] | {"items": [cells(row) for row in block["fields"]["items"]]}}
        if block["kind"] in ("leadlist", "numberedsections", "definitionlist", "questions")
        else block
        for block in content.blocks
    ]


def page_with_rows(text: str = TEXT) -> Page:
    page = make_page()
    LeadList.objects.create(parent=page, region="main", ordering=10, items=[{"lead": "**So**", "body": text}])
    DefinitionList.objects.create(parent=page, region="main", ordering=20, items=[{"term": "Core", "text": text}])
    Questions.objects.create(parent=page, region="main", ordering=30, items=[{"question": "Why?", "answer": text}])
    return page


def test_long_cells_of_an_earlier_schema_are_read_as_html_and_short_ones_as_they_are():
    draft = page_content.content_of_draft(page_with_rows())
    assert draft.blocks[0]["fields"]["items"] == [{"lead": "**So**", "body": HTML}]

    stored = page_content.upgraded(draft.head, as_schema_1(draft), 1)

    assert stored == draft
    assert compare(stored, draft) == []


def test_a_working_copy_of_an_earlier_schema_is_read_as_a_revision_is():
    draft = page_content.content_of_draft(page_with_rows())
    sitting = EditSession(head=draft.head, blocks=as_schema_1(draft), schema=1)

    assert page_content.upgraded(sitting.head, sitting.blocks, sitting.schema).digest == draft.digest


@pytest.mark.parametrize("text", HOSTILE)
def test_html_in_a_cell_of_an_earlier_schema_stays_text(client, text):
    page = page_with_rows("x")
    blocks = as_schema_1(page_content.content_of_draft(page), f"Typed: {text}")
    make_revision(page, schema=1, blocks=blocks)

    html = client.get(page.get_absolute_url()).content.decode()

    assert "Typed: &lt;" in html
    assert text not in html


def test_text_links_and_citations_of_a_block_are_those_of_its_html():
    block = Questions(items=[{"question": "Why **now**?", "answer": HTML}])

    assert block_text.prose_of(block) == ["Why now?", "It's known:", "fees", "2 < 3"]
    assert block_text.links_of(block) == [("/fees/", "fees")]
    assert block_text.citations_of(block) == {1}
    assert [part.lines for part in block_text.parts_of(block)][-1] == ("Why **now**? · It's known [1]: fees 2 < 3",)


def test_a_page_of_the_sample_reads_the_same_from_both_schemas(client):
    load_sample()
    page = Page.objects.get(slug=back_pain.PAGE.slug)
    before = client.get(page.get_absolute_url()).content
    cells = {
        (block.model.lower(), row[name]): row
        for block in back_pain.PAGE.blocks
        for name in ("lead", "title", "term", "question")
        for row in block.fields.get("items", ())
        if name in row
    }
    revision = Revision.objects.get(page=page)
    for block in revision.blocks:
        for index, row in enumerate(block["fields"].get("items", ())):
            key = (block["kind"], next(iter(row.values())))
            block["fields"]["items"][index] = cells.get(key, row)
    assert revision.blocks != Revision.objects.get(pk=revision.pk).blocks
    Revision.objects.bulk_create(
        [Revision(page=page, schema=1, head=revision.head, blocks=revision.blocks, goes_live_at=revision.goes_live_at,
                  changed_at=revision.changed_at, made_at=revision.made_at)]
    )  # fmt: skip

    assert client.get(page.get_absolute_url()).content == before


def test_the_upgrade_converts_drafts_and_reviews_stay_valid(now):
    page = page_with_rows("x")
    content = page_content.content_of_draft(page)
    with connection.cursor() as cursor:
        for table, column in (("leadlist", "body"), ("definitionlist", "text"), ("questions", "answer")):
            cursor.execute(f"SELECT id, items FROM content_{table}")
            for pk, items in cursor.fetchall():
                stored = items.replace("<p>x</p>", "**x**")
                assert stored != items, column
                cursor.execute(f"UPDATE content_{table} SET items = %s WHERE id = %s", [stored, pk])
    blocks = as_schema_1(content, "**x**")
    published = make_revision(page, schema=1, head=content.head | {"title": "As published"}, blocks=blocks)
    person, user = factories.make_practitioner(), get_user_model().objects.create(username="reviewer")
    of = {"page": page, "reviewer": person, "reviewed_on": now, "next_review_on": now, "made_at": now, "made_by": user}
    old_draft = html_cells.digest(content.head, blocks)
    old_published = html_cells.digest(published.head, blocks)
    reviews = [Review.objects.create(digest=digest, **of) for digest in (old_draft, old_published, "another")]

    earlier = MigrationExecutor(connection).loader.project_state([("content", "0024_html_cells")]).apps
    for _again in range(2):
        html_cells.convert(earlier, SimpleNamespace(connection=connection))

    draft = page_content.content_of_draft(page)
    assert draft.blocks[1]["fields"]["items"] == [{"term": "Core", "text": "<p><strong>x</strong></p>"}]
    digests = [Review.objects.get(pk=review.pk).digest for review in reviews]
    live = page_content.content_of_revision(Revision.objects.first())
    assert digests == [draft.reviewed_digest, live.reviewed_digest, "another"]
    assert Revision.objects.first().blocks == blocks


def test_the_upgrade_s_own_copy_agrees_with_the_product():
    load_sample()
    for page in Page.objects.all():
        content = page_content.content_of_draft(page)
        assert html_cells.digest(*html_cells.draft_of(apps, page, "default")) == content.reviewed_digest
    for text in (TEXT, "a\u00a0b", '"**a** [b](/c"d)\'', *HOSTILE):
        assert html_cells.to_html(text) == to_html_cell(text)
