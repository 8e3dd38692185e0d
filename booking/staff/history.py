"""The history of rows that staff changed outside the admin's own forms: the same log, so that one page shows both."""

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model


def log_change(user: Any, row: Model, message: str | list[dict[str, Any]]) -> None:
    """Add an entry to the row's history. ``message`` names what was changed, never a value of a patient's."""
    LogEntry.objects.log_actions(user.pk, [row], CHANGE, message, single_object=True)  # type: ignore[arg-type]


def log_changed_fields(user: Any, row: Model, fields: list[str]) -> None:
    if fields:
        log_change(user, row, [{"changed": {"fields": fields}}])
