"""Checks that run before a page is published. Each issue refers to its block.

Blocking issues can be overridden only with the permission and a recorded reason. Warnings are advice. The rules are
the project's own.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext

from booking.formatting import date_in_words
from booking.models import Clinic, SampleRow
from booking.text_cleaning import drop_invisible, has_invisible
from content.addresses import problems_of
from content.blocks import block_text
from content.blocks.folds import Fold, with_folds
from content.blocks.page_content import HEAD, PageContent
from content.links import typed_links
from content.models import (
    LONGEST_REVIEW,
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
from content.pages import published
from content.pages.page_view import WHOM_TO_ASK, RenderedPage, build_page_view, reserved_anchors
from content.publishing.checks.completeness import check_completeness
from content.publishing.checks.examples import check_example
from content.publishing.checks.issue import Issue, key_of
from content.publishing.checks.readability import check_readability


def check_page(page: Page, content: PageContent, *, now: datetime) -> list[Issue]:
    """Return the issues of this content: blocking ones first, then in the order of the page."""
    is_snippet = page.kind == Page.Kind.SNIPPET
    candidate = published.PublishedPage(content.page(page), content, now)
    snippets = published.snippets_in(content, now)
    references = published.load_references([content], now=now, snippets=snippets)
    reading = build_page_view(candidate, references)
    issues = [*check_example(content), *check_completeness(page, content), *_check_blocks(content, reading, references)]
    issues += [Issue(message) for message in problems_of(page).values()]
    if not is_snippet:
        issues += _check_levels(content, reading)
        issues += _check_page_fields(reading)
    issues += _check_visible(None, (block_text.part_of(Page._meta.get_field(name), candidate.page) for name in HEAD))
    if page.kind == Page.Kind.TREATMENT:
        issues += _check_treatment(page, content, reading, now)
    if is_snippet:
        issues += _check_including_pages(page, content, now)
    issues += _check_folds(page, content, reading)
    issues += check_readability(content)
    return sorted(issues, key=lambda issue: not issue.blocks)


def _check_blocks(content: PageContent, reading: RenderedPage, references: published.References) -> Iterator[Issue]:
    anchors = {block.anchor for block in reading.blocks if hasattr(block, "anchor")}
    anchors |= {"main"} | {heading.anchor for heading in reading.headings}
    if WHOM_TO_ASK in reserved_anchors(reading.page) and Clinic.objects.exclude(privacy_contact="").exists():
        anchors.add(WHOM_TO_ASK)
    anchors |= {f"source-{source.number}" for source in reading.sources}
    sources = reading.source_numbers
    for row in content.rows():
        block: Any = row
        here = key_of(block)
        yield from (_at(here, message, blocks) for message, blocks in _check_references(block, references))
        yield from _check_visible(here, block_text.parts_of(block))
        for address, text in block_text.links_of(block):
            yield from _check_link(here, address, text, typed_links.find_problem(address, anchors))
            if text.lower().strip(" .…") in block_text.VAGUE:
                yield Issue(
                    gettext("Say in the link where it goes: screen readers read links out on their own."),
                    False,
                    here,
                    text,
                )
        if sources or any(isinstance(other, Sources) for other in reading.blocks):
            for number in sorted(block_text.citations_of(block) - sources):
                yield Issue(f"[{number}] isn't in the list of sources.", False, here)


def _check_visible(here: tuple[str, int] | None, parts: Iterable[block_text.Part]) -> Iterator[Issue]:
    """Characters such as soft hyphens and the right-to-left override break search, copying and the reading order."""
    for part in parts:
        for line in filter(has_invisible, part.lines if part.is_prose else ()):
            message = (
                f"“{capfirst(part.label)}” has an invisible character, perhaps from copying. Please type it again."
            )
            yield Issue(message, True, here, drop_invisible(line).replace("\u202e", ""))


def _check_link(here: tuple[str, int], address: str, text: str, problem: typed_links.Problem | None) -> Iterator[Issue]:
    name = text or address
    if problem and problem.current_path:
        yield Issue(f"The link “{name}” has an old address. It's now {problem.current_path}", False, here, address)
    elif problem:
        yield Issue(f"The link “{name}” doesn't work: {problem.reason}", True, here, address)


def _at(here: tuple[str, int], message: str, blocks: bool) -> Issue:
    return Issue(message, blocks, here)


def _check_references(block: Any, references: published.References) -> Iterator[tuple[str, bool]]:
    if isinstance(block, CallToAction | Signpost) and block.service_id:
        service = references.services.get(block.service_id)
        if service is None:
            yield gettext("This button's service is gone."), True
        elif service.pk not in references.bookable:
            yield f"“{service}” can't be booked online, so the button would go nowhere.", True
    if isinstance(block, Signpost) and block.page_id and block.page_id not in references.pages:
        yield gettext("The page it links to isn't published. Readers will see this signpost once it is."), False
    if isinstance(block, PersonCard) and block.practitioner_id:
        person = references.people.get(block.practitioner_id)
        if person is None or not person.is_active:
            yield gettext("This person no longer works here, so readers don't see the card."), False
    if isinstance(block, PlacedPicture) and block.picture_id:
        if block.picture_id not in references.pictures:
            yield "The picture is gone.", True
        elif bool(block.alt) == block.is_decorative:
            yield gettext("Describe the picture, or tick that it's only decoration."), True
    if isinstance(block, SnippetHere) and block.snippet_id and block.snippet_id not in references.snippets:
        yield gettext("This snippet isn't published, so readers would see nothing here."), True


def _check_levels(content: PageContent, reading: RenderedPage) -> Iterator[Issue]:
    """Heading levels must not skip. Sources render their own heading, always on the section level."""
    own = {(block["kind"], block["id"]) for block in content.blocks}  # Without the blocks of snippets.
    last = 1
    for block in reading.blocks:
        for level in block_text.levels_of(block):
            if level > last + 1:
                key = key_of(block)
                yield Issue(
                    gettext("This heading is one level too low. Make it a section, or put a section heading above it."),
                    True,
                    key if key in own else None,
                    getattr(block, "heading", ""),
                )
            last = level


def _check_page_fields(reading: RenderedPage) -> Iterator[Issue]:
    page = reading.page
    if page.hero_picture and bool(page.hero_alt) == page.hero_is_decorative:
        yield Issue(gettext("Describe the picture at the top, or tick that it's only decoration."))
    if page.service and page.service.pk not in reading.bookable:
        yield Issue(f"“{page.service}” can't be booked online, so the page's button would go nowhere.")
    if not page.title or not page.lede:
        yield Issue(gettext("A page needs a title and an introduction."))


def _check_treatment(page: Page, content: PageContent, reading: RenderedPage, now: datetime) -> Iterator[Issue]:
    # An empty block of sources has an issue of its own.
    if not reading.sources and not any(isinstance(row, Sources) for row in content.rows()):
        yield Issue("Name at least one source.")
    if not reading.of_kind(CareCard):
        yield Issue(gettext("Add a care card: who to call, and when."))
    yield from check_review(page, content, now.date())


def check_review(page: Page, content: PageContent, today: date) -> Iterator[Issue]:
    """Yield what is wrong with the page's clinical review: what a new review would answer."""
    last, due = page.last_reviewed_on, page.next_review_on
    if page.reviewed_by is None or last is None or due is None:
        if is_sample(page):
            yield Issue(gettext("Sample content, not yet clinically reviewed. The page says so."), blocks=False)
        else:
            yield Issue(gettext("No one has recorded a clinical review of this page."))
        return
    if due - last > LONGEST_REVIEW:
        yield Issue("The next review is due more than 24 months after the last one.")
    if due < today:
        yield Issue(f"The clinical review was due on {date_in_words(due)}.", blocks=False)
    reviews = Review.objects.filter(page=page)
    review = reviews.filter(digest=content.reviewed_digest).first() or reviews.first()
    if page.edited_by_id and page.reviewed_by.user_id == page.edited_by_id and not (review and review.override_reason):
        yield Issue(gettext("The reviewer also made the last change. Someone else should review it."))
    if review and review.digest != content.reviewed_digest:
        yield Issue(f"The text has changed since the review on {date_in_words(last)}.", blocks=False)


