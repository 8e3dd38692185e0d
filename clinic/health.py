"""Tell a monitor whether the site can do its work."""

from datetime import datetime, timedelta

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking import messages
from booking.models import WorkerStep

LATE = timedelta(minutes=15)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 "ok", or 503 with what is wrong, a line each: the database, the worker, or messages that do not leave.

    Where no worker has ever run, nothing is expected of it until a message waits.
    """
    try:
        problems = list(_problems(timezone.now()))
    except DatabaseError:
        problems = ["the database does not answer"]
    return answer("\n".join(problems), status=503) if problems else answer("ok")


def _problems(now: datetime) -> list[str]:
    found = []
    waiting_since = messages.oldest_due()
    if waiting_since is not None and now - waiting_since > LATE:
        found.append("messages are waiting, is the worker running?")
    if messages.nothing_leaves(now=now):
        found.append("messages fail again and again, and none has left for an hour")
    # A step that went well in the future did so on a wrong clock, and not since.
    late = [step.name for step in WorkerStep.objects.order_by("name") if abs(now - step.went_well_at) > LATE]
    if late:
        found.append(f"the worker has not got through this for a while: {', '.join(late)}")
    return found


def answer(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text + "\n", content_type="text/plain", status=status, headers={"Cache-Control": "no-store"})
