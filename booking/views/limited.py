"""The page for somebody who did something too often: why, when again, whom to call, and nothing lost."""

import math
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking.limits import LimitReached
from booking.views.privacy import private_page
from booking.words import duration

_KEPT_FIELDS = 60
_KEPT_CHARACTERS = 20_000
_NEVER_SENT_BACK = {"csrfmiddlewaretoken", "password"}


@private_page
def too_many(request: HttpRequest, reached: LimitReached) -> HttpResponse:
    """429, with the answers in a form that sends them again."""
    context = {
        "kind": reached.kind,
        "wait": wait_in_words(reached.retry_after),
        "again": _answers(request),
        "post_to": request.get_full_path(),
    }
    response = render(request, "429.html", context, status=429)
    response.headers["Retry-After"] = str(math.ceil(reached.retry_after.total_seconds()))
    return response


def wait_in_words(wait: timedelta) -> str:
    """How long to wait, never too short: whole minutes, and whole hours from one hour on."""
    step = timedelta(minutes=1) if wait <= timedelta(hours=1) else timedelta(hours=1)
    return duration(math.ceil(wait / step) * step)


def _answers(request: HttpRequest) -> list[tuple[str, str]]:
    """What was sent, for hidden inputs; nothing where that would be more than any form of ours asks."""
    if request.method != "POST" or "password" in request.POST:
        return []
    sent = [
        (name, value) for name in request.POST if name not in _NEVER_SENT_BACK for value in request.POST.getlist(name)
    ]
    size = sum(len(name) + len(value) for name, value in sent)
    return sent if len(sent) <= _KEPT_FIELDS and size <= _KEPT_CHARACTERS else []
