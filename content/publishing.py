"""The commands that change what readers see. Everything else only ever changes the draft.

Each takes who does it and the clock, refuses early, and writes one record. Nothing is scheduled by
a timer: a revision says from when it counts, and readers see the newest one whose time has come.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from content import snapshot
from content.findings import Finding
from content.models import Page, Revision
from content.proofing import proof, proof_hiding
from content.snapshot import SCHEMA, Words


class Refused(Exception):
    """The checks found something that must be mended first."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings = findings


class Changed(Exception):
    """The draft is not the one that was looked at."""


class NothingLive(Exception):
    """There is nothing that readers see."""


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
    """Put the draft before readers, now or at an instant to come. ``by`` is a user, or None for the site itself.

    Raises Refused with what the checks block (unless there is a reason to override them), and
    Changed if ``digest`` is that of another draft than today's.
    """
    page = locked(page)
    words = snapshot.of_draft(page)
    if digest and words.digest != digest:
        raise Changed
    blocked = [finding for finding in proof(page, words, now=now) if finding.blocks]
    if blocked and not override_reason:
        raise Refused(blocked)
    return _record(
        page,
        words,
        by=by,
        now=now,
        goes_live_at=max(goes_live_at or now, now),
        note=note,
        overridden=[finding.message for finding in blocked],
        override_reason=override_reason if blocked else "",
        edited_by=page.edited_by,
    )


@transaction.atomic
def unpublish(page: Page, *, by: Any, now: datetime, note: str = "", override_reason: str = "") -> Revision:
    """Hide the page from readers, and call off what is scheduled.

    Raises NothingLive, and Refused where pages would lose with a snippet what they must have
    (unless there is a reason to hide it all the same).
    """
    page = locked(page)
    at_stake = Revision.objects.live(at=now) | Revision.objects.scheduled(at=now).filter(is_public=True)
    if not at_stake.filter(page=page).exists():
        raise NothingLive
    blocked = [finding for finding in proof_hiding(page, now=now) if finding.blocks]
    if blocked and not override_reason:
        raise Refused(blocked)
    return Revision.objects.create(
        page=page,
        is_public=False,
        goes_live_at=now,
        changed_at=now,
        schema=SCHEMA,
        made_at=now,
        made_by=by,
        note=note,
        overridden=[finding.message for finding in blocked],
        override_reason=override_reason if blocked else "",
    )


@transaction.atomic
def call_off(page: Page, *, by: Any, now: datetime) -> Revision:
    """Keep what readers see today, whatever was scheduled. Raises NothingLive if nothing was."""
    page = locked(page)
    if not Revision.objects.scheduled(at=now).filter(page=page).exists():
        raise NothingLive
    live = Revision.objects.live(at=now).filter(page=page).first()
    note = "Called off what was scheduled"
    if live is None:
        return Revision.objects.create(
            page=page, is_public=False, goes_live_at=now, changed_at=now, schema=SCHEMA, made_at=now, made_by=by,
            note=note,
        )  # fmt: skip
    return repeat(live, snapshot.of_revision(live), by=by, now=now, goes_live_at=now, note=note)


@transaction.atomic
def restore(revision: Revision, *, by: Any, now: datetime) -> Page:
    """Make the words of a revision the draft again. What readers see does not change.

    Blocks come back as the rows they were. What they name and is gone meanwhile cannot come back;
    such a block is left out, as it is on the page.
    """
    page = locked(revision.page)
    words = snapshot.of_revision(revision)
    for model in snapshot.KINDS.values():
        model._default_manager.filter(parent=page).delete()
    for row in words.rows():
        if all(_still_there(row, key) for key in snapshot.keys_of(type(row))):
            row.parent = page
            row.save(force_insert=True)
    was = words.page(page)
    for name in snapshot.HEAD:
        field: Any = Page._meta.get_field(name)
        is_there = not field.is_relation or _still_there(was, field)
        setattr(page, field.attname, getattr(was, field.attname) if is_there else None)
    if page.hero_picture_id is None:
        page.hero_alt, page.hero_is_decorative = "", False
    if page.reviewed_by_id is None:
        page.last_reviewed_on = page.next_review_on = None
    page.edited_at, page.edited_by = now, by
    page.save()
    return page


def live_revision(page: Page, *, now: datetime) -> Revision | None:
    return Revision.objects.live(at=now).filter(page=page).first()


def locked(page: Page) -> Page:
    """The page as it stands in the database, kept from changing (on SQLite the whole database is)."""
    return Page.objects.select_for_update().get(pk=page.pk)


def _still_there(row: Any, key: Any) -> bool:
    pk = getattr(row, key.attname)
    return pk is None or key.related_model._default_manager.filter(pk=pk).exists()


def repeat(revision: Revision, words: Words, *, by: Any, now: datetime, goes_live_at: datetime, note: str) -> Revision:
    """Decide once more for words that are those of a revision, but for their review. The draft has no part in it."""
    return _record(
        revision.page,
        words,
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


def _record(
    page: Page,
    words: Words,
    *,
    by: Any,
    now: datetime,
    goes_live_at: datetime,
    note: str = "",
    **more: Any,
) -> Revision:
    before = Revision.objects.live(at=goes_live_at).filter(page=page).first()
    is_same = before is not None and snapshot.of_revision(before).digest == words.digest
    revision = Revision.objects.create(
        page=page,
        goes_live_at=goes_live_at,
        changed_at=before.changed_at if before and is_same else goes_live_at,
        schema=SCHEMA,
        head=words.head,
        blocks=words.blocks,
        made_at=now,
        made_by=by,
        note=note,
        **more,
    )
    revision.snippets.set(words.references.get("snippet", ()))
    return revision
