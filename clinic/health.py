"""Tell a monitor whether the site can do its work."""

from datetime import timedelta

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking import messages

LATE = timedelta(minutes=15)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 "ok", or 503 with what is wrong: no database, or messages that nobody sends."""
    try:
        waiting_since = messages.oldest_due()
    except DatabaseError:
        return answer("the database does not answer", status=503)
    if waiting_since is not None and timezone.now() - waiting_since > LATE:
        return answer("messages are waiting, is the worker running?", status=503)
    return answer("ok")


def answer(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text + "\n", content_type="text/plain", status=status, headers={"Cache-Control": "no-store"})
