"""The history of rows that staff changed outside the admin's own forms: the same log, so that one page shows both."""

import json
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model


def log_change(user: Any, row: Model, message: str) -> None:
    """Add an entry to the row's history."""
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=str(row)[:200],
        action_flag=CHANGE,
        change_message=message,
    )


def log_changed_fields(user: Any, row: Model, fields: list[str]) -> None:
    """Name the fields that were changed, in the admin's form, but none of their values."""
    if fields:
        log_change(user, row, json.dumps([{"changed": {"fields": fields}}]))
