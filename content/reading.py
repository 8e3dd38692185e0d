"""A page as a reader meets it: its blocks in order, its contents list, its numbered sources.

Gathers everything in a fixed number of queries (one for each kind of block), however long the
page is. Templates and search engines' data both read from here, so they cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from content_editor.contents import contents_for_item
from django.utils.text import slugify

from booking.models import Service
from content.models import Callout, CallToAction, CareCard, Page, PersonCard, Signpost, Sources
from content.renderer import renderer


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


def read(page: Page, *, now: datetime) -> Reading:
    contents = contents_for_item(page, plugins=renderer.plugins())
    everything = [block for region in page.regions for block in contents[region.key]]
    reading = Reading(page=page)
    reading.main = [block for block in contents["main"] if _stands_in_the_text(block, now)]
    reading.end = [block for block in contents["end"] if _stands_in_the_text(block, now)]
    source_blocks = [block for block in everything if isinstance(block, Sources)]
    rows = [row for block in source_blocks for row in block.items]
    reading.sources = [
        Source(number, row.get("text", ""), row.get("doi", ""), row.get("address", ""))
        for number, row in enumerate(rows, start=1)
    ]
    reading.sources_heading = next((block.heading for block in source_blocks if block.heading), "Sources")
    reading.headings = outline(reading.blocks)
    if reading.sources:
        reading.headings.append(Heading(reading.sources_heading, "sources"))
    wanted = {block.service_id for block in reading.of_kind(CallToAction)}
    wanted |= {block.service_id for block in reading.of_kind(Signpost) if block.service_id}
    wanted |= {page.service_id} if page.service_id else set()
    if wanted:
        reading.bookable = frozenset(Service.objects.bookable().filter(pk__in=wanted).values_list("pk", flat=True))
    return reading


def _stands_in_the_text(block: Any, now: datetime) -> bool:
    """Sources stand last. Who left and what is not published yet would be links to nothing."""
    if isinstance(block, Signpost) and block.page is not None:
        return block.page.is_live(at=now)
    if isinstance(block, PersonCard):
        return block.practitioner.is_active
    return not isinstance(block, Sources)


def outline(blocks: Iterable[Any]) -> list[Heading]:
    """Give every headed block an anchor of its own, and list the sections.

    Callouts and care cards stand out by themselves; they have anchors but are not listed.
    """
    taken = {"main", "sources", "menu"}
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
