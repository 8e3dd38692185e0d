"""Django's ``migrate``, which makes the folder of a SQLite database, and on PostgreSQL waits only briefly for a lock.

An ALTER TABLE that waits for an ACCESS EXCLUSIVE lock makes every later query of that table wait behind it: one long
transaction, such as a backup, would stop the site until it ends. So it gives up soon, and tries again.
"""

import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import OperationalError, connections

from clinic.ops.folders import make_for_database

# Seconds. Well below PostgreSQL's deadlock_timeout (1 s): when a request and a migration of several tables wait for one
# another, the migration gives way, not the request.
LOCK_TIMEOUT = 0.3
LOCK_TRIES = 15
LONGEST_PAUSE = 15  # Seconds. The pauses are 1, 2, 4, 8, 15, 15, ...: three minutes in all.
RETRIED = {"55P03", "40P01"}  # lock_not_available, deadlock_detected (PostgreSQL, appendix A).


class Command(DjangoCommand):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout",
            type=float,
            default=LOCK_TIMEOUT,
            help=f"Seconds to wait for a lock on PostgreSQL (default {LOCK_TIMEOUT:g}; 0: as long as it takes).",
        )
        parser.add_argument(
            "--lock-tries", type=int, default=LOCK_TRIES, help=f"How often to try (default {LOCK_TRIES})."
        )

    def execute(self, *args: Any, **options: Any) -> Any:
        make_for_database(options["database"])  # Before the system checks, which look into the database.
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql" or not options["lock_timeout"]:
            super().handle(*args, **options)
            return
        for number in range(1, options["lock_tries"] + 1):
            try:
                with connection.execute_wrapper(_LockTimeout(options["lock_timeout"])):
                    super().handle(*args, **options)
                return
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) not in RETRIED:
                    raise
                self.stderr.write(f"\nA table is in use (try {number} of {options['lock_tries']}). {error}".rstrip())
                if number < options["lock_tries"]:
                    time.sleep(min(2 ** (number - 1), LONGEST_PAUSE))
        raise CommandError(
            "The migration above could not lock a table, because another transaction uses it. Nothing of that "
            "migration was kept, migrations before it were, and the site runs on. Run migrate again when the other "
            f"transaction has ended.{_open_transactions(options['database'])}"
        )


class _LockTimeout:
    """Sets ``lock_timeout`` at the start of each transaction, for that transaction only.

    Not for the session: behind a pooler in transaction mode the setting would end up in requests. And not outside
    transactions: CREATE INDEX CONCURRENTLY blocks nobody while it waits, and leaves an invalid index if it is stopped.
    """

    def __init__(self, seconds: float) -> None:
        self.statement = f"SET LOCAL lock_timeout = {max(1, round(seconds * 1000))}"

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        from psycopg.pq import TransactionStatus

        connection = context["connection"]
        session = connection.connection
        # Idle inside atomic(): this statement begins the transaction.
        if connection.in_atomic_block and session.info.transaction_status == TransactionStatus.IDLE:
            session.execute(self.statement)
        return execute(sql, params, many, context)


def _open_transactions(database: str) -> str:
    """Name the transactions that have been open longest; their SQL is not shown, as it can contain patients' data."""
    with connections[database].cursor() as cursor:
        cursor.execute(
            "SELECT pid, usename, application_name, date_trunc('second', now() - xact_start) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            " ORDER BY xact_start LIMIT 3"
        )
        rows = cursor.fetchall()
    return "".join(
        f"\nOpen for {age}: process {pid} of user {user}{f' ({application})' if application else ''}."
        for pid, user, application, age in rows
    )
