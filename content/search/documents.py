"""Everything that can be found now, as readers see it: pages, visits, people, questions, and signs of danger.

Made of the published revisions and of what they name as it is today, through the same reading as
the pages themselves: what is a draft, hidden, inactive or gone is not among it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from booking import together
from booking.models import Clinic, Location, Practitioner
from booking.text import lines_of
from content import markup, wording
from content.live import Live, gather, published, whole
from content.models import CareCard, Page, PlacedPicture, Questions, Revision, RiskTable, SearchEntry, Signpost
from content.reading import Reading, read
from content.showing import crumbs_of

Kind = SearchEntry.Kind
BETWEEN = " › "
HELD = "Call 911 or go to an emergency department if you have:"


@dataclass(frozen=True)
class Document:
    """One thing that can be found. ``names`` are other words for it, ``body`` its paragraphs."""

    kind: str
    address: str
    title: str
    trail: str = ""
    lede: str = ""
    names: str = ""
    headings: tuple[str, ...] = ()
    body: tuple[str, ...] = ()


@dataclass
class Findable:
    documents: list[Document] = field(default_factory=list)
    care_cards: list[dict[str, Any]] = field(default_factory=list)
    plain_titles: list[str] = field(default_factory=list)


def findable(*, now: datetime | None = None) -> Findable:
    """A handful of queries, however many pages there are."""
    now = now or timezone.now()
    revisions = together.fetch(words=whole(Revision.objects.live(at=now)))["words"]
    shown = [published(revision) for revision in revisions]
    snippets = {one.page.pk: one for one in shown if one.page.kind == Page.Kind.SNIPPET}
    pages = [one for one in shown if one.page.kind != Page.Kind.SNIPPET]
    live = gather([one.words for one in pages], now=now, snippets=snippets, everything={"services", "people"})
    live.people |= {
        person.pk: person for person in Practitioner.objects.active()
    }  # With all that they say of themselves.
    clinic, locations = Clinic.objects.first(), list(Location.objects.all())

    found = Findable()
    for one in pages:
        reading = read(one, live)
        found.documents += [_page(reading, clinic, locations), *_questions(reading)]
        found.plain_titles += [reading.page.title, *(sign.title for sign in reading.of_kind(Signpost))]
        found.care_cards += [_care(card) for card in reading.of_kind(CareCard) if card.call != CareCard.Call.CLINIC]
    found.documents += _services(live)
    found.documents += _people(live)
    found.plain_titles += [each.title for each in found.documents if each.kind == Kind.SERVICE]
    if clinic and clinic.emergency_signs.strip():
        signs = lines_of(clinic.emergency_signs)
        found.care_cards.insert(0, {"call": "911", "heading": HELD, "signs": signs})
    return found


def _page(reading: Reading, clinic: Clinic | None, locations: list[Location]) -> Document:
    page = reading.page
    headings, body = [], []
    for block in reading.blocks:
        if isinstance(block, Questions):
            headings += [block.heading] if block.heading else []
            continue  # Each question is found by itself.
        headings += [getattr(block, "heading", "")]
        body += list(_lines(block))
    if page.kind == Page.Kind.CONTACT:
        for place in locations:
            notes = (place.address, place.directions, place.parking_notes, place.step_free_notes)
            body += [line for note in notes for line in note.splitlines()]
    if page.kind == Page.Kind.FEES and clinic:
        body += clinic.fees_note.splitlines()
    return Document(
        kind=Kind.PAGE,
        address=page.get_absolute_url(),
        title=page.title,
        trail=BETWEEN.join(title for title, address in crumbs_of(page) if address),
        lede=page.lede,
        names=f"{page.alternate_names} {page.description}",
        headings=tuple(filter(None, headings)),
        body=_filled(body),
    )


def _lines(block: Any) -> Iterator[str]:
    """A block's own words: no sources, no names of pictures, no choices."""
    if isinstance(block, Signpost):
        yield f"{block.title}: {block.text}" if block.text else block.title
    elif isinstance(block, PlacedPicture | RiskTable):
        yield block.caption
    yield from wording.prose_of(block)


def _questions(reading: Reading) -> Iterator[Document]:
    address = reading.page.get_absolute_url()
    for block in reading.of_kind(Questions):
        anchor = f"#{block.anchor}" if block.heading else ""
        for row in block.items:
            lines = wording.lines_of_html(str(markup.to_html(row["answer"])))
            yield Document(
                kind=Kind.QUESTION,
                address=address + anchor,
                title=row["question"],
                trail=reading.page.title,
                body=tuple(wording.CITATION.sub("", line) for line in lines),
            )


def _services(live: Live) -> Iterator[Document]:
    for service in sorted(live.services.values(), key=lambda each: (each.position, each.name)):
        if service.pk not in live.bookable:
            continue
        offers = service.practitioner_services.all()
        people = [live.people[offer.practitioner_id].name for offer in offers if offer.practitioner_id in live.people]
        yield Document(
            kind=Kind.SERVICE,
            address=service.get_absolute_url(),
            title=service.name,
            trail="Book a visit",
            lede=service.summary,
            headings=tuple(people),
            body=(*_filled(service.description.splitlines()), *([f"With {', '.join(people)}."] if people else ())),
        )


def _people(live: Live) -> Iterator[Document]:
    offered: dict[int, list[str]] = {}
    for service in live.services.values():
        if service.pk in live.bookable:
            for offer in service.practitioner_services.all():
                offered.setdefault(offer.practitioner_id, []).append(service.name)
    for person in sorted(live.people.values(), key=lambda each: (each.position, each.name)):
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
            body=_filled(line for text in about for line in text.splitlines()),
        )


def _filled(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if line.strip())


def _care(card: CareCard) -> dict[str, Any]:
    return {"call": card.call, "heading": card.heading, "signs": card.signs}
