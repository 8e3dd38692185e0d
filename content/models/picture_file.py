"""The files of stored pictures: which renditions each has, and what the worker still has to do."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

RETRY_FAILED = timedelta(days=1)
RETRY_MISSING = timedelta(minutes=10)


class PictureFileQuerySet(models.QuerySet["PictureFile"]):
    def unclaimed(self, now: datetime) -> Self:
        return self.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=now))

    def due(self, now: datetime) -> Self:
        """The files that the worker has something to do for, and that no worker is busy with."""
        state = PictureFile.State
        is_due = Q(state__in=[state.WAITING, state.REMOVED])
        is_due |= Q(state=state.FAILED, failed_at__lte=now - RETRY_FAILED)
        is_due |= Q(state=state.MISSING, failed_at__lte=now - RETRY_MISSING)
        return self.unclaimed(now).filter(is_due).order_by("pk")


class PictureFile(models.Model):
    """A picture in the storage, by its name there. Pages read these rows and never ask the storage.

    ``renditions`` lists files that are complete: ``avif`` and ``webp`` are lists of [width, name], ``fallback`` is one
    such pair, ``share`` is the name of the crop for og:image. A share card has no renditions.

    A worker claims a row with a conditional update of ``claimed_until``, so that two workers never encode one picture.
    """

    class Kind(models.TextChoices):
        UPLOAD = "upload", _("upload")
        SHARE_CARD = "share card", _("picture for shared links")

    class State(models.TextChoices):
        WAITING = "waiting", _("being prepared")
        READY = "ready", _("ready")
        FAILED = "failed", _("could not be prepared")
        MISSING = "missing", _("file is missing")
        REMOVED = "removed", _("being deleted")

    name = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.UPLOAD)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    digest = models.CharField(max_length=16, blank=True)  # Part of the names of the renditions.
    focal_x = models.PositiveSmallIntegerField(default=50)
    focal_y = models.PositiveSmallIntegerField(default=50)
    width = models.PositiveIntegerField(default=0)  # 0: not known yet
    height = models.PositiveIntegerField(default=0)
    renditions = models.JSONField(default=dict)
    failed_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = PictureFileQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def rendition_names(self) -> list[str]:
        """The names of all renditions, with the crop for og:image."""
        listed: dict[str, Any] = self.renditions
        pairs = [*listed.get("avif", []), *listed.get("webp", []), listed.get("fallback", [0, ""])]
        return [name for _width, name in pairs if name] + [name for name in [listed.get("share", "")] if name]
