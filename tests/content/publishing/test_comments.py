"""Comments on a draft: on its blocks, on the page, on blocks that were removed; never anywhere but in the office."""

import pytest

from content.blocks import page_content
from content.blocks.block_text import block_label
from content.models import BlockComment, Picture, PlacedPicture, Section
from content.publishing import comments
from content.publishing import publish as publishing
from tests.support.content_factories import LAST, make_page, make_section, preview_link

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def section(draft):
    return Section.objects.get(parent=draft)


def write(page, by, now, block=None, text="Name the trial."):
    key = (block._meta.model_name, block.pk) if block else None
    return comments.add_comment(page, text=text, by=by, now=now, block=key)


def shown(page):
    """The comments by thread: their texts, and what removed blocks were called."""
    return {
        thread.label: [(item.comment.text, item.about) for item in thread.comments]
        for thread in comments.threads_of(page)
        if thread.comments
    }


def test_comments_stand_at_their_block_in_the_order_of_the_page(draft, section, alice, bob, now):
    write(draft, alice, now, section)
    write(draft, bob, now, section, "Which one?")
    write(draft, bob, now, text="Well done.")
    assert shown(draft) == {
        "The page itself": [("Well done.", "")],
        "Section: What it is": [("Name the trial.", ""), ("Which one?", "")],
    }
    labels = [thread.label for thread in comments.threads_of(draft)]
    in_order = [block_label(row) for row in page_content.content_of_draft(draft).rows()]
    assert labels == ["The page itself", *in_order]


def test_a_block_without_a_heading_is_named_by_its_first_words(draft):
    make_section(draft, heading="", body="<p>One two three four five six seven eight.</p>")
    picture = Picture.objects.create(title="The gym", image="pictures/gym.jpg")
    PlacedPicture.objects.create(parent=draft, region="main", ordering=LAST, picture=picture, is_decorative=True)
    labels = [thread.label for thread in comments.threads_of(draft)]
    assert "Section: One two three four five six…" in labels
    assert "Picture: The gym" in labels


@pytest.mark.parametrize("which", ["of another page", "never saved", "of no kind"])
def test_a_block_that_the_draft_does_not_have_takes_no_comment(draft, alice, now, which):
    other = make_section(make_page())
    key = {"of another page": ("section", other.pk), "never saved": ("section", 10**9), "of no kind": ("user", 1)}
    with pytest.raises(comments.BlockGone):
        comments.add_comment(draft, text="Name the trial.", by=alice, now=now, block=key[which])
    assert not BlockComment.objects.exists()


def test_resolving_keeps_who_did_it_first_and_can_be_taken_back(draft, alice, bob, now):
    comment = write(draft, alice, now)
    comments.resolve_comment(comment, by=bob, now=now)
    comments.resolve_comment(comment, by=alice, now=now)
    comment.refresh_from_db()
    assert (comment.resolved_by, comment.resolved_at, comments.open_comments(draft)) == (bob, now, 0)
    comments.reopen_comment(comment)
    assert comments.open_comments(draft) == 1


class TestRemovedBlocks:
    def test_their_comments_move_to_the_page_with_the_block_s_last_published_name(self, draft, section, alice, now):
        publishing.publish(draft, by=alice, now=now)
        write(draft, alice, now, section)
        section.delete()
        assert shown(draft) == {"The page itself": [("Name the trial.", "Section: What it is")]}

    def test_or_with_its_kind_if_it_was_never_published(self, draft, section, alice, now):
        write(draft, alice, now, section)
        section.delete()
        assert shown(draft) == {"The page itself": [("Name the trial.", "Section")]}

    def test_or_with_its_name_before_the_sitting_that_removed_it(self, draft, section, alice, now):
        write(draft, alice, now, section)
        content = page_content.content_of_draft(draft)
        draft.edit_sessions.create(
            user=alice, key="6f0f2a0e-0000-4000-8000-000000000000", started_at=now, seen_at=now, saved_at=now,
            schema=page_content.SCHEMA, head=content.head, blocks=content.blocks,
        )  # fmt: skip
        section.delete()
        assert shown(draft) == {"The page itself": [("Name the trial.", "Section: What it is")]}

    def test_a_block_that_is_restored_has_its_comments_back(self, draft, section, alice, now):
        revision = publishing.publish(draft, by=alice, now=now)
        write(draft, alice, now, section)
        section.delete()
        publishing.restore(revision, by=alice, now=now)
        assert shown(draft) == {"Section: What it is": [("Name the trial.", "")]}


def test_a_copy_of_a_block_has_no_comments(draft, section, alice, now):
    write(draft, alice, now, section)
    make_section(draft, heading="What it is", body=section.body)
    assert [len(thread.comments) for thread in comments.threads_of(draft) if thread.label.startswith("Section")] == [
        1,
        0,
    ]


def test_readers_previews_and_the_search_never_show_a_comment(draft, section, alice, now, client):
    write(draft, alice, now, section, "Zyzzogeton")
    write(draft, alice, now, text="Zyzzogeton")
    publishing.publish(draft, by=alice, now=now)
    for address in (draft.get_absolute_url(), preview_link(draft), "/sitemap.xml"):
        assert "Zyzzogeton" not in client.get(address).content.decode(), address
    assert draft.title in client.get("/search/?q=needle").content.decode()
    assert draft.title not in client.get("/search/?q=Zyzzogeton").content.decode()
