"""Is the database still able to refuse overlaps by itself?"""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from booking.constraints import NoOverlap


@register(Tags.database)
def overlap_guards_stand(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every ``NoOverlap`` of a table that exists is in force there."""
    problems: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        tables = set(connection.introspection.table_names())
        for model in apps.get_models():
            wanted = [guard for guard in model._meta.constraints if isinstance(guard, NoOverlap)]
            if not wanted or model._meta.db_table not in tables:
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
                found = {row[0] for row in cursor.fetchall()}
            for guard in wanted:
                needed = set(guard.trigger_names()) if connection.vendor == "sqlite" else {guard.name}
                if not needed <= found:
                    problems.append(
                        Error(
                            f"The database {alias!r} has lost its guard {guard.name}: it would accept double bookings.",
                            hint="Restore the database from a backup, or remove and add the constraint in a migration.",
                            obj=model,
                            id="booking.E001",
                        )
                    )
    return problems
