"""Marks of blocks: HTML comments around each block, with which the editor finds a block in its preview.

Only the editor's preview has them (``marks_blocks`` in the context): public pages stay as they are.
"""

from typing import Any

from django.template import Context
from django.utils.safestring import SafeString, mark_safe

END = SafeString("<!--/block-->")


def block_key(kind: str, pk: int) -> str:
    """Return the key of a block's row, such as "section-12", as static/js/page_editor/form.js does.

    A block that was never saved has the negative id of ``unsaved_id``, and the key "section-new-4".
    """
    return f"{kind}-{pk}" if pk > 0 else f"{kind}-new-{-pk - 1}"


def unsaved_id(number: int) -> int:
    """Return the id of a block that was never saved, by the number of its form."""
    return -1 - number


def begin_mark(block: Any, context: Context) -> SafeString:
    """Return the comment before a block. A block of a snippet is marked as the block that shows the snippet."""
    if block is None or not context.get("marks_blocks"):
        return SafeString()
    shown = getattr(block, "shown_by", block)
    key = block_key(str(shown._meta.model_name), shown.pk)
    return mark_safe(f"<!--block:{key}-->")  # noqa: S308  Nothing typed: a model's name and a number.


def end_mark(context: Context) -> SafeString:
    return END if context.get("marks_blocks") else SafeString()


def mark(block: Any, html: str, context: Context) -> str:
    return f"{begin_mark(block, context)}{html}{end_mark(context)}"
