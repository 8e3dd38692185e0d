"""Example texts that a clinic edits: they carry a box that says so, and are not published while it is there."""

from collections.abc import Iterator

from django.utils.translation import gettext

from content.blocks.page_content import PageContent
from content.models import Callout
from content.publishing.checks.issue import Issue, key_of

EXAMPLE_HEADING = "Example text: read, change, then remove this box"


def check_example(content: PageContent) -> Iterator[Issue]:
    """Block publishing while the box is there."""
    for block in content.rows():
        if isinstance(block, Callout) and block.heading == EXAMPLE_HEADING:
            message = gettext(
                "This is still the example text. Change it to what your clinic does, have your privacy officer read "
                "it, then remove the box that says so."
            )
            yield Issue(message, True, key_of(block))
