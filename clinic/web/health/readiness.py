"""Whether this process can answer requests: the checks behind ``/readyz``. The worker has no part in them."""

import threading
from contextlib import suppress

from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.management import call_command
from django.db import Error, connection

from clinic.ops.drain import is_draining

DATABASE_TIMEOUT = 2.0  # seconds
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

    While a check hangs, no other is started. Each opens a connection of its own, as a new thread of the site would.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def answers(self) -> bool:
        answers: list[bool] = []
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return False
            self._thread = thread = threading.Thread(target=self._ask, args=[answers], daemon=True)
            thread.start()
        thread.join(DATABASE_TIMEOUT)
        return bool(answers)

    @staticmethod
    def _ask(answers: list[bool]) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                answers.append(True)
        except Error:
            pass
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
