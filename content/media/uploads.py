"""Process uploaded pictures: re-encode them when they are saved, and leave the rest to the worker (preparation.py)."""

import hashlib
import io
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.db.models.signals import post_delete, post_save, pre_save
from PIL import Image

from booking.image_upload import is_stored, read_picture
from content.media.preparation import watched
from content.media.renditions import EXTENSIONS
from content.media.stored_files import TrustedFile, size_of
from content.models import PictureFile

State = PictureFile.State


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
            _mark_removed(old)
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
    width, height = Image.open(io.BytesIO(content)).size
    if hasattr(instance, "width"):
        instance.width, instance.height = width, height
    new: dict[str, Any] = {"state": State.WAITING, "renditions": {}, "digest": "", "claimed_until": None}
    new |= {"width": width, "height": height, **_focus(instance)}
    PictureFile.objects.update_or_create(name=file.name, defaults=new)


def _after_save(sender: Any, instance: Any, field: str, raw: bool = False, **kwargs: Any) -> None:
    """Make the picture due if its focal point was moved, or if it came with its name only, as from a draft."""
    file = getattr(instance, field)
    if raw or not file:
        return
    width, height = size_of(file)
    focus = _focus(instance)
    row, is_new = PictureFile.objects.get_or_create(
        name=file.name, defaults={"width": width, "height": height, **focus}
    )
    if hasattr(instance, "focal_x") and not is_new and (row.focal_x, row.focal_y) != tuple(focus.values()):
        PictureFile.objects.filter(pk=row.pk).update(state=State.WAITING, **focus)


def _after_delete(sender: Any, instance: Any, field: str, **kwargs: Any) -> None:
    if getattr(instance, field):
        _mark_removed(getattr(instance, field).name)


def _mark_removed(name: str) -> None:
    """Let the worker delete the files, after this transaction, unless another row refers to them."""
    PictureFile.objects.update_or_create(name=name, defaults={"state": State.REMOVED})


def _focus(instance: Any) -> dict[str, int]:
    return {"focal_x": getattr(instance, "focal_x", 50), "focal_y": getattr(instance, "focal_y", 50)}


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
