"""Base classes of append-only models: the audit log of appointments, patients and pages."""

from typing import Any

from django.db import models


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def delete(self) -> Any:
        raise TypeError("This is a record: it is never deleted.")

    def update(self, **kwargs: Any) -> int:
        raise TypeError("This is a record: it is never changed.")

    def redact(self, **empty: Any) -> int:
        """Empty the values of a person who is disposed of. Models with ``AppendOnly`` refuse it at any other time."""
        return super().update(**empty)

    def delete_expired(self) -> int:
        """Delete rows whose retention period is over. Models with ``AppendOnly`` refuse it at any other time."""
        return super().delete()[0]


class AppendOnlyModel(models.Model):
    """A row that cannot be updated or deleted: both raise TypeError.

    It is deleted only by cascade. A subclass sets its own manager: ``AppendOnlyQuerySet.as_manager()``,
    or that of a queryset derived from it.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("This is a record: it is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("This is a record: it is never deleted.")
