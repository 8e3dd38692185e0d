"""Commands that change what readers see: publish, unpublish, cancel a schedule. Everything else edits the draft.

Each takes the acting user and the time, validates first, and writes one revision. Scheduling needs no task: a
revision has a go-live time, and readers see the newest one that has gone live.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from content.blocks import page_content
from content.blocks.page_content import SCHEMA, PageContent
from content.models import EditSession, Page, Revision
from content.publishing import edit_sessions
from content.publishing.checks.issue import Issue
from content.publishing.checks.rules import check_hiding, check_page


class PublishingError(Exception):
    """Raised when checks block publishing. ``findings`` are the blocking issues."""

    def __init__(self, findings: Sequence[Issue]) -> None:
        super().__init__("; ".join(issue.message for issue in findings))
        self.findings = findings


class DraftChanged(Exception):
    """Raised when the draft has changed since the user saw it (an edit conflict)."""


class NothingPublished(Exception):
    """Raised when the page is neither published nor scheduled."""


@transaction.atomic
def publish(
    page: Page,
    *,
    by: Any,
    now: datetime,
    goes_live_at: datetime | None = None,
    note: str = "",
    override_reason: str = "",
    digest: str = "",
) -> Revision:
    """Publish the draft, now or at ``goes_live_at``. ``by`` is a user, or None for the site itself.

    Raises PublishingError with the blocking issues, unless there is an ``override_reason``; DraftChanged if
    ``digest`` is given and differs from the draft's.
    """
    page = lock_page(page)
    content = page_content.content_of_draft(page)
    if digest and content.digest != digest:
        raise DraftChanged
    blocked = [issue for issue in check_page(page, content, now=now) if issue.blocks]
    if blocked and not override_reason:
        raise PublishingError(blocked)
    return _create_revision(
        page,
        content,
        by=by,
        now=now,
        goes_live_at=max(goes_live_at or now, now),
        note=note,
        overridden=[issue.message for issue in blocked],
        override_reason=override_reason if blocked else "",
        edited_by=page.edited_by,
    )


@transaction.atomic
def unpublish(page: Page, *, by: Any, now: datetime, note: str = "", override_reason: str = "") -> Revision:
    """Hide the page from readers, and cancel what is scheduled.

    Raises NothingPublished; raises PublishingError if pages would lose required content with this snippet, unless
    there is an ``override_reason``.
    """
    page = lock_page(page)
    visible = Revision.objects.live(at=now) | Revision.objects.scheduled(at=now).filter(is_public=True)
    if not visible.filter(page=page).exists():
        raise NothingPublished
    blocked = [issue for issue in check_hiding(page, now=now) if issue.blocks]
    if blocked and not override_reason:
        raise PublishingError(blocked)
    return Revision.objects.create(
        page=page,
        is_public=False,
        goes_live_at=now,
        changed_at=now,
        schema=SCHEMA,
        made_at=now,
        made_by=by,
        note=note,
        overridden=[issue.message for issue in blocked],
        override_reason=override_reason if blocked else "",
    )


@transaction.atomic
def cancel_schedule(page: Page, *, by: Any, now: datetime) -> Revision:
    """Cancel what is scheduled and keep what is published. Raises NothingPublished if nothing is scheduled."""
    page = lock_page(page)
    if not Revision.objects.scheduled(at=now).filter(page=page).exists():
        raise NothingPublished
    live = Revision.objects.live(at=now).filter(page=page).first()
    note = "Called off what was scheduled"
    if live is None:
        return Revision.objects.create(
            page=page, is_public=False, goes_live_at=now, changed_at=now, schema=SCHEMA, made_at=now, made_by=by,
            note=note,
        )  # fmt: skip
    return republish(live, page_content.content_of_revision(live), by=by, now=now, goes_live_at=now, note=note)


@transaction.atomic
def restore(stored: Revision | EditSession, *, by: Any, now: datetime) -> Page:
    """Replace the draft by the content of a revision, or by the draft as it was before an edit session.

    What readers see does not change. The draft as it was until now can be restored in turn. Blocks are restored with
    their former ids. A block that references a deleted row is left out, as on the page.
    """
    page = lock_page(stored.page)
    content = page_content.stored_content(stored)
    key = uuid4()
    edit_sessions.begin_saving(page, by=by, key=key, now=now)
    for model in page_content.KINDS.values():
        model._default_manager.filter(parent=page).delete()
    for row in content.rows():
        if all(_target_exists(row, key) for key in page_content.keys_of(type(row))):
            row.parent = page
            row.save(force_insert=True)
    old_page = content.page(page)
    for name in page_content.HEAD:
        field: Any = Page._meta.get_field(name)
        exists = not field.is_relation or _target_exists(old_page, field)
        setattr(page, field.attname, getattr(old_page, field.attname) if exists else None)
    if page.hero_picture_id is None:
        page.hero_alt, page.hero_is_decorative = "", False
    if page.reviewed_by_id is None:
        page.last_reviewed_on = page.next_review_on = None
    page.edited_at, page.edited_by = now, by
    page.save()
    edit_sessions.finish_saving(page, by=by, key=key, saved_at=now)
    return page


def live_revision(page: Page, *, now: datetime) -> Revision | None:
    return Revision.objects.live(at=now).filter(page=page).first()


def lock_page(page: Page) -> Page:
    """Load the page with a row lock. On SQLite, the transaction locks the whole database instead."""
    return Page.objects.select_for_update().get(pk=page.pk)


def _target_exists(row: Any, key: Any) -> bool:
    pk = getattr(row, key.attname)
    return pk is None or key.related_model._default_manager.filter(pk=pk).exists()


def republish(
    revision: Revision, content: PageContent, *, by: Any, now: datetime, goes_live_at: datetime, note: str
) -> Revision:
    """Write a new revision with the content of an old one, apart from its review fields. Ignores the draft."""
    return _create_revision(
        revision.page,
        content,
        by=by,
        now=now,
        goes_live_at=goes_live_at,
        note=note,
        overridden=revision.overridden,
        override_reason=revision.override_reason,
        edited_by=revision.edited_by,
        is_public=revision.is_public,
        is_repeat=True,
    )


def _create_revision(
    page: Page,
    content: PageContent,
    *,
    by: Any,
    now: datetime,
    goes_live_at: datetime,
    note: str = "",
    **fields: Any,
) -> Revision:
    before = Revision.objects.live(at=goes_live_at).filter(page=page).first()
    is_unchanged = before is not None and page_content.content_of_revision(before).digest == content.digest
    revision = Revision.objects.create(
        page=page,
        goes_live_at=goes_live_at,
        changed_at=before.changed_at if before and is_unchanged else goes_live_at,
        schema=SCHEMA,
        head=content.head,
        blocks=content.blocks,
        made_at=now,
        made_by=by,
        note=note,
        **fields,
    )
    revision.snippets.set(content.references.get("snippet", ()))
    return revision