def is_sample(page: Page) -> bool:
    """Whether the page is unchanged sample content."""
    kind = ContentType.objects.get_for_model(Page)
    return SampleRow.objects.filter(content_type=kind, object_id=page.pk).exists()


def _check_folds(page: Page, content: PageContent, reading: RenderedPage) -> Iterator[Issue]:
    """Folded risks are right only if a clinical reviewer has seen the page with this fold."""
    folds = [part for part in with_folds(reading.main) + with_folds(reading.end) if isinstance(part, Fold)]
    folds = [fold for fold in folds if fold.tells_about_risks]
    if not folds or Review.objects.filter(page=page, digest=content.reviewed_digest).exists():
        return
    own = {(block["kind"], block["id"]) for block in content.blocks}
    for fold in folds:
        key = key_of(fold.section)
        yield Issue(
            gettext(
                "This fold is about risks. Ask a clinical reviewer whether its short answer says "
                "enough: no review has been recorded for this version."
            ),
            False,
            key if key in own else None,
            fold.section.short_answer,
        )


def _check_including_pages(snippet: Page, content: PageContent, now: datetime) -> Iterator[Issue]:
    """Yield the blocking issues that publishing this snippet would cause on pages that include it."""
    changed = published.PublishedPage(content.page(snippet), content, now)
    for shown_on in published.with_blocks(Revision.objects.live(at=now).filter(snippets=snippet)):
        before, after = (
            {issue.message for issue in _issues_with_snippet(shown_on, snippet, version, now) if issue.blocks}
            for version in (_live_snippet(snippet, now), changed)
        )
        for message in sorted(after - before):
            yield Issue(f"On “{shown_on.title}”, which shows this snippet: {message}")


