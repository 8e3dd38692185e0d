"""Health check for people and monitoring: database, disk, static files, worker and outgoing messages."""

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, Error, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking import messages
from booking.models import ClockReading, RateLimitBucket, TaskRun
from booking.site_identity import ADVICE, site_problem
from clinic.ops import error_page
from clinic.ops.outages import outage_of
from clinic.ops.version import site_version
from clinic.web.health.probes import may_see_details, plain_response
from clinic.web.health.readiness import are_static_files_collected
from content.models import PictureFile

LATE = timedelta(minutes=15)  # After a task's interval, or after a message was due.
PICTURE_TASKS = {"pictures", "picture files", "pictures for shared links"}  # They read and write the storage.
LOW_BYTES, LOW_SHARE = 100_000_000, 0.01  # Of a disk.
WRITE_INTERVAL = 60.0  # seconds between two attempts to write, in each process: anybody may ask


def version_for_staff(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Add the site's version in the header X-Version, for staff and on the machine itself."""

    @wraps(view)
    def with_version(request: HttpRequest) -> HttpResponse:
        response = view(request)
        if may_see_details(request):
            response.headers["X-Version"] = site_version()
        return response

    return with_version


@require_safe
@version_for_staff
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 "ok", or 503: with one line for each problem to staff and on the machine itself, else "not ok".

    A worker that has never run is a problem only once a message is due.
    """
    problems = list(_problems_of_files())
    try:
        problems += _problems(timezone.now())
        problems += write_check.problems()
        problems += error_page_check.problems(timezone.now())
    except Error:
        problems.append("the database does not answer")
    if not problems:
        return plain_response("ok")
    return plain_response("\n".join(problems) if may_see_details(request) else "not ok", status=503)


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
        hint = ". Does the store of pictures answer?" if PICTURE_TASKS.issuperset(late) else ""
        problems.append(f"the worker has not got through this for a while: {', '.join(late)}{hint}")
    # What the worker saw: the storage itself is not asked here, where anybody may ask.
    if missing := PictureFile.objects.filter(state=PictureFile.State.MISSING).count():
        problems.append(f"pictures that are not in the storage: {missing}. The office's start page names them")
    return problems


def _problems_of_files() -> Iterator[str]:
    if not are_static_files_collected():
        yield "the static files are missing: run collectstatic, then restart the site"
    for name, folder in local_folders().items():
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            yield f"the disk of {name} cannot be read"
            continue
        if usage.free < LOW_BYTES or usage.free < usage.total * LOW_SHARE:
            yield f"the disk of {name} is {'full' if usage.free < LOW_BYTES / 100 else 'nearly full'}"


def local_folders() -> dict[str, Path]:
    """VAR_DIR and the folder of a SQLite database. PostgreSQL does not say where its files are."""
    folders = {"VAR_DIR": Path(settings.VAR_DIR)}
    if connection.vendor == "sqlite":
        folders["the database"] = Path(settings.DATABASES["default"]["NAME"]).parent
    return folders


class WriteCheck:
    """Writes a row now and then, because a database that is full or read-only still answers queries.

    The row is a rate limit that has expired: the worker deletes it.
    """

    def __init__(self) -> None:
        self._next_at = float("-inf")
        self._problems: list[str] = []

    def problems(self) -> list[str]:
        if time.monotonic() >= self._next_at:
            self._problems = self._write()
            self._next_at = time.monotonic() + WRITE_INTERVAL
        return self._problems

    @staticmethod
    def _write() -> list[str]:
        try:
            RateLimitBucket.objects.create(
                key=f"healthz-{secrets.token_hex(16)}", kind="healthz", ends_at=timezone.now()
            )
        except DatabaseError as error:
            outage = outage_of(error)
            if outage is None:
                raise
            return [f"the database cannot write: {outage.value}"]
        return []


class ErrorPageCheck:
    """Whether the worker's error page has differed from the clinic's data for longer than the worker needs."""

    def __init__(self) -> None:
        self._outdated_since: datetime | None = None

    def problems(self, now: datetime) -> list[str]:
        if not error_page.is_kept_page_outdated():
            self._outdated_since = None
            return []
        self._outdated_since = min(self._outdated_since or now, now)
        if now - self._outdated_since <= LATE:
            return []
        return ["the front server's error page is older than the clinic's name or phone: the worker writes it"]


write_check = WriteCheck()
error_page_check = ErrorPageCheck()
