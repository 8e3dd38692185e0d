"""Page feedback: anonymous monthly counters of whether a page helped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils import timezone

from booking import rate_limits
from booking.models import Message
from content.models import Page, PageFeedback

YEAR = timedelta(days=365)
HELPED, DID_NOT_HELP = "helped", "did_not_help"


@dataclass(frozen=True)
class FeedbackCounts:
    """The counters of a page over about a year, and its latest messages, newest first."""

    helped: int
    did_not_help: int
    written: Sequence[Message]
    since: date


def record_helpful(request: HttpRequest, page: Page, *, now: datetime) -> bool:
    """Count that the page helped a reader, once a day per IP address, never for staff. Return whether it counted."""
    client = rate_limits.client_address(request)
    if not client:
        return False
    try:
        rate_limits.consume("helped", f"{client} {page.pk}", now=now)
    except rate_limits.RateLimitExceeded:
        return False
    record_feedback(page, HELPED, now=now)
    return True


def record_feedback(page: Page, answer: str, *, now: datetime) -> None:
    """Increment this month's counter, atomically."""
    month = timezone.localtime(now).date().replace(day=1)
    PageFeedback.objects.bulk_create([PageFeedback(page=page, month=month)], ignore_conflicts=True)
    PageFeedback.objects.filter(page=page, month=month).update(**{answer: F(answer) + 1})


def feedback_counts_of(page: Page, *, now: datetime, with_words: bool) -> FeedbackCounts:
    """Return the counters. ``with_words`` adds messages, for users who may read them; they expire after 30 days."""
    since = (now - YEAR).date().replace(day=1)
    sums = PageFeedback.objects.filter(page=page, month__gte=since).aggregate(Sum(HELPED), Sum(DID_NOT_HELP))
    about = Message.objects.filter(kind=Message.Kind.CONTACT, content__page=page.get_absolute_url())
    written = list(about.order_by("-created_at")[:10]) if with_words else []
    return FeedbackCounts(sums[f"{HELPED}__sum"] or 0, sums[f"{DID_NOT_HELP}__sum"] or 0, written, since)
