"""What is checked before a page goes out to readers, and said beside the block it is about.

What blocks can be overridden only by somebody who may, with a reason that is kept. A warning is
advice. The rules are those of the design (``pages.md``, section 5).
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from booking import together
from booking.models import Clinic, SampleRow
from content import live, typed_links, wording
from content.findings import Finding, key_of
from content.models import (
    CallToAction,
    CareCard,
    MenuEntry,
    Page,
    PersonCard,
    PlacedPicture,
    Review,
    Revision,
    Signpost,
    SnippetHere,
    Sources,
)
from content.models.page import LONGEST_REVIEW
from content.readability import about_reading
from content.reading import WHOM_TO_ASK, Reading, anchors_beside_blocks, read
from content.snapshot import Words


def proof(page: Page, words: Words, *, now: datetime) -> list[Finding]:
    """Everything to say about these words of this page: what blocks first, then in the order of the page."""
    is_snippet = page.kind == Page.Kind.SNIPPET
    found = live.Published(words.page(page), words, now)
    snippets = snippets_in(words, now)
    rows = live.gather([words], now=now, snippets=snippets)
    reading = read(found, rows)
    findings = list(_about_blocks(words, reading, rows))
    if not is_snippet:
        findings += _about_levels(words, reading)
        findings += _about_the_page(reading)
    if page.kind == Page.Kind.TREATMENT:
        findings += _about_a_treatment(page, words, reading, now)
    if is_snippet:
        findings += _about_pages_that_show(page, words, now)
    findings += about_reading(words)
    return sorted(findings, key=lambda finding: not finding.blocks)


def snippets_in(words: Words, now: datetime) -> dict[int, live.Published]:
    """The snippets that these words show, as readers see them, by id."""
    wanted = words.references.get("snippet", frozenset())
    revisions = Revision.objects.live(at=now).filter(page__in=wanted)
    found = together.fetch(words=live.whole(revisions))["words"] if wanted else []
    return {one.page.pk: one for one in map(live.published, found)}


def _about_blocks(words: Words, reading: Reading, rows: live.Live) -> Iterator[Finding]:
    anchors = {block.anchor for block in reading.blocks if hasattr(block, "anchor")}
    anchors |= {"main"} | {heading.anchor for heading in reading.headings}
    if WHOM_TO_ASK in anchors_beside_blocks(reading.page) and Clinic.objects.exclude(privacy_contact="").exists():
        anchors.add(WHOM_TO_ASK)
    anchors |= {f"source-{source.number}" for source in reading.sources}
    sources = reading.source_numbers
    for row in words.rows():
        block: Any = row
        here = key_of(block)
        yield from (_at(here, message, stops) for message, stops in _about_references(block, rows))
        for address, text in wording.links_of(block):
            yield from _about_link(here, address, text, typed_links.problem_of(address, anchors))
            if text.lower().strip(" .…") in wording.VAGUE:
                yield Finding("Say in the link where it leads: people hear links read out alone.", False, here, text)
        if sources or any(isinstance(other, Sources) for other in reading.blocks):
            for number in sorted(wording.citations_of(block) - sources):
                yield Finding(f"[{number}] names a source that is not in the list.", False, here)


def _about_link(
    here: tuple[str, int], address: str, text: str, problem: typed_links.Problem | None
) -> Iterator[Finding]:
    name = text or address
    if problem and problem.today:
        yield Finding(f"The link “{name}” has an old address. Today it is {problem.today}", False, here, address)
    elif problem:
        yield Finding(f"The link “{name}” leads to nothing: {problem.reason}", True, here, address)


def _at(here: tuple[str, int], message: str, stops: bool) -> Finding:
    return Finding(message, stops, here)


def _about_references(block: Any, rows: live.Live) -> Iterator[tuple[str, bool]]:
    if isinstance(block, CallToAction | Signpost) and block.service_id:
        service = rows.services.get(block.service_id)
        if service is None:
            yield "The service of this button is gone.", True
        elif service.pk not in rows.bookable:
            yield f"Nobody can book “{service}” online: the button would lead nowhere.", True
    if isinstance(block, Signpost) and block.page_id and block.page_id not in rows.pages:
        yield "The page it leads to is not published: readers see this signpost once it is.", False
    if isinstance(block, PersonCard):
        person = rows.people.get(block.practitioner_id)
        if person is None or not person.is_active:
            yield "This person is no longer here: readers do not see the card.", False
    if isinstance(block, PlacedPicture):
        if block.picture_id not in rows.pictures:
            yield "The picture is gone.", True
        elif bool(block.alt) == block.is_decorative:
            yield "Say what the picture shows, or tick that it only decorates.", True
    if isinstance(block, SnippetHere) and block.snippet_id not in rows.snippets:
        yield "This snippet is not published: readers would see nothing here.", True


def _about_levels(words: Words, reading: Reading) -> Iterator[Finding]:
    """Levels must not jump. Sources bring their own heading, which is always a section's."""
    mine = {block["id"]: block["kind"] for block in words.blocks}
    last = 1
    for block in reading.blocks:
        for level in wording.levels_of(block):
            if level > last + 1:
                key = key_of(block) if mine.get(block.pk) == block._meta.model_name else None
                yield Finding(
                    "This heading is a level too low: make it a section, or put a section heading above it.",
                    True,
                    key,
                    getattr(block, "heading", ""),
                )
            last = level


