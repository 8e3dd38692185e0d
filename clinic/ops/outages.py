"""Outages: which errors mean that the database or the disk is away, full or read-only, and what the log says of them.

Such a request is answered with 503 (``clinic/web/errors/unavailable.py``). Everything else, such as bad SQL, a missing
table or a broken constraint, is a bug and stays a 500 with a traceback.
"""

import errno
import logging
import threading
from enum import StrEnum

from django.contrib.sessions.exceptions import SessionInterrupted
from django.db.transaction import TransactionManagementError

from booking.ops.database_outages import Cause, cause_of

logger = logging.getLogger("clinic.outages")

INTERVAL = 60.0  # seconds between two lines of the log


class Outage(StrEnum):
    AWAY = "The database does not answer"
    FULL = "The database or its disk is full"
    READ_ONLY = "The database or its disk is read-only"
    STORE = "The store of pictures does not answer"


class StoreUnavailable(OSError):
    """Raised if an object store refuses a request, or does not answer."""


# A missing table, a deadlock and a lock that was not given in time are no outages: the next request may go well.
_OF_DATABASE = {
    Cause.AWAY: Outage.AWAY,
    Cause.OVERLOADED: Outage.AWAY,
    Cause.LOCKED: Outage.AWAY,
    Cause.FULL: Outage.FULL,
    Cause.READ_ONLY: Outage.READ_ONLY,
}
_DISK = {errno.ENOSPC: Outage.FULL, errno.EDQUOT: Outage.FULL, errno.EROFS: Outage.READ_ONLY}


def outage_of(error: BaseException | None) -> Outage | None:
    """Return what kind of outage the error means, or None for any other error."""
    if isinstance(error, TransactionManagementError):
        error = error.__cause__  # The error after which the transaction could not go on.
    if isinstance(error, SessionInterrupted):
        error = _why_session_was_not_saved(error)
    if isinstance(error, StoreUnavailable):
        return Outage.STORE
    if isinstance(error, OSError):
        return _DISK.get(error.errno or 0)
    cause = cause_of(error)
    return _OF_DATABASE.get(cause) if cause else None


def _why_session_was_not_saved(error: SessionInterrupted) -> BaseException | None:
    """Django raises it for every error of the database, two steps after that: UpdateError is between them."""
    return error.__context__ and error.__context__.__context__


def code_of(error: BaseException | None) -> str:
    """Return the error's code or type for the log, without its text, which may contain values of a row."""
    if isinstance(error, SessionInterrupted):
        error = _why_session_was_not_saved(error)
    cause = getattr(error, "__cause__", None)
    if isinstance(error, OSError):
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return str(code or type(cause or error).__name__)


class OutageLog:
    """Logs an outage when it begins, then each minute how many requests were refused, until none is.

    One for each process. The count is given by a timer, because the last refused request has no successor.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._refused = 0
        self._problem = ""

    def refused(self, outage: Outage, error: BaseException | None) -> None:
        """Count a request that was answered with 503."""
        self._count(1, f"{outage} ({code_of(error)})", "Requests are answered with 503.")

    def served_stale(self, outage: Outage, error: BaseException | None) -> None:
        """Note an outage that a reader did not see, because the page was cached."""
        self._count(0, f"{outage} ({code_of(error)})", "Cached pages are served without free times.")

    def report(self) -> None:
        """Log the count of the last minute; end the outage if there was none."""
        with self._lock:
            refused, self._refused = self._refused, 0
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if refused:
                self._start_timer()
        if refused:
            logger.error("%s. Requests refused in the last minute: %d.", self._problem, refused)

    def _count(self, refused: int, problem: str, consequence: str) -> None:
        with self._lock:
            self._refused += refused
            self._problem = problem
            is_first = self._timer is None
            if is_first:
                self._start_timer()
        if is_first:
            logger.error("%s. %s", problem, consequence)

    def _start_timer(self) -> None:
        self._timer = threading.Timer(INTERVAL, self.report)
        self._timer.daemon = True  # Does not delay the end of the process.
        self._timer.start()


outage_log = OutageLog()
