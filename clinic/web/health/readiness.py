"""Whether this process can answer requests: the checks behind ``/readyz``. The worker has no part in them."""

import threading
import time
from concurrent.futures import Future
from contextlib import suppress

from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.management import call_command
from django.db import Error, connection

from clinic.ops.drain import is_draining

DATABASE_TIMEOUT = 2.0  # seconds
KEEP_ANSWER = 1.0  # seconds
A_STATIC_FILE = "css/site.css"


def reasons_not_ready() -> list[str]:
    """Return a word for each reason, or an empty list."""
    reasons = ["draining"] if is_draining() else []
    if not are_static_files_collected():
        reasons.append("static")
    if not database.answers():
        reasons.append("database")
    elif not migrations.are_applied():
        reasons.append("migrations")
    return reasons


def are_static_files_collected() -> bool:
    """Return whether this process, which read the list of collected files when it started, finds the style sheet."""
    if not isinstance(staticfiles_storage, ManifestFilesMixin):
        return True  # Files keep their names, as in tests.
    with suppress(ValueError, OSError):
        return bool(staticfiles_storage.url(A_STATIC_FILE)) and staticfiles_storage.exists(A_STATIC_FILE)
    return False


class DatabaseCheck:
    """Asks the database in a thread of its own, so that one that hangs delays the answer by DATABASE_TIMEOUT at most.

    Each check opens a connection, as a new thread of the site would. Anybody may ask at any rate, so there is one check
    at a time, for all who ask meanwhile, and its answer stands for KEEP_ANSWER.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._check: Future[bool] | None = None
        self._keep_until = float("-inf")

    def answers(self) -> bool:
        try:
            return self._current_check().result(DATABASE_TIMEOUT)
        except TimeoutError:
            return False

    def _current_check(self) -> "Future[bool]":
        """Return the check that is running or whose answer still stands, or start one."""
        with self._lock:
            if self._check is None or (self._check.done() and time.monotonic() >= self._keep_until):
                self._check = Future()
                threading.Thread(target=self._run, args=[self._check], daemon=True).start()
            return self._check

    def _run(self, check: "Future[bool]") -> None:
        answer = False
        try:
            answer = self._ask()
        finally:
            self._keep_until = time.monotonic() + KEEP_ANSWER
            check.set_result(answer)

    @staticmethod
    def _ask() -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return True
        except Error:
            return False
        finally:
            connection.close()


class MigrationCheck:
    """Whether all migrations that this code knows are applied. Those of a newer release do not count: see
    docs/decisions/health-checks.md. A yes is remembered for the life of the process.
    """

    def __init__(self) -> None:
        self._are_applied = False

    def are_applied(self) -> bool:
        if not self._are_applied:
            try:
                call_command("migrate", check_unapplied=True, skip_checks=True, verbosity=0)
            except (SystemExit, Error):  # ``migrate --check`` exits if there are unapplied ones.
                return False
            self._are_applied = True
        return True


database = DatabaseCheck()
migrations = MigrationCheck()