def _about_the_page(reading: Reading) -> Iterator[Finding]:
    page = reading.page
    if page.hero_picture and bool(page.hero_alt) == page.hero_is_decorative:
        yield Finding("Say what the picture at the head shows, or tick that it only decorates.")
    if page.service and page.service.pk not in reading.bookable:
        yield Finding(f"Nobody can book “{page.service}” online: the page's button would lead nowhere.")
    if not page.title or not page.lede:
        yield Finding("A page needs a title and a first sentence.")


def _about_a_treatment(page: Page, words: Words, reading: Reading, now: datetime) -> Iterator[Finding]:
    if not reading.sources:
        yield Finding("Name at least one source.")
    if not reading.of_kind(CareCard):
        yield Finding("Add a care card: whom to call, and when.")
    yield from _about_the_review(page, words, now.date())


def _about_the_review(page: Page, words: Words, today: date) -> Iterator[Finding]:
    last, due = page.last_reviewed_on, page.next_review_on
    if page.reviewed_by is None or last is None or due is None:
        if is_sample(page):
            yield Finding("Sample content, not yet clinically reviewed: the page says so.", blocks=False)
        else:
            yield Finding("Nobody has reviewed this page clinically.")
        return
    if due - last > LONGEST_REVIEW:
        yield Finding("The next review is due more than 24 months after the last one.")
    if due < today:
        yield Finding(f"The clinical review was due on {due:%-d %B %Y}.", blocks=False)
    reviews = Review.objects.filter(page=page)
    review = reviews.filter(digest=words.reviewed_digest).first() or reviews.first()
    if page.edited_by_id and page.reviewed_by.user_id == page.edited_by_id and not (review and review.override_reason):
        yield Finding("The reviewer also made the last change: somebody else should look at it.")
    if review and review.digest != words.reviewed_digest:
        yield Finding(f"The words have changed since the review on {last:%-d %B %Y}.", blocks=False)


def is_sample(page: Page) -> bool:
    """Whether the page came with the sample clinic, and nobody has made it their own."""
    kind = ContentType.objects.get_for_model(Page)
    return SampleRow.objects.filter(content_type=kind, object_id=page.pk).exists()


def _about_pages_that_show(snippet: Page, words: Words, now: datetime) -> Iterator[Finding]:
    """A changed snippet changes pages: what would stop those from going out stops the snippet."""
    changed = live.Published(words.page(snippet), words, now)
    for one in _whole(Revision.objects.live(at=now).filter(snippets=snippet)):
        before, after = (
            {finding.message for finding in _with_snippet(one, snippet, version, now) if finding.blocks}
            for version in (_version(snippet, now), changed)
        )
        for message in sorted(after - before):
            yield Finding(f"On “{one.title}”, which shows this snippet: {message}")


def proof_hiding(page: Page, *, now: datetime) -> list[Finding]:
    """What hiding a page or snippet would do to the pages that show it or lead to it."""
    live_now = Revision.objects.live(at=now)
    findings = []
    if page.kind == Page.Kind.SNIPPET:
        for one in _whole(live_now.filter(snippets=page)):
            before = {finding.message for finding in _with_snippet(one, page, _version(page, now), now)}
            lost = {finding.message for finding in _with_snippet(one, page, None, now)} - before
            findings += [Finding(f"“{one.title}” would lose it. {message}") for message in sorted(lost)]
            findings += [] if lost else [Finding(f"“{one.title}” would no longer show it.", blocks=False)]
        return findings
    for entry in MenuEntry.objects.filter(Q(page=page.pk) | Q(place=page.kind)).select_related("menu"):
        menu = str(entry.menu)
        findings.append(Finding(f"It leaves the {menu[0].lower()}{menu[1:]} while it is hidden.", blocks=False))
    addresses = {page.get_absolute_url(), *page.former_addresses.values_list("path", flat=True)} - {""}
    for one in _whole(live_now.exclude(page=page.pk)):
        rows = one.words.rows()
        if page.pk in one.words.references.get("page", ()):
            findings.append(Finding(f"A signpost on “{one.title}” leads here: it is left out.", blocks=False))
        if any(typed_links.path_here(link) in addresses for row in rows for link, _text in wording.links_of(row)):
            findings.append(Finding(f"“{one.title}” has a typed link that would lead to nothing.", blocks=False))
    return findings


def _whole(revisions: Any) -> list[live.Published]:
    return [live.published(revision) for revision in together.fetch(words=live.whole(revisions))["words"]]


def _version(snippet: Page, now: datetime) -> live.Published | None:
    """The snippet as readers see it."""
    return snippets_in(Words({}, [_here(snippet)]), now).get(snippet.pk)


def _here(snippet: Page) -> dict[str, Any]:
    return {"kind": "snippethere", "id": 0, "region": "main", "fields": {"snippet": snippet.pk}}


def _with_snippet(
    one: live.Published, snippet: Page, version: live.Published | None, now: datetime
) -> Iterable[Finding]:
    others = {pk: found for pk, found in snippets_in(one.words, now).items() if pk != snippet.pk}
    snippets = others | ({snippet.pk: version} if version else {})
    rows = live.gather([one.words], now=now, snippets=snippets)
    reading = read(one, rows)
    yield from _about_levels(one.words, reading)
    if one.page.kind == Page.Kind.TREATMENT:
        if not reading.sources:
            yield Finding("Name at least one source.")
        if not reading.of_kind(CareCard):
            yield Finding("Add a care card: whom to call, and when.")
