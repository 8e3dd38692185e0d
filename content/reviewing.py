"""Writing down that somebody of the team has read a page and stands by its words.

What is reviewed is the draft, or what readers see. A review of the draft goes out with it; one of
what readers see shows at once, and leaves the draft and what is scheduled as they are.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from booking.models import Practitioner
from content import snapshot
from content.models import Page, Review, Revision
from content.publishing import Changed, NothingLive, live_revision, locked, repeat
from content.snapshot import Words


class OwnWork(Exception):
    """The reviewer made the last change to the words."""


@transaction.atomic
def record_review(
    page: Page,
    *,
    reviewer: Practitioner,
    reviewed_on: date,
    next_review_on: date,
    by: Any,
    now: datetime,
    override_reason: str = "",
    of_live: bool = False,
    digest: str = "",
) -> Review:
    """Record a review of the draft, or (``of_live``) of the words that readers see.

    Raises OwnWork if it is their own last change that they reviewed, unless there is a reason;
    NothingLive if readers see nothing; Changed if ``digest`` is that of other words than today's.
    """
    page = locked(page)
    draft, live = snapshot.of_draft(page), live_revision(page, now=now)
    if of_live and live is None:
        raise NothingLive
    words = snapshot.of_revision(live) if of_live and live else draft
    if digest and digest != words.reviewed_digest:
        raise Changed
    is_draft = words.reviewed_digest == draft.reviewed_digest
    is_own = bool({by.pk, reviewer.user_id} & _last_editors(page, None if is_draft else live))
    if is_own and not override_reason:
        raise OwnWork
    if is_draft or not _is_reviewed(page, draft):
        page.reviewed_by, page.last_reviewed_on, page.next_review_on = reviewer, reviewed_on, next_review_on
        page.save(update_fields=["reviewed_by", "last_reviewed_on", "next_review_on"])
    review = Review.objects.create(
        page=page,
        reviewer=reviewer,
        reviewed_on=reviewed_on,
        next_review_on=next_review_on,
        digest=words.reviewed_digest,
        made_at=now,
        made_by=by,
        override_reason=override_reason if is_own else "",
    )
    if of_live and live:
        _show(live, review, words, by=by, now=now)
    return review


def _last_editors(page: Page, revision: Revision | None) -> set[int]:
    """Who may have made the last change. Of words that went out long ago it was not kept: then whoever it could be."""
    if revision is None:
        found = [page.edited_by_id]
    elif revision.edited_by_id:
        found = [revision.edited_by_id]
    else:
        found = [revision.made_by_id, page.edited_by_id]
    return {pk for pk in found if pk}


def _is_reviewed(page: Page, draft: Words) -> bool:
    """Whether the draft, with changes that readers do not see yet, has a review of its own."""
    return Review.objects.filter(page=page, digest=draft.reviewed_digest).exists()


def _show(live: Revision, review: Review, words: Words, *, by: Any, now: datetime) -> None:
    """The same words with their new review, for readers. What is scheduled stays so: it is decided once more."""
    ahead = list(Revision.objects.scheduled(at=now).filter(page=live.page_id).order_by("pk"))
    said = {
        "reviewed_by": review.reviewer_id,
        "last_reviewed_on": review.reviewed_on.isoformat(),
        "next_review_on": review.next_review_on.isoformat(),
    }
    repeat(live, Words(words.head | said, words.blocks), by=by, now=now, goes_live_at=now, note="Clinical review")
    for one in ahead:
        again = snapshot.of_revision(one)
        repeat(one, again, by=one.made_by, now=now, goes_live_at=one.goes_live_at, note=one.note)
