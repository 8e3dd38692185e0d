"""Comments of staff on a draft: on one of its blocks, or on the page itself. Readers never see them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from content.blocks.block_text import block_label
from content.blocks.page_content import KINDS, PageContent, block_row, content_of_draft
from content.models import BlockComment, EditSession, Page, Revision

LONGEST_COMMENT = 1000  # characters

BlockKey = tuple[str, int]


class BlockGone(Exception):
    """Raised when a comment is about a block that the draft does not have, or not any more."""


@dataclass(frozen=True)
class ThreadComment:
    """A comment, and the last known name of the block that it was about if that was removed."""

    comment: BlockComment
    about: str = ""


@dataclass
class CommentThread:
    """The comments on one block; on the page itself if ``block`` is None, with those on blocks that were removed."""

    block: BlockKey | None
    label: str
    comments: list[ThreadComment] = field(default_factory=list)

    @property
    def open_comments(self) -> list[ThreadComment]:
        return [item for item in self.comments if item.comment.resolved_at is None]

    @property
    def resolved_comments(self) -> list[ThreadComment]:
        return [item for item in self.comments if item.comment.resolved_at is not None]


def add_comment(page: Page, *, text: str, by: Any, now: datetime, block: BlockKey | None = None) -> BlockComment:
    """Add a comment on a saved block of the draft, or on the page. Raises BlockGone."""
    if block is not None and not _is_in_draft(page, block):
        raise BlockGone
    kind, pk = block or ("", None)
    return BlockComment.objects.create(page=page, block_kind=kind, block_id=pk, text=text, made_by=by, made_at=now)


def resolve_comment(comment: BlockComment, *, by: Any, now: datetime) -> None:
    """Mark the comment as resolved. Whoever did so first stays named."""
    still_open = BlockComment.objects.filter(pk=comment.pk, resolved_at=None)
    still_open.update(resolved_by=by, resolved_at=now)


def reopen_comment(comment: BlockComment) -> None:
    BlockComment.objects.filter(pk=comment.pk).update(resolved_by=None, resolved_at=None)


def open_comments(page: Page) -> int:
    """Count the comments that no one has resolved."""
    return BlockComment.objects.filter(page=page, resolved_at=None).count()


def threads_of(page: Page) -> list[CommentThread]:
    """Return the page's own thread, then one for each block of the draft in order, also without comments."""
    threads = [CommentThread(None, "The page itself")]
    threads += [CommentThread(key, label) for key, label in block_labels(content_of_draft(page))]
    by_block = {thread.block: thread for thread in threads}
    comments = [(_block_of(comment), comment) for comment in page.comments.select_related("made_by", "resolved_by")]
    names = _last_names(page, {key for key, _comment in comments if key and key not in by_block})
    for key, comment in comments:
        thread = by_block.get(key)
        item = ThreadComment(comment) if thread or key is None else ThreadComment(comment, names[key])
        (thread or threads[0]).comments.append(item)
    return threads


def block_labels(content: PageContent) -> Iterator[tuple[BlockKey, str]]:
    """Yield the key and the label of each block, such as "Section: What it is"."""
    for row in content.rows():
        yield (str(row._meta.model_name), row.pk), block_label(row)


def _is_in_draft(page: Page, block: BlockKey) -> bool:
    kind, pk = block
    return kind in KINDS and KINDS[kind]._default_manager.filter(pk=pk, parent=page).exists()


def _block_of(comment: BlockComment) -> BlockKey | None:
    return (comment.block_kind, comment.block_id) if comment.block_id else None


def _last_names(page: Page, wanted: set[BlockKey]) -> dict[BlockKey, str]:
    """Look up removed blocks in what drafts and published versions held before, newest first."""
    names: dict[BlockKey, str] = {}
    sessions = EditSession.objects.filter(page=page, saved_at__isnull=False).order_by("-saved_at")
    for versions in (sessions, Revision.objects.filter(page=page).order_by("-pk")):
        for blocks in versions.values_list("blocks", flat=True):
            if names.keys() >= wanted:
                return names
            for block in blocks:
                key = (str(block["kind"]), int(block["id"]))
                if key in wanted and key not in names and key[0] in KINDS:
                    names[key] = block_label(block_row(block, 0))
    return {key: _name_of_kind(key) for key in wanted} | names


def _name_of_kind(block: BlockKey) -> str:
    model = KINDS.get(block[0])
    return str(model._meta.verbose_name).capitalize() if model else "A block"
