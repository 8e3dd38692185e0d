"""Diff of two versions of a page, block by block and word by word.

The only queries are for the names of referenced rows. Blocks are matched by kind and row id, so a block that changed
its position is reported as moved, not as removed and added.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from content.blocks import block_text
from content.blocks.block_text import Part
from content.blocks.page_content import HEAD, PageContent
from content.models import Page

TOKEN = re.compile(r"\n|[^\s]+")
CONTEXT_WORDS = 12  # unchanged words shown on either side of a change


@dataclass(frozen=True)
class DiffPiece:
    """A run of words. ``kind`` is "same", "added", "removed", or "skipped" for a long unchanged run."""

    kind: str
    text: str


@dataclass(frozen=True)
class Field:
    label: str
    pieces: list[DiffPiece]


@dataclass(frozen=True)
class Change:
    """A changed block: its kind, its name, whether it was added, removed, moved or changed, and the changed fields."""

    kind: str
    name: str
    verdict: str
    fields: list[Field]


def compare(before: PageContent | None, after: PageContent) -> list[Change]:
    """Return the changed blocks in the order of the newer version, removed blocks at their former position."""
    old = _blocks(before) if before else {}
    new = _blocks(after)
    moved = _moved([key for key in old if key in new], [key for key in new if key in old])
    changes = []
    for key in _merge_order(list(old), list(new)):
        old_block, new_block = old.get(key), new.get(key)
        kind, name, _parts = new_block or old_block or ("", "", ())
        fields = list(_fields(old_block[2] if old_block else (), new_block[2] if new_block else ()))
        if old_block is None:
            verdict = "added"
        elif new_block is None:
            verdict = "removed"
        elif key in moved:
            verdict = "moved and changed" if fields else "moved"
        elif fields:
            verdict = "changed"
        else:
            continue
        changes.append(Change(kind, name, verdict, fields))
    return changes


def count_changes(before: PageContent, after: PageContent) -> int:
    """Return how many blocks differ, were added, removed or moved, and one for the page's own fields. No queries."""
    old, new = ({(block["kind"], block["id"]): block for block in content.blocks} for content in (before, after))
    moved = _moved([key for key in old if key in new], [key for key in new if key in old])
    changed = {key for key in old.keys() & new.keys() if old[key] != new[key]}
    return len(changed | moved | (old.keys() ^ new.keys())) + (before.head != after.head)


Block = tuple[str, str, tuple[Part, ...]]


def _blocks(content: PageContent) -> dict[tuple[str, int], Block]:
    page = content.page(Page())
    head = [block_text.part_of(Page._meta.get_field(name), page) for name in HEAD]
    blocks: dict[tuple[str, int], Block] = {("page", 0): ("The page itself", "", tuple(p for p in head if p.lines))}
    for row in content.rows():
        name = getattr(row, "heading", "") or getattr(row, "title", "") or getattr(row, "label", "")
        parts = tuple(block_text.parts_of(row))
        blocks[(str(row._meta.model_name), row.pk)] = (str(row._meta.verbose_name).capitalize(), name, parts)
    return blocks


def _moved(before: list[Any], after: list[Any]) -> set[Any]:
    """Return the smallest set of blocks whose move turns one order into the other."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    unmoved = {key for match in matcher.get_matching_blocks() for key in before[match.a : match.a + match.size]}
    return set(after) - unmoved


def _merge_order(old: list[Any], new: list[Any]) -> list[Any]:
    """Return the newer order, with each removed block after its former predecessor."""
    order = list(new)
    for index, key in enumerate(old):
        if key not in new:
            before = next((k for k in reversed(old[:index]) if k in order), None)
            order.insert(order.index(before) + 1 if before is not None else 0, key)
    return order


def _fields(before: tuple[Part, ...], after: tuple[Part, ...]) -> Iterator[Field]:
    old, new = ({part.label: part.lines for part in parts} for parts in (before, after))
    for label in [*new, *(label for label in old if label not in new)]:
        if old.get(label, ()) != new.get(label, ()):
            yield Field(label[:1].upper() + label[1:], pieces(old.get(label, ()), new.get(label, ())))


def pieces(before: tuple[str, ...], after: tuple[str, ...]) -> list[DiffPiece]:
    """Return the word diff of two texts, given as lines."""
    old, new = (TOKEN.findall("\n".join(lines)) for lines in (before, after))
    result: list[DiffPiece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            result += _shorten(old[a:b], is_first=a == 0, is_last=b == len(old))
        if tag in ("delete", "replace"):
            result.append(DiffPiece("removed", _text(old[a:b])))
        if tag in ("insert", "replace"):
            result.append(DiffPiece("added", _text(new[c:d])))
    return result


def _shorten(tokens: list[str], *, is_first: bool, is_last: bool) -> Iterator[DiffPiece]:
    head, tail = (0 if is_first else CONTEXT_WORDS), (0 if is_last else CONTEXT_WORDS)
    if len(tokens) <= head + tail + CONTEXT_WORDS:
        yield DiffPiece("same", _text(tokens))
        return
    if head:
        yield DiffPiece("same", _text(tokens[:head]))
    yield DiffPiece("skipped", "…")
    if tail:
        yield DiffPiece("same", _text(tokens[-tail:]))


def _text(tokens: list[str]) -> str:
    return re.sub(r" ?\n ?", "\n", " ".join(tokens))
