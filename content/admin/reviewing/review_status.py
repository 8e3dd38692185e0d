"""What the editor says of reviews and comments: sentences in the page's status, and the steps that it offers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import ngettext

from booking.formatting import date_in_words
from booking.staff.formats import staff_name
from content.blocks import page_content
from content.models import Page, ReviewRequest
from content.publishing import comments

Outcome = ReviewRequest.Outcome


def review_sentences(page: Page) -> Iterator[str]:
    """Yield how the latest request for a review stands, and whether comments are open."""
    request = page.review_requests.select_related("reviewer", "asked_by", "review__reviewer").first()
    if request is None:
        return
    if request.closed_at is None:
        yield f"{staff_name(request.asked_by)} asked {request.reviewer} for a review on {_day(request.asked_at)}."
    elif request.review and request.review.digest == page_content.content_of_draft(page).reviewed_digest:
        yield f"{request.review.reviewer} approved this draft on {_day(request.closed_at)}."
    elif request.outcome == Outcome.CHANGES and not page.reviews.filter(made_at__gt=request.closed_at).exists():
        yield f"{request.reviewer} asked for changes on {_day(request.closed_at)}."


def review_steps(page: Page, user: Any) -> list[tuple[str, str]]:
    """Return the label and the step's name of what this user may do."""
    kind = "snippet" if page.kind == Page.Kind.SNIPPET else "page"
    may_change, may_review = user.has_perm(f"content.change_{kind}"), user.has_perm("content.review_page")
    steps = []
    if page.kind == Page.Kind.TREATMENT and may_change:
        is_asked = page.review_requests.filter(closed_at__isnull=True).exists()
        steps.append(("Review asked for …" if is_asked else "Ask for a review …", "ask_review"))
    if page.kind == Page.Kind.TREATMENT and may_review:
        steps.append(("Clinical review …", "review"))
    if may_change or may_review:
        count = comments.open_comments(page)
        steps.append(
            (ngettext("%d open comment", "%d open comments", count) % count if count else "Comments", "comments")
        )
    return steps


def _day(at: datetime) -> str:
    return date_in_words(timezone.localtime(at))
