"""429 page: why the rate limit was exceeded, when to retry, whom to call, and a form that resubmits."""

import math
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking.formatting import duration
from booking.private_pages import private_page
from booking.rate_limits import RateLimitExceeded

_MAX_FIELDS = 60
_MAX_CHARACTERS = 20_000
_EXCLUDED_FIELDS = {"csrfmiddlewaretoken", "password"}


@private_page
def rate_limited_response(request: HttpRequest, error: RateLimitExceeded) -> HttpResponse:
    """Render 429 with Retry-After and the submitted values as hidden inputs."""
    context = {
        "kind": error.kind,
        "wait": wait_in_words(error.retry_after),
        "again": _submitted_values(request),
        "post_to": request.get_full_path(),
    }
    response = render(request, "429.html", context, status=429)
    response.headers["Retry-After"] = str(math.ceil(error.retry_after.total_seconds()))
    return response


def wait_in_words(wait: timedelta) -> str:
    """The wait rounded up: to minutes up to one hour, to hours beyond."""
    step = timedelta(minutes=1) if wait <= timedelta(hours=1) else timedelta(hours=1)
    return duration(math.ceil(wait / step) * step)


def _submitted_values(request: HttpRequest) -> list[tuple[str, str]]:
    """The submitted fields for hidden inputs; empty if there are more than any of our forms has."""
    if request.method != "POST" or "password" in request.POST:
        return []
    values = [
        (name, value) for name in request.POST if name not in _EXCLUDED_FIELDS for value in request.POST.getlist(name)
    ]
    size = sum(len(name) + len(value) for name, value in values)
    return values if len(values) <= _MAX_FIELDS and size <= _MAX_CHARACTERS else []
