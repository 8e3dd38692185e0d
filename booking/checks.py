"""System check: the database still has every ``NoOverlap`` and ``AppendOnly`` constraint."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from booking.constraints import AppendOnly, NoOverlap

_CONSEQUENCES = {
    NoOverlap: "it would accept double bookings",
    AppendOnly: "what was recorded could be changed",
}


@register(Tags.database)
def check_trigger_constraints(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report each constraint whose triggers or exclusion constraint are missing.

    Tables that do not exist yet are skipped.
    """
    problems: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        tables = set(connection.introspection.table_names())
        for model in apps.get_models():
            constraints = [item for item in model._meta.constraints if isinstance(item, (NoOverlap, AppendOnly))]
            if constraints and model._meta.db_table in tables:
                existing = set(_names_in_database(connection, model._meta.db_table))
                problems += [
                    Error(
                        f"The database {alias!r} has lost its guard {constraint.name}: "
                        f"{_CONSEQUENCES[type(constraint)]}.",
                        hint="Restore the database from a backup, or remove and add the constraint in a migration.",
                        obj=model,
                        id="booking.E001",
                    )
                    for constraint in constraints
                    if not _names_of(constraint, connection.vendor) <= existing
                ]
    return problems


def _names_of(constraint: NoOverlap | AppendOnly, vendor: str) -> set[str]:
    if isinstance(constraint, AppendOnly):
        return set(constraint.trigger_names(vendor))
    return set(constraint.trigger_names()) if vendor == "sqlite" else {constraint.name}


def _names_in_database(connection: Any, table: str) -> Iterator[str]:
    """Names of the table's triggers and, on PostgreSQL, of its exclusion constraints."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        else:
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'x' AND conrelid = %s::regclass"
                " UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass",
                [table, table],
            )
        yield from (row[0] for row in cursor.fetchall())
