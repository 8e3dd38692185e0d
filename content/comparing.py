"""What differs between two versions of a page, block by block and word by word, for a person to read.

Pure, but for the names of what is referred to. Blocks are told apart by the row they came from, so
that one which was moved is said to have moved, not to be gone and back.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from content import wording
from content.models import Page
from content.snapshot import HEAD, Words
from content.wording import Part

TOKEN = re.compile(r"\n|[^\s]+")
KEPT = 12  # words of what stayed the same, on either side of a change


@dataclass(frozen=True)
class Piece:
    """A run of words: ``same``, ``added``, ``removed``, or ``skipped`` where much stayed the same."""

    kind: str
    text: str


@dataclass(frozen=True)
class Field:
    label: str
    pieces: list[Piece]


@dataclass(frozen=True)
class Change:
    """One block: its kind, its name, what became of it, and the fields that differ."""

    kind: str
    name: str
    verdict: str
    fields: list[Field]


def compare(before: Words | None, after: Words) -> list[Change]:
    """What became of each block, in the order of the later version; what was removed stands where it stood."""
    old = _blocks(before) if before else {}
    new = _blocks(after)
    moved = _moved([key for key in old if key in new], [key for key in new if key in old])
    changes = []
    for key in _in_order(list(old), list(new)):
        one, other = old.get(key), new.get(key)
        kind, name, _parts = other or one or ("", "", ())
        fields = list(_fields(one[2] if one else (), other[2] if other else ()))
        if one is None:
            verdict = "added"
        elif other is None:
            verdict = "removed"
        elif key in moved:
            verdict = "moved and changed" if fields else "moved"
        elif fields:
            verdict = "changed"
        else:
            continue
        changes.append(Change(kind, name, verdict, fields))
    return changes


Block = tuple[str, str, tuple[Part, ...]]


def _blocks(words: Words) -> dict[tuple[str, int], Block]:
    page = words.page(Page())
    head = [wording.part_of(Page._meta.get_field(name), page) for name in HEAD]
    found: dict[tuple[str, int], Block] = {("page", 0): ("The page itself", "", tuple(p for p in head if p.lines))}
    for row in words.rows():
        name = getattr(row, "heading", "") or getattr(row, "title", "") or getattr(row, "label", "")
        parts = tuple(wording.parts_of(row))
        found[(str(row._meta.model_name), row.pk)] = (str(row._meta.verbose_name).capitalize(), name, parts)
    return found


def _moved(before: list[Any], after: list[Any]) -> set[Any]:
    """The fewest blocks that had to move to turn one order into the other."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    stayed = {key for match in matcher.get_matching_blocks() for key in before[match.a : match.a + match.size]}
    return set(after) - stayed


def _in_order(old: list[Any], new: list[Any]) -> list[Any]:
    """The later order, with what was removed after what it stood behind."""
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


def pieces(before: tuple[str, ...], after: tuple[str, ...]) -> list[Piece]:
    """The words of both, in one run, each marked with where it belongs."""
    old, new = (TOKEN.findall("\n".join(lines)) for lines in (before, after))
    found: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += _shortened(old[a:b], is_first=a == 0, is_last=b == len(old))
        if tag in ("delete", "replace"):
            found.append(Piece("removed", _text(old[a:b])))
        if tag in ("insert", "replace"):
            found.append(Piece("added", _text(new[c:d])))
    return found


def _shortened(tokens: list[str], *, is_first: bool, is_last: bool) -> Iterator[Piece]:
    head, tail = (0 if is_first else KEPT), (0 if is_last else KEPT)
    if len(tokens) <= head + tail + KEPT:
        yield Piece("same", _text(tokens))
        return
    if head:
        yield Piece("same", _text(tokens[:head]))
    yield Piece("skipped", "…")
    if tail:
        yield Piece("same", _text(tokens[-tail:]))


def _text(tokens: list[str]) -> str:
    return re.sub(r" ?\n ?", "\n", " ".join(tokens))
