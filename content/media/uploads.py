"""Process uploaded pictures: re-encode them on save, create renditions, delete replaced files."""

import hashlib
import io
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_save
from PIL import Image

from booking.image_upload import is_stored, read_picture
from content.media.renditions import (
    EXTENSIONS,
    TrustedFile,
    delete_picture_files,
    files_in,
    logger,
    make_renditions,
    manifest_name,
    read_manifest,
    store,
)

SLICE = 20.0  # seconds of one run of the periodic task
RETRY_AFTER = 86_400.0  # seconds
watched: list[tuple[str, str]] = []


def watch(label: str, field: str) -> None:
    """Connect the signal handlers for an image field. ``label`` is the model's app_label.ModelName."""
    watched.append((label, field))
    model = apps.get_model(label)
    for signal, receiver in ((pre_save, _before_save), (post_save, _after_save), (post_delete, _after_delete)):
        uid = f"{receiver.__name__} {label}.{field}"
        signal.connect(partial(receiver, field=field), sender=model, weak=False, dispatch_uid=uid)


def _before_save(sender: Any, instance: Any, field: str, raw: bool = False, **kwargs: Any) -> None:
    file = getattr(instance, field)
    if raw or (file and is_stored(file)):
        return
    if instance.pk:
        for old in sender._default_manager.filter(pk=instance.pk).exclude(**{field: ""}).values_list(field, flat=True):
            _delete_after_commit(old)
    if not file:
        return
    if isinstance(file.file, TrustedFile):
        file.file.seek(0)
        content, extension = file.file.read(), PurePosixPath(file.name).suffix
    else:
        content, extension = clean_copy(file.file)
    # File systems limit a name to 255 bytes, and renditions append to it; 60 characters can be 240 bytes.
    stem = PurePosixPath(file.name).stem[:60].encode()[:180].decode(errors="ignore")
    name = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{extension}"
    file.save(name, ContentFile(content, name=name), save=False)
    if hasattr(instance, "width"):
        instance.width, instance.height = Image.open(io.BytesIO(content)).size


def _after_save(sender: Any, instance: Any, field: str, **kwargs: Any) -> None:
    file = getattr(instance, field)
    if file:
        name, focus = file.name, (getattr(instance, "focal_x", 50), getattr(instance, "focal_y", 50))
        # A lambda, because Django logs the __qualname__ of a robust hook that fails, which a functools.partial lacks.
        transaction.on_commit(lambda: make_renditions(name, focus=focus), robust=True)


def _after_delete(sender: Any, instance: Any, field: str, **kwargs: Any) -> None:
    if getattr(instance, field):
        _delete_after_commit(getattr(instance, field).name)


def _delete_after_commit(name: str) -> None:
    transaction.on_commit(lambda: delete_picture_files(name), robust=True)


def clean_copy(file: Any) -> tuple[bytes, str]:
    """Re-encode a picture upright, in sRGB, without metadata. Return its bytes and file extension."""
    picture, kind = read_picture(file)
    content = io.BytesIO()
    if kind == "PNG":
        picture.save(content, "PNG")
    elif kind == "WEBP":
        picture.save(content, "WEBP", quality=92)
    else:
        picture.convert("RGB").save(content, "JPEG", quality=92, subsampling=0)
    return content.getvalue(), EXTENSIONS[kind]


def create_missing() -> str:
    """Periodic task: create missing renditions, for example after a crash between the commit and its hooks.

    Stops after the picture during which ``SLICE`` elapses; the next run continues. A picture whose renditions fail is
    shown as its original and retried after ``RETRY_AFTER``.
    """
    made, started = 0, time.monotonic()
    for name, focus in every_picture():
        manifest = read_manifest(name)
        if _is_complete(manifest, focus):
            continue
        if 0 <= time.time() - manifest.get("failed_at", 0) < RETRY_AFTER:
            continue
        try:
            made += make_renditions(name, focus=focus)
        except Exception as error:  # One broken file must not block the others.
            logger.warning("The picture %s cannot be made ready (%s).", name, type(error).__name__)
            with suppress(OSError):
                store(manifest_name(name), json.dumps(manifest | {"failed_at": time.time()}).encode())
        if time.monotonic() - started >= SLICE:
            break
    return f"Pictures made ready: {made}." if made else ""


def count_missing() -> int:
    """Return how many pictures still lack renditions, for the metrics."""
    return sum(not _is_complete(read_manifest(name), focus) for name, focus in every_picture())


def _is_complete(manifest: dict[str, Any], focus: tuple[int, int]) -> bool:
    return manifest.get("focus") == list(focus) and all(map(default_storage.exists, files_in(manifest)))


def every_picture() -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the stored name and the focal point, in percent, of every picture that pages may show."""
    for label, field in watched:
        for row in apps.get_model(label)._default_manager.exclude(**{field: ""}):
            yield getattr(row, field).name, (getattr(row, "focal_x", 50), getattr(row, "focal_y", 50))
