"""The content version: a counter of changes to public content, which invalidates cached pages."""

from collections.abc import Collection
from typing import Any

from django.apps import AppConfig
from django.db import models
from django.db.models import F
from django.db.models.signals import m2m_changed, post_delete, post_save

THE_ROW = 1


class ContentVersion(models.Model):
    """A single row, whose number is incremented in the same transaction as each change of public content.

    Readers query the number before the content: the content may then be newer than its cached version,
    which the next request corrects, but never older. Booked and freed slots do not bump the version: they
    change too often, and a page caches a slot for a minute at most.
    """

    number = models.BigIntegerField(default=0)

    class Meta:
        db_table = "booking_shownversion"
        verbose_name = "version of what is shown"

    def __str__(self) -> str:
        return str(self.number)


# Built once: every cached page runs it, and building the queryset takes longer than the query.
_number = ContentVersion.objects.filter(pk=THE_ROW).values_list("number", flat=True)


def current_content_version() -> int:
    """The current content version; 0 before the first change."""
    return next(iter(_number.all()), 0)


def bump_content_version(**_: Any) -> None:
    """Increment the content version. Also a signal receiver; ignores the signal's arguments."""
    if not ContentVersion.objects.filter(pk=THE_ROW).update(number=F("number") + 1):
        ContentVersion.objects.bulk_create([ContentVersion(pk=THE_ROW, number=1)], ignore_conflicts=True)


def connect_version_signals(app: AppConfig, *, but: Collection[str]) -> None:
    """Bump the content version whenever a row of the app changes, except for models named in ``but``.

    New models are included by default: a needless invalidation is better than a stale page.
    ``QuerySet.update()`` sends no signal: its callers must call ``bump_content_version()``.
    """
    for model in app.get_models(include_auto_created=True):
        if model.__name__ in but:
            continue
        label = f"shown:{model._meta.label}"
        post_save.connect(bump_content_version, sender=model, dispatch_uid=f"{label}:saved")
        post_delete.connect(bump_content_version, sender=model, dispatch_uid=f"{label}:deleted")
        m2m_changed.connect(bump_content_version, sender=model, dispatch_uid=f"{label}:joined")
