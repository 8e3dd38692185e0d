"""Checks that a page and its blocks have everything that they need.

A draft may be incomplete: it can be saved and previewed at any time. What is missing is asked for when the page is
published, beside the block that needs it.
"""

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from content.blocks import block_text
from content.blocks.page_content import PageContent
from content.fields.rows import RowsField
from content.models import (
    LONGEST_LEDE,
    BeforeDuringAfter,
    Block,
    Callout,
    CallToAction,
    CareCard,
    DefinitionList,
    DoList,
    LeadList,
    NumberedSections,
    Page,
    PersonCard,
    PlacedPicture,
    Questions,
    RiskTable,
    Section,
    Signpost,
    SnippetHere,
    Sources,
)
from content.publishing.checks.issue import Issue, key_of

# What a cell is called in a sentence, by its column. A column without an entry is called by its label.
CELLS = {
    "title": _("the title"),
    "body": _("the text"),
    "term": _("the term"),
    "text": _("the text"),
    "question": _("the question"),
    "answer": _("the answer"),
    "effect": _("what can happen"),
    "how_often": _("how often it happens"),
}


def check_completeness(page: Page, content: PageContent) -> Iterator[Issue]:
    """Yield a blocking issue for everything that is missing, in the order of the page."""
    for message in _missing_on_page(page, content.page(page)):
        yield Issue(message)
    for row in content.rows():
        messages = [*missing_in(row), *_missing_cells(row)]
        for message in messages:
            yield Issue(message, True, key_of(row))


def _missing_on_page(page: Page, content: Page) -> Iterator[str]:
    if page.kind == Page.Kind.SNIPPET:
        return
    count = len(content.lede.split())
    if count > LONGEST_LEDE:
        yield gettext("The introduction has %(count)d words. Use %(most)d or fewer.") % {
            "count": count,
            "most": LONGEST_LEDE,
        }
    if content.service_id and not content.booking_label:
        yield gettext("Write the text on the booking button.")


def _missing_cells(block: Block) -> Iterator[str]:
    """Yield the required cells that are empty in rows that are not."""
    for f in block._meta.concrete_fields:
        if not isinstance(f, RowsField):
            continue
        for number, row in enumerate(getattr(block, f.attname), start=1):
            for column in f.columns:
                if column.is_required and not strip_tags(str(row.get(column.name, ""))).strip():
                    cell = CELLS.get(column.name, f"“{column.label}”")
                    yield gettext("Row %(number)d: write %(cell)s, or clear the row.") % {
                        "number": number,
                        "cell": cell,
                    }


def _has_text(html: str) -> bool:
    return bool(block_text.lines_of_html(html or ""))


@singledispatch
def missing_in(block: Any) -> Iterator[str]:
    """Yield what this kind of block needs and does not have, apart from cells of its rows."""
    yield from ()


@missing_in.register
def _missing_in_section(block: Section) -> Iterator[str]:
    if not block.heading and not _has_text(block.body):
        yield gettext("This section is still empty. Write something, or remove it.")
    if not block.is_folded:
        return
    if not block.heading:
        yield gettext("Write a heading. It's what readers press to open this.")
    if block.level != Section.Level.SECTION:
        yield gettext("Only a whole section can be folded.")
    if not block.short_answer:
        yield gettext("Write the short answer, so no one has to open this for it.")


@missing_in.register
def _missing_in_callout(block: Callout) -> Iterator[str]:
    if not _has_text(block.body):
        yield gettext("Write the text of the callout.")


@missing_in.register(LeadList)
@missing_in.register(NumberedSections)
@missing_in.register(DefinitionList)
@missing_in.register(Questions)
@missing_in.register(DoList)
@missing_in.register(RiskTable)
def _missing_in_list(block: Any) -> Iterator[str]:
    if isinstance(block, RiskTable) and not block.caption:
        yield gettext("Say what is counted, such as: out of 100 treatments.")
    if not block_text.prose_of(block) and not block.heading:
        yield gettext("This block is still empty. Fill it in, or remove it.")


@missing_in.register
def _missing_in_care_card(block: CareCard) -> Iterator[str]:
    if not block.heading:
        yield gettext("Say who to call and when, such as: Call 911 if you have")


@missing_in.register
def _missing_in_before_during_after(block: BeforeDuringAfter) -> Iterator[str]:
    if not _has_text(block.before):
        yield gettext("Write what happens before the visit.")
    if not _has_text(block.during):
        yield gettext("Write what happens during the visit.")
    if not _has_text(block.after):
        yield gettext("Write what happens after the visit.")


@missing_in.register
def _missing_in_placed_picture(block: PlacedPicture) -> Iterator[str]:
    if block.picture_id is None:
        yield gettext("Choose a picture.")


@missing_in.register
def _missing_in_call_to_action(block: CallToAction) -> Iterator[str]:
    if block.service_id is None:
        yield gettext("Choose what the button books.")
    if not block.label:
        yield gettext("Write the text on the button.")


@missing_in.register
def _missing_in_person_card(block: PersonCard) -> Iterator[str]:
    if block.practitioner_id is None:
        yield gettext("Choose a person.")
    if not block.label:
        yield gettext("Write the text on the button.")


@missing_in.register
def _missing_in_signpost(block: Signpost) -> Iterator[str]:
    if not block.title:
        yield gettext("Write a title.")
    if block.page_id is None and block.service_id is None:
        yield gettext("Choose the page that this leads to, or the service that it books.")
    if block.page_id is not None and block.service_id is not None:
        yield gettext("Choose a page or a service, not both.")


@missing_in.register
def _missing_in_snippet_here(block: SnippetHere) -> Iterator[str]:
    if block.snippet_id is None:
        yield gettext("Choose a snippet.")


@missing_in.register
def _missing_in_sources(block: Sources) -> Iterator[str]:
    if not block.items:
        yield gettext("Name at least one source.")
