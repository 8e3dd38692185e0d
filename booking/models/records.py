"""Rows that say what happened, and are only ever added."""

from typing import Any

from django.db import models


class RecordQuerySet(models.QuerySet[Any]):
    def delete(self) -> Any:
        raise TypeError("This is a record: it is never deleted.")

    def update(self, **kwargs: Any) -> int:
        raise TypeError("This is a record: it is never changed.")


class Record(models.Model):
    """A row of a record. Append-only: changing or deleting one is an error of whoever tries."""

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("This is a record: it is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("This is a record: it is never deleted.")
