"""A page as a reader meets it: its blocks in order, its contents list, its numbered sources.

Made of the words of a revision (or, in a preview, of the draft) and of what they name as it is
today (see live.py); asks the database for nothing. Templates and search engines' data both read
from here, so they cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.text import slugify

from content.live import Live, Published
from content.models import (
    Callout,
    CallToAction,
    CareCard,
    Page,
    PersonCard,
    PlacedPicture,
    Signpost,
    SnippetHere,
    Sources,
)
from content.models.blocks import Block

WHOM_TO_ASK = "whom-to-ask"  # The last section of the privacy page, from the clinic's own row.


@dataclass(frozen=True)
class Heading:
    text: str
    anchor: str


@dataclass(frozen=True)
class Source:
    number: int
    text: str
    doi: str
    address: str

    @property
    def link(self) -> str:
        return f"https://doi.org/{self.doi}" if self.doi else self.address


@dataclass
class Reading:
    """``main`` and ``end`` are blocks in order; sources are taken out and stand last, numbered through."""

    page: Page
    changed_at: datetime
    main: list[Any] = field(default_factory=list)
    end: list[Any] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    sources_heading: str = "Sources"
    headings: list[Heading] = field(default_factory=list)
    bookable: frozenset[int] = frozenset()

    @property
    def blocks(self) -> list[Any]:
        return [*self.main, *self.end]

    @property
    def source_numbers(self) -> frozenset[int]:
        return frozenset(source.number for source in self.sources)

    @property
    def bands(self) -> list[list[Any]]:
        """The first part cut before each section heading, for a page built of full-width stripes."""
        bands: list[list[Any]] = []
        for block in self.main:
            if not bands or (getattr(block, "level", 0) == 2 and block.heading):
                bands.append([])
            bands[-1].append(block)
        return bands

    def of_kind(self, kind: type) -> list[Any]:
        return [block for block in self.blocks if isinstance(block, kind)]


def read(published: Published, live: Live) -> Reading:
    changed_at = max([published.changed_at, *(snippet.changed_at for snippet in live.snippets.values())])
    reading = Reading(live.complete(published.page), changed_at, bookable=live.bookable)
    blocks = _blocks(published.words.rows(), live)
    reading.main = [block for block in blocks if block.region == "main" and not isinstance(block, Sources)]
    reading.end = [block for block in blocks if block.region == "end" and not isinstance(block, Sources)]
    source_blocks = [block for block in blocks if isinstance(block, Sources)]
    rows = [row for block in source_blocks for row in block.items]
    reading.sources = [
        Source(number, row.get("text", ""), row.get("doi", ""), row.get("address", ""))
        for number, row in enumerate(rows, start=1)
    ]
    reading.sources_heading = next((block.heading for block in source_blocks if block.heading), "Sources")
    reading.headings = outline(reading.blocks, anchors_beside_blocks(reading.page))
    if reading.sources:
        reading.headings.append(Heading(reading.sources_heading, "sources"))
    return reading


def _blocks(rows: Iterable[Block], live: Live) -> list[Any]:
    """The blocks with what they name. Whatever names something that is gone or hidden would lead nowhere: left out."""
    shown: list[Any] = []
    for row in rows:
        block: Any = row
        if isinstance(block, SnippetHere):
            snippet = live.snippets.get(block.snippet_id)
            inside = snippet.words.rows() if snippet else []
            for part in inside:
                part.region = block.region
            shown += _blocks([part for part in inside if not isinstance(part, SnippetHere)], live)
        elif _complete(block, live):
            shown.append(block)
    return shown


def _complete(block: Any, live: Live) -> bool:
    """Set what the block names; whether it is all there."""
    kind = type(block)
    if kind is PlacedPicture:
        block.picture = live.pictures.get(block.picture_id)
        return block.picture is not None
    if kind is CallToAction:
        block.service = live.services.get(block.service_id)
        return block.service is not None
    if kind is PersonCard:
        block.practitioner = live.people.get(block.practitioner_id)
        return block.practitioner is not None and block.practitioner.is_active
    if kind is Signpost:
        block.page = live.pages.get(block.page_id or 0)
        block.service = live.services.get(block.service_id or 0)
        return block.page is not None or block.service is not None
    return True


def anchors_beside_blocks(page: Page) -> set[str]:
    """What the templates of this page name by themselves, and no block may."""
    return {"main", "sources", "menu"} | ({WHOM_TO_ASK} if page.kind == Page.Kind.PRIVACY else set())


def outline(blocks: Iterable[Any], taken: set[str]) -> list[Heading]:
    """Give every headed block an anchor of its own, none of those ``taken``, and list the sections.

    Callouts and care cards stand out by themselves; they have anchors but are not listed.
    """
    headings = []
    for block in blocks:
        text = getattr(block, "heading", "")
        if not text:
            continue
        stem = slugify(text)[:60].strip("-") or "section"
        anchor, again = stem, 2
        while anchor in taken or anchor.startswith("source-"):
            anchor, again = f"{stem}-{again}" if not stem.startswith("source-") else f"on-{stem}-{again}", again + 1
        taken.add(anchor)
        block.anchor = anchor
        if block.level == 2 and not isinstance(block, Callout | CareCard | CallToAction):
            headings.append(Heading(text, anchor))
    return headings
