"""Plain text of a block: its lines, links, citations and heading levels.

Used by the publishing checks, the diff of two revisions and the search index, none of which parse markup.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.db.models import BooleanField, CharField, ForeignKey, TextField
from django.utils.html import escape
from django.utils.text import Truncator

from content.fields import markup
from content.fields.rich_text import RichTextField, text_of
from content.fields.rows import Column, Row, RowsField
from content.models import (
    BeforeDuringAfter,
    Block,
    CareCard,
    DoList,
    NumberedSections,
    PersonCard,
    Section,
    Signpost,
    Sources,
)

VAGUE = {"click here", "here", "read more", "more", "learn more", "link", "this link", "this page", "this"}
PLACE = ("id", "parent", "region", "ordering")  # The position of a block is not part of its content.
NAMES = ("heading", "title", "label")  # The fields that name a block.
FIRST_WORDS = 6
LINES = {"p", "li", "br", "ul", "ol"}
CITATION = re.compile(r"[ \u00a0]?\[\d{1,2}(?:\s*,\s*\d{1,2})*\]")


@dataclass(frozen=True)
class Part:
    """One field of a block as plain text: its label, and one line for each paragraph, item or row."""

    label: str
    lines: tuple[str, ...]
    is_prose: bool = False
    is_reference: bool = False


class _Text(HTMLParser):
    """Collect the lines of text and the links of an HTML fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self.links: list[tuple[str, str]] = []
        self._address: str | None = None
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in LINES:
            self.lines.append("")
        if tag == "a":
            self._address, self._words = dict(attrs).get("href") or "", ""

    def handle_endtag(self, tag: str) -> None:
        if tag in LINES:
            self.lines.append("")
        if tag == "a" and self._address is not None:
            self.links.append((self._address, " ".join(self._words.split())))
            self._address = None

    def handle_data(self, data: str) -> None:
        self.lines[-1] += data
        self._words += data


def lines_of_html(html: str) -> list[str]:
    return [line for raw in _read(html).lines if (line := " ".join(raw.split()))]


def _read(html: str) -> _Text:
    text = _Text()
    text.feed(html)
    text.close()
    return text


def links_of(block: Block) -> list[tuple[str, str]]:
    """Return every link in the block's text as (URL, link text)."""
    return [link for html in _texts(block) for link in _read(html).links]


def citations_of(block: Block) -> set[int]:
    matches = (match for html in _texts(block) for match in re.findall(r"\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]", html))
    return {int(number) for numbers in matches for number in numbers.split(",")}


def _texts(block: Block) -> Iterator[str]:
    """Yield the block's rich text fields, row cells and, if it is folded, its short answer, as HTML."""
    if isinstance(block, Section) and block.is_folded:
        yield escape(block.short_answer)
    for f in block._meta.concrete_fields:
        value = getattr(block, f.attname)
        if isinstance(f, RichTextField):
            yield value or ""
        elif isinstance(f, RowsField):
            for row in value:
                for column in f.columns:
                    cell = row.get(column.name, "")
                    yield cell if column.is_long else str(markup.to_line(cell))


def prose_of(block: Block) -> list[str]:
    """Return the lines of running text, without sources, names, choices and citation marks."""
    if isinstance(block, Sources):
        return []
    return [CITATION.sub("", line) for html in _texts(block) for line in lines_of_html(html)]


def parts_of(block: Block) -> list[Part]:
    """Return every editable field of the block that is not empty."""
    parts = [part_of(f, block) for f in block._meta.concrete_fields if f.name not in PLACE]
    return [part for part in parts if part.lines]


def block_label(block: Block) -> str:
    """Return a block's kind and its heading, else its first words: "Section: What it is"."""
    kind = str(block._meta.verbose_name).capitalize()
    name = next((value for field in NAMES if (value := getattr(block, field, ""))), "")
    if not name:
        parts = parts_of(block)
        named = [part for part in parts if part.is_prose] or [part for part in parts if part.is_reference]
        name = Truncator(named[0].lines[0]).words(FIRST_WORDS) if named else ""
    return f"{kind}: {name}" if name else kind


def part_of(f: Any, row: Any) -> Part:
    label = str(f.verbose_name)
    value = getattr(row, f.attname)
    if isinstance(f, RichTextField):
        return Part(label, tuple(lines_of_html(value or "")), is_prose=True)
    if isinstance(f, RowsField):
        return Part(label, tuple(_row_in_a_line(f.columns, row) for row in value), True)
    if isinstance(f, ForeignKey):
        return Part(label, (_name(f, value),) if value is not None else (), is_reference=True)
    if isinstance(f, BooleanField):
        return Part(label, ("Yes",) if value else ())
    if f.choices:
        return Part(label, (str(dict(f.flatchoices).get(value, value)),))
    text = " ".join(str(value).split()) if value not in (None, "") else ""
    return Part(label, (text,) if text else (), isinstance(f, CharField | TextField))


def _row_in_a_line(columns: Iterable[Column], row: Row) -> str:
    cells = ((column, row.get(column.name, "")) for column in columns)
    texts = (text_of(cell) if column.is_long else " ".join(cell.split()) for column, cell in cells)
    return " · ".join(filter(None, texts))


def _name(f: Any, pk: Any) -> str:
    target = f.related_model._default_manager.filter(pk=pk).first()
    return str(target) if target else f"{f.related_model._meta.verbose_name}, since deleted"


def levels_of(block: Any) -> list[int]:
    """Return the levels of the headings that the block renders, in order."""
    if isinstance(block, Signpost):
        return [3]
    if isinstance(block, CareCard):
        return [block.level]
    item_count = 0
    if isinstance(block, NumberedSections):
        item_count = len(block.items)
    elif isinstance(block, DoList):
        item_count = bool(block.do) + bool(block.do_not)
    elif isinstance(block, BeforeDuringAfter | PersonCard):
        item_count = 3 if isinstance(block, BeforeDuringAfter) else 1
    heading = [block.level] if getattr(block, "heading", "") else []
    return heading + ([block.item_level] * item_count if item_count else [])
