"""Readers say whether a page helped: counted by the month, without naming anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils import timezone

from booking import limits
from booking.models import Message
from content.models import Page, PageAnswers

YEAR = timedelta(days=365)
HELPED, DID_NOT_HELP = "helped", "did_not_help"


@dataclass(frozen=True)
class Answers:
    """What readers said of a page in about a year, and what they wrote lately, newest first."""

    helped: int
    did_not_help: int
    written: Sequence[Message]
    since: date


def count_helped(request: HttpRequest, page: Page, *, now: datetime) -> bool:
    """Count one reader for whom the page helped: each network address once a day, and no staff. Whether it counted."""
    who = limits.client_of(request)
    if not who:
        return False
    try:
        limits.spend("helped", f"{who} {page.pk}", now=now)
    except limits.LimitReached:
        return False
    count(page, HELPED, now=now)
    return True


def count(page: Page, answer: str, *, now: datetime) -> None:
    """Add one to this month's count, whoever else adds to it at the same time."""
    month = timezone.localtime(now).date().replace(day=1)
    PageAnswers.objects.bulk_create([PageAnswers(page=page, month=month)], ignore_conflicts=True)
    PageAnswers.objects.filter(page=page, month=month).update(**{answer: F(answer) + 1})


def answers_about(page: Page, *, now: datetime, with_words: bool) -> Answers:
    """``with_words`` is for those who may read the outbox; messages are kept for 30 days (``messages.keeping``)."""
    since = (now - YEAR).date().replace(day=1)
    sums = PageAnswers.objects.filter(page=page, month__gte=since).aggregate(Sum(HELPED), Sum(DID_NOT_HELP))
    about = Message.objects.filter(kind=Message.Kind.CONTACT, content__page=page.get_absolute_url())
    written = list(about.order_by("-created_at")[:10]) if with_words else []
    return Answers(sums[f"{HELPED}__sum"] or 0, sums[f"{DID_NOT_HELP}__sum"] or 0, written, since)
