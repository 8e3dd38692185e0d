"""Requests for a clinical review: an editor asks a practitioner, who approves the draft or asks for changes.

A page has at most one open request. Approving is recording a review (review.py), which answers the request.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from booking.models import Practitioner
from content.models import Page, Review, ReviewRequest
from content.publishing import comments
from content.publishing.publish import lock_page

Outcome = ReviewRequest.Outcome


class CannotReview(Exception):
    """Raised when the person who is asked has no login that may record reviews, or is the one who asks."""


class RequestChanged(Exception):
    """Raised when the page's open request is not the one that the user saw, or is gone."""


class NotYours(Exception):
    """Raised when a user changes or answers a request that is for others to change or answer."""


class NothingToChange(Exception):
    """Raised when changes are asked for without a note, and no comment is open."""


def possible_reviewers(*, besides: Any) -> QuerySet[Practitioner]:
    """Return the active practitioners whose own login may record reviews, without the user who asks."""
    logins = get_user_model().objects.with_perm("content.review_page").filter(is_staff=True).exclude(pk=besides.pk)
    return Practitioner.objects.active().filter(user__in=logins)


def open_request(page: Page) -> ReviewRequest | None:
    return ReviewRequest.objects.open().filter(page=page).select_related("reviewer", "asked_by").first()


def may_withdraw(request: ReviewRequest, user: Any) -> bool:
    """Whether the user asked for this review, or publishes pages."""
    return request.asked_by_id == user.pk or bool(user.has_perm("content.publish_page"))


@transaction.atomic
def ask_for_review(
    page: Page, *, reviewer: Practitioner, note: str, by: Any, now: datetime, instead_of: int | None = None
) -> ReviewRequest:
    """Ask a practitioner to review the draft. ``instead_of`` is the id of the open request, which ends.

    Raises CannotReview; RequestChanged if another request is open than ``instead_of``; NotYours if that one is for
    others to change.
    """
    page = lock_page(page)
    if not possible_reviewers(besides=by).filter(pk=reviewer.pk).exists():
        raise CannotReview
    asked = open_request(page)
    if (asked.pk if asked else None) != instead_of:
        raise RequestChanged
    if asked:
        if not may_withdraw(asked, by):
            raise NotYours
        _close(asked, Outcome.WITHDRAWN, now=now)
    return ReviewRequest.objects.create(page=page, reviewer=reviewer, note=note, asked_by=by, asked_at=now)


@transaction.atomic
def withdraw(page: Page, *, by: Any, now: datetime) -> None:
    """End the open request without an answer. Raises RequestChanged if there is none, NotYours."""
    asked = open_request(lock_page(page))
    if asked is None:
        raise RequestChanged
    if not may_withdraw(asked, by):
        raise NotYours
    _close(asked, Outcome.WITHDRAWN, now=now)


@transaction.atomic
def ask_for_changes(page: Page, *, note: str, by: Any, now: datetime) -> ReviewRequest:
    """Answer the open request: the draft needs changes, as the open comments and the note say.

    The note becomes a comment on the page. Raises RequestChanged if no request is open, NotYours if someone else was
    asked, and NothingToChange.
    """
    page = lock_page(page)
    asked = open_request(page)
    if asked is None:
        raise RequestChanged
    if asked.reviewer.user_id != by.pk or not asked.reviewer.is_active:
        raise NotYours
    if note:
        comments.add_comment(page, text=note, by=by, now=now)
    elif not comments.open_comments(page):
        raise NothingToChange
    _close(asked, Outcome.CHANGES, now=now)
    return asked


def approve(page: Page, review: Review, *, now: datetime) -> None:
    """End the open request, if there is one, with this review of the draft, whoever was asked."""
    asked = open_request(page)
    if asked:
        _close(asked, Outcome.APPROVED, now=now, review=review)


def _close(asked: ReviewRequest, outcome: Outcome, *, now: datetime, review: Review | None = None) -> None:
    asked.outcome, asked.closed_at, asked.review = outcome, now, review
    asked.save(update_fields=["outcome", "closed_at", "review"])
