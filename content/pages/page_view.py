"""The view model of a page: its blocks in order, its table of contents, its numbered sources.

Built without queries from the content of a revision (or of the draft, in a preview) and its references as they are
today (see published.py). Templates and structured data both use it, so they cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models.fields.files import FieldFile
from django.utils.text import slugify

from content.models import (
    Block,
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
from content.pages.published import PublishedPage, References

WHOM_TO_ASK = "whom-to-ask"  # Anchor of the last section of the privacy page, which comes from the Clinic row.


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
class RenderedPage:
    """A page ready to render. ``main`` and ``end`` are its blocks in order, without source blocks.

    ``sources`` are the sources of all blocks, numbered consecutively and shown last.
    """

    page: Page
    changed_at: datetime
    main: list[Any] = field(default_factory=list)
    end: list[Any] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    sources_heading: str = "Sources"
    sources_block: Sources | None = None
    headings: list[Heading] = field(default_factory=list)
    bookable: frozenset[int] = frozenset()

    @property
    def hero(self) -> FieldFile | None:
        """The file of the hero picture."""
        return self.page.hero_picture.image if self.page.hero_picture else None

    @property
    def blocks(self) -> list[Any]:
        return [*self.main, *self.end]

    @cached_property
    def source_numbers(self) -> frozenset[int]:
        return frozenset(source.number for source in self.sources)

    @property
    def until_booking(self) -> list[Any]:
        """The blocks of ``main`` before the first call to action."""
        return self.main[: self._call_to_action]

    @property
    def call_to_action(self) -> list[Any]:
        """The first call to action, if there is one."""
        return self.main[self._call_to_action : self._call_to_action + 1]

    @property
    def after_booking(self) -> list[Any]:
        """The blocks of ``main`` after the first call to action."""
        return self.main[self._call_to_action + 1 :]

    @property
    def _call_to_action(self) -> int:
        return next((i for i, block in enumerate(self.main) if isinstance(block, CallToAction)), len(self.main))

    @property
    def bands(self) -> list[list[Any]]:
        """The blocks of ``main`` grouped by section heading, for a page of full-width bands."""
        bands: list[list[Any]] = []
        for block in self.main:
            if not bands or (getattr(block, "level", 0) == 2 and block.heading):
                bands.append([])
            bands[-1].append(block)
        return bands

    def of_kind(self, kind: type) -> list[Any]:
        return [block for block in self.blocks if isinstance(block, kind)]


def build_page_view(published: PublishedPage, references: References) -> RenderedPage:
    changed_at = max([published.changed_at, *(snippet.changed_at for snippet in references.snippets.values())])
    reading = RenderedPage(references.complete(published.page), changed_at, bookable=references.bookable)
    blocks = _blocks(published.words.rows(), references)
    reading.main = [block for block in blocks if block.region == "main" and not isinstance(block, Sources)]
    reading.end = [block for block in blocks if block.region == "end" and not isinstance(block, Sources)]
    source_blocks = [block for block in blocks if isinstance(block, Sources)]
    reading.sources_block = next(iter(source_blocks), None)
    rows = [row for block in source_blocks for row in block.items]
    reading.sources = [
        Source(number, row.get("text", ""), row.get("doi", ""), row.get("address", ""))
        for number, row in enumerate(rows, start=1)
    ]
    reading.sources_heading = next((block.heading for block in source_blocks if block.heading), "Sources")
    first, rest, taken = reading.blocks, [], reserved_anchors(reading.page)
    if reading.page.kind == Page.Kind.TREATMENT:  # Its sources stand before the button at its end.
        first, rest = reading.until_booking, [*reading.call_to_action, *reading.after_booking, *reading.end]
        reading.sources_heading += " and review"
    reading.headings = outline(first, taken)
    if reading.sources:
        reading.headings.append(Heading(reading.sources_heading, "sources"))
    reading.headings += outline(rest, taken)
    return reading


def _blocks(rows: Iterable[Block], references: References) -> list[Any]:
    """Return the blocks with their references set; blocks whose reference is deleted or hidden are left out."""
    blocks: list[Any] = []
    for row in rows:
        block: Any = row
        if isinstance(block, SnippetHere):
            snippet = references.snippets.get(block.snippet_id or 0)
            parts = snippet.words.rows() if snippet else []
            for part in parts:
                part.region, part.shown_by = block.region, block
            blocks += _blocks([part for part in parts if not isinstance(part, SnippetHere)], references)
        elif _set_references(block, references):
            blocks.append(block)
    return blocks


def _set_references(block: Any, references: References) -> bool:
    """Set the related objects of a block. Return whether they exist and are public."""
    kind = type(block)
    if kind is PlacedPicture:
        block.picture = references.pictures.get(block.picture_id)
        return block.picture is not None
    if kind is CallToAction:
        block.service = references.services.get(block.service_id)
        return block.service is not None
    if kind is PersonCard:
        block.practitioner = references.people.get(block.practitioner_id)
        return block.practitioner is not None and block.practitioner.is_active
    if kind is Signpost:
        block.page = references.pages.get(block.page_id or 0)
        block.service = references.services.get(block.service_id or 0)
        return block.page is not None or block.service is not None
    return True


def reserved_anchors(page: Page) -> set[str]:
    """Return the ids that the templates of this page use themselves, which no block may have."""
    return {"main", "sources", "menu"} | ({WHOM_TO_ASK} if page.kind == Page.Kind.PRIVACY else set())


def outline(blocks: Iterable[Any], taken: set[str]) -> list[Heading]:
    """Set a unique anchor on every block with a heading, none of ``taken``, and return the table of contents.

    Callouts, care cards and calls to action get anchors but are not listed.
    """
    headings = []
    for block in blocks:
        text = getattr(block, "heading", "")
        if not text:
            continue
        stem = slugify(text)[:60].strip("-") or "section"
        anchor, number = stem, 2
        while anchor in taken or anchor.startswith("source-"):
            anchor, number = f"{stem}-{number}" if not stem.startswith("source-") else f"on-{stem}-{number}", number + 1
        taken.add(anchor)
        block.anchor = anchor
        if block.level == 2 and not isinstance(block, Callout | CareCard | CallToAction):
            headings.append(Heading(text, anchor))
    return headings