def check_hiding(page: Page, *, now: datetime) -> list[Issue]:
    """Return the effects of hiding a page or snippet on pages that include it or link to it."""
    live_now = Revision.objects.live(at=now)
    issues = []
    if page.kind == Page.Kind.SNIPPET:
        for shown_on in published.with_blocks(live_now.filter(snippets=page)):
            live_snippet = _live_snippet(page, now)
            before = {issue.message for issue in _issues_with_snippet(shown_on, page, live_snippet, now)}
            lost = {issue.message for issue in _issues_with_snippet(shown_on, page, None, now)} - before
            issues += [Issue(f"“{shown_on.title}” would lose it. {message}") for message in sorted(lost)]
            issues += [] if lost else [Issue(f"“{shown_on.title}” would no longer show it.", blocks=False)]
        return issues
    for entry in MenuEntry.objects.filter(Q(page=page.pk) | Q(place=page.kind)).select_related("menu"):
        menu = str(entry.menu)
        issues.append(Issue(f"It leaves the {menu[0].lower()}{menu[1:]} while it is hidden.", blocks=False))
    for child in live_now.filter(page__parent=page.pk):
        issues.append(
            Issue(f"“{child.title}” is below it. Readers will still find it at its own address.", blocks=False)
        )
    addresses = {page.get_absolute_url(), *page.slug_redirects.values_list("path", flat=True)} - {""}
    for other in published.with_blocks(live_now.exclude(page=page.pk)):
        rows = other.words.rows()
        if page.pk in other.words.references.get("page", ()):
            issues.append(Issue(f"A signpost on “{other.title}” links here. It will be left out.", blocks=False))
        links = (link for row in rows for link, _text in block_text.links_of(row))
        if any(typed_links.internal_path(link) in addresses for link in links):
            issues.append(Issue(f"“{other.title}” has a typed link that would stop working.", blocks=False))
    return issues


def _live_snippet(snippet: Page, now: datetime) -> published.PublishedPage | None:
    """Return the published version of the snippet."""
    return published.snippets_in(PageContent({}, [_snippet_block(snippet)]), now).get(snippet.pk)


def _snippet_block(snippet: Page) -> dict[str, Any]:
    return {"kind": "snippethere", "id": 0, "region": "main", "fields": {"snippet": snippet.pk}}


def _issues_with_snippet(
    shown_on: published.PublishedPage, snippet: Page, version: published.PublishedPage | None, now: datetime
) -> Iterable[Issue]:
    others = {pk: row for pk, row in published.snippets_in(shown_on.words, now).items() if pk != snippet.pk}
    snippets = others | ({snippet.pk: version} if version else {})
    references = published.load_references([shown_on.words], now=now, snippets=snippets)
    reading = build_page_view(shown_on, references)
    yield from _check_levels(shown_on.words, reading)
    if shown_on.page.kind == Page.Kind.TREATMENT:
        if not reading.sources:
            yield Issue("Name at least one source.")
        if not reading.of_kind(CareCard):
            yield Issue(gettext("Add a care card: who to call, and when."))
