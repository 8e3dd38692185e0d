"""How often what readers see has changed: one number, so that a kept page can tell whether it still holds."""

from collections.abc import Collection
from typing import Any

from django.apps import AppConfig
from django.db import connection, models
from django.db.models import F
from django.db.models.signals import m2m_changed, post_delete, post_save

THE_ROW = 1


class ShownVersion(models.Model):
    """One row, whose number is raised in the same transaction as every change of what pages show.

    A reader who asks for the number first and for the rows afterwards never holds new rows under an
    old number for longer than until the next look. Times that are taken and freed do not count: they
    change too often, and pages look at them again each second (``clinic/page_cache.py``).
    """

    number = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "version of what is shown"

    def __str__(self) -> str:
        return str(self.number)


def shown_version() -> int:
    """The present number, in one small query.

    Each kept page waits for it, and what Django does around a query takes longer than this one.
    """
    ask = _ask_and_count if connection.queries_logged else connection.ask_at_once  # type: ignore[attr-defined]
    rows = ask("SELECT number FROM booking_shownversion WHERE id = 1")
    return rows[0][0] if rows else 0


def _ask_and_count(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def raise_shown_version(**_: Any) -> None:
    """Say that something shown has changed. Takes and ignores what a signal sends."""
    if not ShownVersion.objects.filter(pk=THE_ROW).update(number=F("number") + 1):
        ShownVersion.objects.bulk_create([ShownVersion(pk=THE_ROW, number=1)], ignore_conflicts=True)


def watch_what_is_shown(app: AppConfig, *, but: Collection[str]) -> None:
    """Raise the number whenever a row of the app changes, except of the models named in ``but``.

    A model that nobody thought of counts as shown: then pages are made anew once too often, which
    is better than once too seldom. ``QuerySet.update()`` tells nobody, so it needs a call of its own.
    """
    for model in app.get_models(include_auto_created=True):
        if model.__name__ in but:
            continue
        label = f"shown:{model._meta.label}"
        post_save.connect(raise_shown_version, sender=model, dispatch_uid=f"{label}:saved")
        post_delete.connect(raise_shown_version, sender=model, dispatch_uid=f"{label}:deleted")
        m2m_changed.connect(raise_shown_version, sender=model, dispatch_uid=f"{label}:joined")
