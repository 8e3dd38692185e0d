"""Build the search documents: pages, bookable services, practitioners and questions; and the signs of emergencies.

Built from published revisions and their references through the same view model as the pages, so drafts and hidden,
inactive or deleted rows are never included.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from booking.models import Clinic, Location
from booking.text_cleaning import split_lines
from content.blocks import block_text
from content.models import (
    CareCard,
    Page,
    PlacedPicture,
    Questions,
    Revision,
    RiskTable,
    SearchEntry,
    SearchSynonym,
    Signpost,
)
from content.pages.page_view import RenderedPage, build_page_view
from content.pages.published import References, load_references, with_blocks
from content.pages.rendering import crumbs_of

Kind = SearchEntry.Kind
TRAIL_SEPARATOR = " › "
EMERGENCY_HEADING = "Call 911 or go to an emergency department if you have:"


@dataclass(frozen=True)
class Document:
    """One search result. ``names`` are alternative names, ``body`` its paragraphs."""

    kind: str
    address: str
    title: str
    trail: str = ""
    lede: str = ""
    names: str = ""
    headings: tuple[str, ...] = ()
    body: tuple[str, ...] = ()


@dataclass
class SearchData:
    documents: list[Document] = field(default_factory=list)
    care_cards: list[dict[str, Any]] = field(default_factory=list)
    plain_titles: list[str] = field(default_factory=list)
    synonyms: list[SearchSynonym] = field(default_factory=list)


def build_documents(*, now: datetime | None = None) -> SearchData:
    """Return everything that the index needs, in a constant number of queries."""
    now = now or timezone.now()
    published_pages = with_blocks(Revision.objects.live(at=now))
    snippets = {item.page.pk: item for item in published_pages if item.page.kind == Page.Kind.SNIPPET}
    pages = [item for item in published_pages if item.page.kind != Page.Kind.SNIPPET]
    contents = [item.words for item in pages]
    references = load_references(contents, now=now, snippets=snippets, everything={"services", "people"})
    clinic, locations = Clinic.objects.first(), list(Location.objects.all())

    data = SearchData(synonyms=list(SearchSynonym.objects.select_related("page__parent")))
    by_id = {item.page.pk: item.page for item in pages}
    for item in pages:
        reading = build_page_view(item, references)
        above = by_id.get(item.page.parent_id or 0)
        data.documents += [_page(reading, above, clinic, locations), *_questions(reading)]
        data.plain_titles += [reading.page.title, *(sign.title for sign in reading.of_kind(Signpost))]
        data.care_cards += [_care_card(card) for card in reading.of_kind(CareCard) if card.call != CareCard.Call.CLINIC]
    data.documents += _services(references)
    data.documents += _people(references)
    data.plain_titles += [document.title for document in data.documents if document.kind == Kind.SERVICE]
    if clinic and clinic.emergency_signs.strip():
        signs = split_lines(clinic.emergency_signs)
        data.care_cards.insert(0, {"call": "911", "heading": EMERGENCY_HEADING, "signs": signs})
    return data


def _page(reading: RenderedPage, above: Page | None, clinic: Clinic | None, locations: list[Location]) -> Document:
    page = reading.page
    headings, body = [], []
    for block in reading.blocks:
        if isinstance(block, Questions):
            headings += [block.heading] if block.heading else []
            continue  # Each question is a document of its own.
        headings += [getattr(block, "heading", "")]
        body += list(_lines(block))
    if page.kind == Page.Kind.CONTACT:
        for location in locations:
            notes = (location.address, location.directions, location.parking_notes, location.step_free_notes)
            body += [line for note in notes for line in note.splitlines()]
    if page.kind == Page.Kind.FEES and clinic:
        body += clinic.fees_note.splitlines()
    return Document(
        kind=Kind.PAGE,
        address=page.get_absolute_url(),
        title=page.title,
        trail=TRAIL_SEPARATOR.join(title for title, address in crumbs_of(page, above=above) if address),
        lede=page.lede,
        names=f"{page.alternate_names} {page.description}",
        headings=tuple(filter(None, headings)),
        body=_non_empty(body),
    )


def _lines(block: Any) -> Iterator[str]:
    """Yield the text of a block, without sources, names of pictures and choices."""
    if isinstance(block, Signpost):
        yield f"{block.title}: {block.text}" if block.text else block.title
    elif isinstance(block, PlacedPicture | RiskTable):
        yield block.caption
    yield from block_text.prose_of(block)


def _questions(reading: RenderedPage) -> Iterator[Document]:
    address = reading.page.get_absolute_url()
    for block in reading.of_kind(Questions):
        anchor = f"#{block.anchor}" if block.heading else ""
        for row in block.items:
            if not row["question"]:
                continue  # Published incomplete, despite the check.
            lines = block_text.lines_of_html(row["answer"])
            yield Document(
                kind=Kind.QUESTION,
                address=address + anchor,
                title=row["question"],
                trail=reading.page.title,
                body=tuple(block_text.CITATION.sub("", line) for line in lines),
            )


def _services(references: References) -> Iterator[Document]:
    for service in sorted(references.services.values(), key=lambda row: (row.position, row.name)):
        if service.pk not in references.bookable:
            continue
        offers = service.practitioner_services.all()
        ids = [offer.practitioner_id for offer in offers]
        people = [references.people[pk].name for pk in ids if pk in references.people]
        yield Document(
            kind=Kind.SERVICE,
            address=service.get_absolute_url(),
            title=service.name,
            trail=gettext("Book an appointment"),
            lede=service.summary,
            headings=tuple(people),
            body=(*_non_empty(service.description.splitlines()), *([f"With {', '.join(people)}."] if people else ())),
        )


def _people(references: References) -> Iterator[Document]:
    offered: dict[int, list[str]] = {}
    for service in references.services.values():
        if service.pk in references.bookable:
            for offer in service.practitioner_services.all():
                offered.setdefault(offer.practitioner_id, []).append(service.name)
    for person in sorted(references.people.values(), key=lambda row: (row.position, row.name)):
        if not person.is_active:
            continue
        about = [person.bio, f"Speaks {person.languages}." if person.languages else "", person.pronouns]
        visits = offered.get(person.pk, [])
        yield Document(
            kind=Kind.PERSON,
            address=person.get_absolute_url(),
            title=person.name,
            trail="Team",
            lede=person.summary or person.protected_title,
            names=f"{person.protected_title} {person.credentials}",
            headings=tuple(visits),
            body=_non_empty(line for text in about for line in text.splitlines()),
        )


def _non_empty(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if line.strip())


def _care_card(card: CareCard) -> dict[str, Any]:
    return {"call": card.call, "heading": card.heading, "signs": card.signs}
