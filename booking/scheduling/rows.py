"""Ask by words that are written out, where Django would be longer in putting them together than the database."""

from datetime import date, datetime
from typing import Any

from django.db import connection


def read(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a query; ``%(name)s`` stands for a value, or for a list after IN."""
    names: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, datetime):
            value = connection.ops.adapt_datetimefield_value(value)
        elif isinstance(value, date):
            value = connection.ops.adapt_datefield_value(value)
        if not isinstance(value, (list, tuple)):
            names[name] = value
            continue
        members = {f"{name}_{index}": member for index, member in enumerate(value or (None,))}
        sql = sql.replace(f"%({name})s", ", ".join(f"%({member})s" for member in members))
        names |= members
    with connection.cursor() as cursor:
        cursor.execute(sql, names)
        return cursor.fetchall()
