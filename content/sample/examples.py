"""Load the sample's legal pages as drafts for a clinic to edit. They are the clinic's own, no sample data."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from content.models import Page
from content.publishing.checks.examples import EXAMPLE_HEADING
from content.sample import legal_pages
from content.sample.builders import callout
from content.sample.loader import create_block, create_page

_BOX = callout(
    "warning",
    EXAMPLE_HEADING,
    """
This is how another clinic might say it. It is no legal advice. Change it to what your clinic really does, and have your
privacy officer read it before you publish it.
""",
    level=2,
)


@transaction.atomic
def load_legal_examples(*, by: Any, now: datetime) -> list[Page]:
    """Create the missing legal pages as drafts, marked as examples, and return them. Publishes nothing."""
    created = []
    for sample in (legal_pages.PRIVACY, legal_pages.ACCESSIBILITY):
        page = create_page(replace(sample, refers_to={}), {"picture": {}, "service": {}, "practitioner": {}}, now)
        if page is None:
            continue
        Page.objects.filter(pk=page.pk).update(edited_by=by)
        for ordering, block in enumerate([_BOX, *sample.blocks], start=1):
            create_block(page, block, {}, ordering * 10)
        created.append(page)
    return created
