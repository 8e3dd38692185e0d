"""The words of a block as a person reads them: lines of plain text, its links, its headings' levels.

The checks read pages through here, and so does the comparison of two revisions: neither ever
sees markup.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.db.models import BooleanField, CharField, ForeignKey, TextField

from content import markup
from content.models import BeforeDuringAfter, CareCard, DoList, NumberedSections, PersonCard, Signpost, Sources
from content.models.blocks import Block
from content.prose import RichTextField
from content.rows import RowsField

VAGUE = {"click here", "here", "read more", "more", "learn more", "link", "this link", "this page", "this"}
PLACE = ("id", "parent", "region", "ordering")  # Where a block stands is no part of its words.
LINES = {"p", "li", "br", "ul", "ol"}
CITATION = re.compile(r"[ \u00a0]?\[\d{1,2}(?:\s*,\s*\d{1,2})*\]")


@dataclass(frozen=True)
class Part:
    """One field of a block in words: its label, and a line for each paragraph, item or cell."""

    label: str
    lines: tuple[str, ...]
    is_prose: bool = False


class _Text(HTMLParser):
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
    """Every link typed in the block's texts: its address and its words."""
    return [link for html in _texts(block) for link in _read(html).links]


def citations_of(block: Block) -> set[int]:
    found = (number for html in _texts(block) for number in re.findall(r"\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]", html))
    return {int(number) for numbers in found for number in numbers.split(",")}


def _texts(block: Block) -> Iterator[str]:
    """The block's running texts as HTML."""
    for f in block._meta.concrete_fields:
        value = getattr(block, f.attname)
        if isinstance(f, RichTextField):
            yield value or ""
        elif isinstance(f, RowsField):
            for row in value:
                for column in f.columns:
                    cell = row.get(column.name, "")
                    yield str(markup.to_html(cell) if column.is_long else markup.to_line(cell))


def prose_of(block: Block) -> list[str]:
    """The lines that a reader reads as text: no sources, no names, no choices."""
    if isinstance(block, Sources):
        return []
    return [CITATION.sub("", line) for html in _texts(block) for line in lines_of_html(html)]


def parts_of(block: Block) -> list[Part]:
    """Everything that staff decided about the block, field by field, empty ones left out."""
    parts = [part_of(f, block) for f in block._meta.concrete_fields if f.name not in PLACE]
    return [part for part in parts if part.lines]


def part_of(f: Any, row: Any) -> Part:
    label = str(f.verbose_name)
    value = getattr(row, f.attname)
    if isinstance(f, RichTextField):
        return Part(label, tuple(lines_of_html(value or "")), is_prose=True)
    if isinstance(f, RowsField):
        cells = ([row.get(column.name, "") for column in f.columns] for row in value)
        return Part(label, tuple(" · ".join(" ".join(cell.split()) for cell in row if cell) for row in cells), True)
    if isinstance(f, ForeignKey):
        return Part(label, (_name(f, value),) if value is not None else ())
    if isinstance(f, BooleanField):
        return Part(label, ("Yes",) if value else ())
    if f.choices:
        return Part(label, (str(dict(f.flatchoices).get(value, value)),))
    text = " ".join(str(value).split()) if value not in (None, "") else ""
    return Part(label, (text,) if text else (), isinstance(f, CharField | TextField))


def _name(f: Any, pk: Any) -> str:
    named = f.related_model._default_manager.filter(pk=pk).first()
    return str(named) if named else f"{f.related_model._meta.verbose_name}, deleted meanwhile"


def levels_of(block: Any) -> list[int]:
    """The levels of the headings that the block brings to the page, in order."""
    if isinstance(block, Signpost):
        return [3]
    if isinstance(block, CareCard):
        return [block.level]
    inside = 0
    if isinstance(block, NumberedSections):
        inside = len(block.items)
    elif isinstance(block, DoList):
        inside = bool(block.do) + bool(block.do_not)
    elif isinstance(block, BeforeDuringAfter | PersonCard):
        inside = 3 if isinstance(block, BeforeDuringAfter) else 1
    heading = [block.level] if getattr(block, "heading", "") else []
    return heading + ([block.item_level] * inside if inside else [])
