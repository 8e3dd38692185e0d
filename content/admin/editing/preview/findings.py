"""Issues of a draft as the editor shows them: the first problem first, each with the block that it is about."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypedDict

from django.utils.translation import gettext

from content.blocks.block_text import block_label
from content.blocks.marks import block_key
from content.blocks.page_content import PageContent
from content.models import Page
from content.publishing.checks.issue import Issue
from content.publishing.checks.rules import check_page


class Finding(TypedDict):
    """``block`` is a block's key, "" for the page itself; ``label`` its name; ``blocks``: it stops publishing."""

    block: str
    label: str
    message: str
    quote: str
    blocks: bool


def findings_of(page: Page, content: PageContent, *, now: datetime, also: Iterable[Issue] = ()) -> list[Finding]:
    """Return the issues of this content and ``also``: what stops publishing first, each in the order of the page."""
    labels = {(str(row._meta.model_name), row.pk): block_label(row) for row in content.rows()}
    places: dict[Any, int] = {key: place for place, key in enumerate(labels)}
    issues = [*also, *check_page(page, content, now=now)]
    issues.sort(key=lambda issue: (not issue.blocks, places.get(issue.block, -1)))
    return [
        Finding(
            block=block_key(*issue.block) if issue.block else "",
            label=labels.get(issue.block, "") if issue.block else gettext("The page itself"),
            message=issue.message,
            quote=issue.quote,
            blocks=issue.blocks,
        )
        for issue in issues
    ]


def with_places(findings: list[Finding], inline_formsets: Any) -> list[tuple[Finding, str]]:
    """Pair each finding with the id of its block's form, to which a link without JavaScript leads."""
    ids = {
        block_key(str(form.instance._meta.model_name), form.instance.pk): f"{inline.formset.prefix}-{number}"
        for inline in inline_formsets
        for number, form in enumerate(inline.formset.forms)
        if form.instance.pk
    }
    return [(finding, ids.get(finding["block"], "")) for finding in findings]
