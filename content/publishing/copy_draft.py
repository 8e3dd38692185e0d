"""Copy the draft of a page into a new one."""

from typing import Any

from django.db import transaction

from content.blocks import page_content
from content.models import Page

NOT_COPIED = {"title", *page_content.REVIEW}


@transaction.atomic
def copy_draft(source: Page, *, into: Page) -> None:
    """Give a new page the fields and blocks of another one of its kind, without its title and its review."""
    content = page_content.content_of_draft(source)
    for row in content.rows():
        row.pk, row.parent = None, into
        row.save(force_insert=True)
    like = content.page(source)
    for name in page_content.HEAD:
        field: Any = Page._meta.get_field(name)
        if name not in NOT_COPIED:
            setattr(into, field.attname, getattr(like, field.attname))
    into.save()
