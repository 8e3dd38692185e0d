"""Periodic tasks of the worker: make the renditions of new pictures, delete the files of removed ones.

Pages and uploads never wait for either. A worker claims one row at a time; what it was doing when it crashed is due
again when its claim has run out. ``check_files`` compares rows, models and storage once an hour, and restores whatever
was missed: rows of pictures that an earlier release stored, renditions that were lost.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from booking.models import bump_content_version
from content.media import stored_files
from content.media.earlier_manifests import adopted_fields, manifest_name
from content.media.renditions import FOLDER, write_renditions
from content.models import PictureFile

logger = logging.getLogger("booking.image_upload")
SLICE = 20.0  # seconds of one run
CLAIM = timedelta(minutes=10)  # Far longer than the largest picture takes.
UNUSED_AFTER = timedelta(days=1)
watched: list[tuple[str, str]] = []  # The image fields: app_label.ModelName, and the field's name.
State = PictureFile.State


def prepare_waiting() -> str:
    """Make renditions and delete files until nothing is due, or ``SLICE`` has elapsed; the next run continues.

    A picture whose renditions fail is shown as its original and retried a day later.
    """
    made, started = 0, time.monotonic()
    uploads = PictureFile.objects.filter(kind=PictureFile.Kind.UPLOAD)
    for pk in list(uploads.due(timezone.now()).values_list("pk", flat=True)):
        row = claim(pk)
        if row is not None and row.state == State.REMOVED:
            remove(row)
        elif row is not None:
            made += prepare(row) == State.READY
        if time.monotonic() - started >= SLICE:
            break
    return f"Pictures made ready: {made}." if made else ""


def claim(pk: int, *, if_due: bool = True) -> PictureFile | None:
    """Claim a row for this worker. None if it is not due any more, because another worker was quicker."""
    now = timezone.now()
    rows = PictureFile.objects.due(now) if if_due else PictureFile.objects.unclaimed(now)
    until = now + CLAIM
    return PictureFile.objects.get(pk=pk) if rows.filter(pk=pk).order_by().update(claimed_until=until) else None


@contextmanager
def released_on_failure(row: PictureFile) -> Iterator[None]:
    """Let another worker have a claimed row at once if the storage, or the database, is away."""
    try:
        yield
    except BaseException:
        PictureFile.objects.filter(pk=row.pk, claimed_until=row.claimed_until).update(claimed_until=None)
        raise


def prepare(row: PictureFile, *, again: bool = False) -> str:
    """Make the missing renditions of a claimed row, and return its new state. Raises OSError if the storage is away."""
    old = set(row.rendition_names)
    with released_on_failure(row):
        fields = _made(row, again=again)
        unused = _finish(row, fields, old)
    stored_files.delete(unused)
    return str(fields["state"])


def _made(row: PictureFile, *, again: bool) -> dict[str, Any]:
    """Write the files of a row, and return its new fields."""
    adopted = {} if row.renditions or again else adopted_fields(row)
    for field, value in adopted.items():
        setattr(row, field, value)
    try:
        return adopted | write_renditions(row, again=again) | {"state": State.READY, "failed_at": None}
    except FileNotFoundError:
        if row.state != State.MISSING:
            logger.error("Picture %s is not in the storage. Pages show its description instead.", row.pk)
        return {"state": State.MISSING, "failed_at": timezone.now()}
    except OSError:  # The storage: nothing is known about the picture.
        raise
    except Exception as error:  # One broken file must not block the others.
        logger.warning("Picture %s cannot be made ready (%s).", row.pk, type(error).__name__)
        return {"state": State.FAILED, "failed_at": timezone.now()}


def _finish(row: PictureFile, fields: dict[str, Any], old: set[str]) -> set[str]:
    """Write the fields, unless the row was changed meanwhile. Return the names of the files that no row uses."""
    written = set(PictureFile(renditions=fields.get("renditions", row.renditions)).rendition_names)
    with transaction.atomic():
        claimed = PictureFile.objects.filter(pk=row.pk, claimed_until=row.claimed_until)
        is_same = claimed.filter(focal_x=row.focal_x, focal_y=row.focal_y)
        if is_same.exclude(state=State.REMOVED).update(**fields, claimed_until=None):
            if "renditions" in fields:
                bump_content_version()  # A page may have been rendered and cached without them.
            return old - written
        claimed.update(claimed_until=None)  # Its focal point was moved, or it was removed: it is due.
        current = PictureFile.objects.filter(pk=row.pk).first()
        return written - set(current.rendition_names if current else ())


def remove(row: PictureFile) -> None:
    """Delete the files of a claimed row, then the row. A picture that a model refers to (again) is kept."""
    if is_used(row.name):
        PictureFile.objects.filter(pk=row.pk).update(state=State.WAITING, claimed_until=None)
        return
    with released_on_failure(row):
        _delete_files(row)
    PictureFile.objects.filter(pk=row.pk, state=State.REMOVED).delete()


def _delete_files(row: PictureFile) -> None:
    adopted = adopted_fields(row)
    listed = [*row.rendition_names, *PictureFile(renditions=adopted.get("renditions", {})).rendition_names]
    stored_files.delete([*listed, manifest_name(row.name), row.name])


def is_used(name: str) -> bool:
    return any(apps.get_model(label)._default_manager.filter(**{field: name}).exists() for label, field in watched)


def used_pictures() -> dict[str, tuple[int, int]]:
    """Return the focal point, in percent, of every picture that a model refers to, by its stored name."""
    used: dict[str, tuple[int, int]] = {}
    for label, field in watched:
        for row in apps.get_model(label)._default_manager.exclude(**{field: ""}):
            used.setdefault(getattr(row, field).name, (getattr(row, "focal_x", 50), getattr(row, "focal_y", 50)))
    return used


def check_files() -> str:
    """Compare the rows with the models that refer to pictures, and with the storage. Later runs find nothing to do."""
    used = used_pictures()
    rows = {row.name: row for row in PictureFile.objects.filter(kind=PictureFile.Kind.UPLOAD)}
    new = [PictureFile(name=name, focal_x=x, focal_y=y) for name, (x, y) in used.items() if name not in rows]
    PictureFile.objects.bulk_create(new, ignore_conflicts=True)
    for name, (x, y) in used.items():
        if name in rows and (rows[name].focal_x, rows[name].focal_y) != (x, y):
            PictureFile.objects.filter(name=name).update(state=State.WAITING, focal_x=x, focal_y=y)
    unused = PictureFile.objects.filter(name__in=rows.keys() - used.keys(), created_at__lt=_unused_since())
    unused.update(state=State.REMOVED)
    lost = _check_storage([row for name, row in rows.items() if name in used and row.state == State.READY])
    return f"Pictures that are not in the storage: {lost}." if lost else ""


def _unused_since() -> datetime:
    return timezone.now() - UNUSED_AFTER


def _check_storage(rows: list[PictureFile]) -> int:
    """Mark rows whose files are missing in the storage. Return the number of originals that are."""
    folders = {row.name.rpartition("/")[0] for row in rows}
    stored = (
        {name for folder in [*folders, FOLDER] if folder for name in stored_files.names_in(folder)} if rows else set()
    )
    missing = [row for row in rows if row.name not in stored and not default_storage.exists(row.name)]
    # Only where the original is there: a folder that is not mounted for an hour makes nothing to encode again.
    incomplete = [row for row in rows if row not in missing and not stored.issuperset(row.rendition_names)]
    for row in missing:
        logger.error("Picture %s is not in the storage. Pages show its description instead.", row.pk)
    if missing or incomplete:
        now, keys = timezone.now(), [row.pk for row in missing]
        PictureFile.objects.filter(pk__in=keys).update(state=State.MISSING, failed_at=now)
        keys = [row.pk for row in incomplete]
        PictureFile.objects.filter(pk__in=keys).update(state=State.WAITING, renditions={})
        bump_content_version()
    return len(missing)
