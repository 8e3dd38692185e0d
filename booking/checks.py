"""System check: the database still has every overlap constraint (``NoOverlap``)."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from booking.constraints import NoOverlap


@register(Tags.database)
def check_overlap_constraints(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report each ``NoOverlap`` whose triggers (SQLite) or exclusion constraint (PostgreSQL) are missing.

    Tables that do not exist yet are skipped.
    """
    problems: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        tables = set(connection.introspection.table_names())
        for model in apps.get_models():
            constraints = [constraint for constraint in model._meta.constraints if isinstance(constraint, NoOverlap)]
            if not constraints or model._meta.db_table not in tables:
                continue
            with connection.cursor() as cursor:
                if connection.vendor == "sqlite":
                    cursor.execute(
                        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
                        [model._meta.db_table],
                    )
                else:
                    cursor.execute(
                        "SELECT conname FROM pg_constraint WHERE contype = 'x' AND conrelid = %s::regclass",
                        [model._meta.db_table],
                    )
                existing = {row[0] for row in cursor.fetchall()}
            for constraint in constraints:
                required = set(constraint.trigger_names()) if connection.vendor == "sqlite" else {constraint.name}
                if not required <= existing:
                    problems.append(
                        Error(
                            f"The database {alias!r} has lost its guard {constraint.name}: "
                            "it would accept double bookings.",
                            hint="Restore the database from a backup, or remove and add the constraint in a migration.",
                            obj=model,
                            id="booking.E001",
                        )
                    )
    return problems
