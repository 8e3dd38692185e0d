"""Write queue: serialize visitors' POST requests on SQLite with a file lock, first come, first served.

SQLite has one write lock. A connection that finds it taken sleeps for up to 100 ms and retries, with no order among
the waiters: when 16 visitors booked at once, some waited for seconds (docs/decisions/two-databases.md). ``flock`` wakes
its waiters in order, across processes. Without concurrent writers it costs nothing.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse

from clinic.accounts.staff_area import STAFF_PATHS

try:
    import fcntl
except ImportError:  # On Windows, where gunicorn does not run; commands do.
    fcntl = None  # type: ignore[assignment]

LOCK_SUFFIX = "-visitors.lock"  # Beside the database, whose folder must be writable for SQLite's own files.


def queue_visitors_writes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    if connection.vendor != "sqlite" or not settings.WRITE_QUEUE or fcntl is None:
        raise MiddlewareNotUsed  # PostgreSQL locks rows, and wakes waiters in order.

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path.startswith(STAFF_PATHS):
            return get_response(
                request
            )  # Staff are not queued: an upload may take long, and nobody should wait for it.
        with ExitStack() as stack:
            with suppress(OSError):  # A full or read-only disk: the database says so itself.
                file = stack.enter_context(lock_file().open("a"))
                fcntl.flock(file, fcntl.LOCK_EX)  # Released when the file is closed, and when the process is killed.
            return get_response(request)

    return middleware


def lock_file() -> Path:
    return Path(f"{connection.settings_dict['NAME']}{LOCK_SUFFIX}")
