"""Record clinical reviews of pages.

A review is of the draft or of the published content. A review of the draft is published with the draft; a review of
the published content shows at once and does not change the draft or what is scheduled.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from booking.models import Practitioner
from content.blocks import page_content
from content.blocks.page_content import REVIEW, PageContent
from content.models import Page, Review, Revision
from content.publishing import review_requests
from content.publishing.publish import DraftChanged, NothingPublished, live_revision, lock_page, republish

LONGEST_EVIDENCE = 4000  # characters


class NotTheReviewer(Exception):
    """Raised when the user's login is not linked to an active practitioner, so that no one would sign the review."""


class OwnWork(Exception):
    """Raised when the reviewer made the last change to the content."""


class NoEvidence(Exception):
    """Raised when a review of a treatment does not say what evidence was looked at."""


def reviewer_of(user: Any) -> Practitioner | None:
    """Return the practitioner in whose name this user may record a review: only ever their own."""
    return Practitioner.objects.active().filter(user=user.pk).first()


@transaction.atomic
def record_review(
    page: Page,
    *,
    reviewed_on: date,
    next_review_on: date,
    by: Any,
    now: datetime,
    evidence: str = "",
    override_reason: str = "",
    of_live: bool = False,
    digest: str = "",
) -> Review:
    """Record a review of the draft, or of the published content if ``of_live``.

    The reviewer is the active practitioner of the user's own login. A review of the draft answers the open request.
    Raises NotTheReviewer without such a practitioner; NoEvidence for a treatment without ``evidence``; OwnWork if they
    made the last change themselves, unless there is an ``override_reason``; NothingPublished if ``of_live`` and nothing
    is published; DraftChanged if ``digest`` is given and differs from the content's.
    """
    reviewer = reviewer_of(by)
    if reviewer is None:
        raise NotTheReviewer
    page = lock_page(page)
    if page.kind == Page.Kind.TREATMENT and not evidence:
        raise NoEvidence
    draft, live = page_content.content_of_draft(page), live_revision(page, now=now)
    if of_live and live is None:
        raise NothingPublished
    content = page_content.content_of_revision(live) if of_live and live else draft
    if digest and digest != content.reviewed_digest:
        raise DraftChanged
    is_draft = content.reviewed_digest == draft.reviewed_digest
    is_own = by.pk in _last_editors(page, None if is_draft else live)
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
        digest=content.reviewed_digest,
        made_at=now,
        made_by=by,
        evidence=evidence,
        override_reason=override_reason if is_own else "",
    )
    if is_draft:
        review_requests.approve(page, review, now=now)
    if of_live and live:
        _publish_review(live, review, content, by=by, now=now)
    return review


@dataclass(frozen=True)
class EarlierVersion:
    """What a reviewer compares the draft with: the version of ``review``, or what readers see if that is None."""

    content: PageContent
    review: Review | None


def version_before(page: Page, draft: PageContent, *, now: datetime) -> EarlierVersion | None:
    """Return the version that was reviewed last, else the published one, with the draft's own review fields.

    A reviewed draft that was never published is not kept, so it can't be compared with. None: the page is new.
    """
    live, review = live_revision(page, now=now), page.reviews.select_related("reviewer").first()
    found = None
    if review:
        contents = (page_content.content_of_revision(revision) for revision in page.revisions.filter(is_public=True))
        found = next((content for content in contents if content.reviewed_digest == review.digest), None)
    if found is None:
        if live is None:
            return None
        found, review = page_content.content_of_revision(live), None
    return EarlierVersion(PageContent(found.head | {name: draft.head[name] for name in REVIEW}, found.blocks), review)


def _last_editors(page: Page, revision: Revision | None) -> set[int]:
    """Return who may have made the last change, by user id. Old revisions did not store it: then all candidates."""
    if revision is None:
        ids = [page.edited_by_id]
    elif revision.edited_by_id:
        ids = [revision.edited_by_id]
    else:
        ids = [revision.made_by_id, page.edited_by_id]
    return {pk for pk in ids if pk}


def _is_reviewed(page: Page, draft: PageContent) -> bool:
    """Whether the content of the draft has a review of its own."""
    return Review.objects.filter(page=page, digest=draft.reviewed_digest).exists()


def _publish_review(live: Revision, review: Review, content: PageContent, *, by: Any, now: datetime) -> None:
    """Publish the same content with its new review, and schedule again what that cancels."""
    scheduled = list(Revision.objects.scheduled(at=now).filter(page=live.page_id).order_by("pk"))
    review_fields = {
        "reviewed_by": review.reviewer_id,
        "last_reviewed_on": review.reviewed_on.isoformat(),
        "next_review_on": review.next_review_on.isoformat(),
    }
    reviewed = PageContent(content.head | review_fields, content.blocks)
    republish(live, reviewed, by=by, now=now, goes_live_at=now, note="Clinical review")
    for revision in scheduled:
        same = page_content.content_of_revision(revision)
        republish(revision, same, by=revision.made_by, now=now, goes_live_at=revision.goes_live_at, note=revision.note)
