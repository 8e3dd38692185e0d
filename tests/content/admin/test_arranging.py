"""Moving, adding and copying blocks on the server, without the editor's scripts."""

import pytest

from content.models import Page, Questions, Section, SnippetHere
from tests.content.admin.test_editing import form_of
from tests.content.admin.test_steps import EDITOR, address, somebody
from tests.support.content_factories import LONG_AGO, make_page, make_section, make_sources

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def page():
    page = make_page(title="Dry needling", is_published=False)
    for ordering, heading in ((10, "First"), (20, "Second"), (30, "Third")):
        make_section(page, heading=heading, ordering=ordering, body="<p>Words.</p>")
    return page


def headings(page):
    return list(Section.objects.filter(parent=page).order_by("ordering").values_list("heading", flat=True))


def press(client, page, **button):
    change = address("change", page)
    return client.post(change, form_of(client.get(change)) | {f"_{name}": value for name, value in button.items()})


def key(page, heading):
    return f"section-{Section.objects.get(parent=page, heading=heading).pk}"


@pytest.mark.parametrize(
    ("heading", "way", "order"),
    [
        ("Second", "up", ["Second", "First", "Third"]),
        ("Second", "down", ["First", "Third", "Second"]),
        ("First", "up", ["First", "Second", "Third"]),
        ("Third", "down", ["First", "Second", "Third"]),
    ],
)
def test_a_block_moves_by_one_place(client, page, heading, way, order):
    user = somebody(client, *EDITOR)

    response = press(client, page, move=f"{key(page, heading)}:{way}")

    assert response.url.endswith("#block-list")
    assert headings(page) == order
    page.refresh_from_db()
    assert page.edited_by == user


@pytest.mark.parametrize(
    "forged", ["", "section-0:up", "page-1:up", "section-x:down", "section-99999999999999999999:up"]
)
def test_a_forged_move_changes_nothing(client, page, forged):
    somebody(client, *EDITOR)

    assert press(client, page, move=forged).status_code == 302
    assert headings(page) == ["First", "Second", "Third"]


def test_a_block_is_added_at_the_end_and_opened(client, page):
    somebody(client, *EDITOR)
    Questions.objects.create(parent=page, region="main", ordering=5)

    response = press(client, page, add_block="1", add_kind="questions")

    added = Questions.objects.filter(parent=page).latest("pk")
    assert (added.region, added.ordering) == ("main", 40)
    assert response.url.endswith(f"?block=questions-{added.pk}#content_questions_set-1")


@pytest.mark.parametrize("fields", [{"add_kind": "page"}, {"add_kind": "section", "add_region": "end"}, {}])
def test_only_blocks_of_the_page_s_kinds_and_parts_are_added(client, page, fields):
    somebody(client, *EDITOR)

    assert press(client, page, add_block="1", **fields).status_code == 302
    assert headings(page) == ["First", "Second", "Third"]


def copy_address(page, block_key):
    return f"{address('copy_block', page)}?block={block_key}"


def test_a_copy_goes_to_the_end_of_the_other_draft_whose_editors_are_told(client, page, now):
    target = make_page(title="Pelvic health", is_published=False)
    make_section(target, heading="There", ordering=70)
    user = somebody(client, *EDITOR)

    response = client.post(copy_address(page, key(page, "Second")), {"target": target.pk}, follow=True)

    assert headings(target) == ["There", "Second"]
    assert headings(page) == ["First", "Second", "Third"]
    target.refresh_from_db()
    assert (target.edited_by, target.edited_at) == (user, now)
    assert f'Copied to the end of <a href="{address("change", target)}">Pelvic health</a>.' in response.content.decode()
    page.refresh_from_db()
    assert page.edited_at == LONG_AGO


def test_the_title_of_the_other_page_is_escaped_in_the_message(client, page):
    target = make_page(title="<script>alert(1)</script>", is_published=False)
    somebody(client, *EDITOR)

    response = client.post(copy_address(page, key(page, "Second")), {"target": target.pk}, follow=True)

    assert "<script>alert(1)" not in response.content.decode()


@pytest.mark.parametrize("model", [SnippetHere, None], ids=["a snippet", "sources"])
def test_a_snippet_takes_neither_snippets_nor_sources(client, page, model):
    snippet = make_page(kind=Page.Kind.SNIPPET, title="House rules", slug="", is_published=False)
    block = model.objects.create(parent=page, region="main", snippet=snippet) if model else make_sources(page, "A 2021")
    somebody(client, *EDITOR, "view_snippet", "change_snippet")
    of_block = copy_address(page, f"{block._meta.model_name}-{block.pk}")

    assert "House rules" not in client.get(of_block).content.decode().partition("<select")[2]
    assert client.post(of_block, {"target": snippet.pk}).status_code == 422
    assert type(block).objects.count() == 1

    assert "House rules" in client.get(copy_address(page, key(page, "First"))).content.decode()


def test_a_block_is_copied_only_by_who_may_change_both_pages(client, page):
    target = make_page(title="Pelvic health", is_published=False)
    snippet = make_page(kind=Page.Kind.SNIPPET, title="House rules", slug="", is_published=False)
    here = copy_address(page, key(page, "First"))
    somebody(client, "view_page", username="reader")
    assert client.post(here, {"target": target.pk}).status_code == 403
    somebody(client, *EDITOR, username="editor")  # Not of snippets.
    assert client.post(here, {"target": snippet.pk}).status_code == 422
    assert client.post(here, {"target": page.pk}).status_code == 422
    assert client.post(copy_address(target, key(page, "First")), {"target": page.pk}).status_code == 404
    assert Section.objects.count() == 3
