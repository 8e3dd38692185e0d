"""Health check for monitoring: database, worker and outgoing messages."""

import ipaddress
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking import messages
from booking.models import ClockReading, TaskRun
from booking.site_identity import ADVICE, site_problem
from clinic.accounts.second_factor import has_office_access

LATE = timedelta(minutes=15)  # After a task's interval, or after a message was due.


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 "ok", or 503: with one line for each problem to staff and on the machine itself, else "not ok".

    A worker that has never run is a problem only once a message is due.
    """
    try:
        problems = list(_problems(timezone.now()))
    except DatabaseError:
        problems = ["the database does not answer"]
    if not problems:
        return plain_response("ok")
    return plain_response("\n".join(problems) if _may_see_details(request) else "not ok", status=503)


def _may_see_details(request: HttpRequest) -> bool:
    try:
        if ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback:
            return True
    except ValueError:
        pass  # A unix socket, or a client that the front server did not name.
    try:
        return has_office_access(request)
    except DatabaseError:
        return False


def _problems(now: datetime) -> list[str]:
    problems = [reading.problem for reading in ClockReading.objects.filter(off_by__isnull=False).order_by("machine")]
    if problem := site_problem():
        problems.append(f"{problem} {ADVICE}")
    due_at = messages.oldest_due_at()
    if due_at is not None and now - due_at > LATE:
        problems.append("messages are waiting, is the worker running?")
    if messages.is_delivery_failing(now=now):
        problems.append("messages fail again and again, and none has left for an hour")
    # A success in the future was recorded under a wrong clock: it is as old as one long past.
    late = [run.name for run in TaskRun.objects.order_by("name") if abs(now - run.went_well_at) > run.interval + LATE]
    if late:
        problems.append(f"the worker has not got through this for a while: {', '.join(late)}")
    return problems


def plain_response(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text + "\n", content_type="text/plain", status=status, headers={"Cache-Control": "no-store"})
