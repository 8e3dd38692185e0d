"""What happens to an uploaded picture, and how a page shows it.

Before it is stored it is drawn anew from its pixels, so that where and when it was taken, and
anything else hidden in the file, is gone; its name then holds a hash of what is in it. After the
commit it gets AVIF and WebP renditions in four widths and one fallback, named likewise, and a
small manifest that lists them. A page reads the manifest; whatever is missing on disk is left
out, down to the original.

Nothing is cached: a manifest is a few hundred bytes, and a replaced picture has a new name. Whoever
keeps what it shows asks ``on_disk`` whether anything has come or gone since.
"""

import hashlib
import io
import json
import logging
import os
import time
from collections.abc import Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_save
from PIL import Image, ImageCms, ImageOps

from booking.models import raise_shown_version
from booking.pictures import FORMATS

logger = logging.getLogger("booking.pictures")
WIDTHS = (480, 720, 960, 1600)
FALLBACK_WIDTH = 960
SHARE_SIZE = (1200, 630)  # What Open Graph asks for.
EXTENSIONS = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}
READY = ("renditions", "share")  # Where renditions lie with their manifests, and cards for shared links.
UNSETTLED = "just being written"
SECOND = 10**9  # nanoseconds
watched: list[tuple[str, str]] = []


@dataclass(frozen=True)
class Shown:
    """What a <picture> element needs. ``sources`` are pairs of MIME type and srcset."""

    src: str
    width: int | None
    height: int | None
    sources: tuple[tuple[str, str], ...] = ()


def watch(label: str, field: str) -> None:
    """Treat what is uploaded into this image field as pages need it."""
    watched.append((label, field))
    model = apps.get_model(label)
    for signal, receiver in ((pre_save, _before_save), (post_save, _after_save), (post_delete, _after_delete)):
        uid = f"{receiver.__name__} {label}.{field}"
        signal.connect(partial(receiver, field=field), sender=model, weak=False, dispatch_uid=uid)


def _before_save(sender: Any, instance: Any, field: str, **kwargs: Any) -> None:
    file = getattr(instance, field)
    if file and file._committed:
        return
    if instance.pk:
        for old in sender._default_manager.filter(pk=instance.pk).exclude(**{field: ""}).values_list(field, flat=True):
            transaction.on_commit(partial(forget, old), robust=True)
    if not file:
        return
    file.file.seek(0)
    content, extension = clean_copy(file.file)
    stem = PurePosixPath(file.name).stem[:60]
    file.name = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{extension}"
    file.file = ContentFile(content, name=file.name)
    if hasattr(file, "_dimensions_cache"):
        del file._dimensions_cache
    sender._meta.get_field(field).update_dimension_fields(instance, force=True)


def _after_save(sender: Any, instance: Any, field: str, **kwargs: Any) -> None:
    file = getattr(instance, field)
    if file:
        focus = (getattr(instance, "focal_x", 50), getattr(instance, "focal_y", 50))
        transaction.on_commit(partial(make_renditions, file.name, focus=focus), robust=True)


def _after_delete(sender: Any, instance: Any, field: str, **kwargs: Any) -> None:
    if getattr(instance, field):
        transaction.on_commit(partial(forget, getattr(instance, field).name), robust=True)


def forget(name: str) -> None:
    """Take a picture that was replaced or deleted off the disk, with all its renditions."""
    for file in [*_files(_manifest(name)), _manifest_name(name), name]:
        if file:
            default_storage.delete(file)


def clean_copy(file: Any) -> tuple[bytes, str]:
    """The same picture, upright, in sRGB, without metadata; and the extension of its type."""
    try:
        with Image.open(file, formats=FORMATS) as opened:
            kind = opened.format or ""
            picture = upright_srgb(opened)
    except Exception:  # A broken picture fails in as many ways as there are decoders.
        raise ValidationError("This is not a JPEG, PNG or WebP picture.") from None
    content = io.BytesIO()
    if kind == "PNG":
        picture.save(content, "PNG")
    elif kind == "WEBP":
        picture.save(content, "WEBP", quality=92)
    else:
        picture.convert("RGB").save(content, "JPEG", quality=92, subsampling=0)
    return content.getvalue(), EXTENSIONS[kind]


def upright_srgb(opened: Image.Image) -> Image.Image:
    picture = ImageOps.exif_transpose(opened)
    profile = opened.info.get("icc_profile")
    mode = "RGBA" if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info else "RGB"
    if picture.mode.startswith("I"):  # 16 bits of grey: converting cuts them off at white.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    elif picture.mode in ("P", "PA"):
        picture = picture.convert(mode)  # A profile is about the colours that a palette names.
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError):
            converted = ImageCms.profileToProfile(
                picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=mode
            )
            picture = converted or picture
    picture = picture.convert(mode)
    picture.info.clear()
    return picture


def catch_up() -> str:
    """Make what is missing: the site may have stopped between a commit and its pictures. For the worker."""
    made = 0
    for name, focus in every_picture():
        manifest = _manifest(name)
        if manifest.get("focus") == list(focus) and all(map(default_storage.exists, _files(manifest))):
            continue
        try:
            made += make_renditions(name, focus=focus)
        except Exception as problem:  # One broken file must not keep the others waiting.
            logger.warning("The picture %s cannot be made ready (%s).", name, type(problem).__name__)
    return f"Pictures made ready: {made}." if made else ""


def every_picture() -> Iterator[tuple[str, tuple[int, int]]]:
    """The stored name and the focal point of every picture that pages may show."""
    for label, field in watched:
        for row in apps.get_model(label)._default_manager.exclude(**{field: ""}):
            yield getattr(row, field).name, (getattr(row, "focal_x", 50), getattr(row, "focal_y", 50))


def make_renditions(name: str, *, focus: tuple[int, int] = (50, 50), again: bool = False) -> bool:
    """Write the renditions of one stored picture, and then its manifest; whether there was anything to do."""
    if not default_storage.exists(name):
        return False
    with default_storage.open(name) as stored:
        content = stored.read()
    # Two originals may have the same content, and in two folders even the same name: the whole
    # stored name counts, so that no picture takes another's renditions along when it goes.
    digest = hashlib.sha256(name.encode() + b"\0" + content).hexdigest()[:16]
    before = _manifest(name)
    stands = before.get("digest") == digest and before.get("focus") == list(focus)
    if stands and not again and all(default_storage.exists(file) for file in _files(before)):
        return False
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        picture = upright_srgb(opened)
    stem = f"renditions/{PurePosixPath(name).stem[:40]}-{digest}"
    widths = sorted({min(width, picture.width) for width in WIDTHS})
    manifest: dict[str, Any] = {"digest": digest, "focus": list(focus)}
    manifest |= {"width": picture.width, "height": picture.height}
    manifest["avif"] = [[w, _write(picture, w, f"{stem}-{w}.avif", "AVIF", quality=48, speed=6)] for w in widths]
    manifest["webp"] = [[w, _write(picture, w, f"{stem}-{w}.webp", "WEBP", quality=80)] for w in widths]
    width = min(FALLBACK_WIDTH, picture.width)
    if picture.mode == "RGBA":
        manifest["fallback"] = [width, _write(picture, width, f"{stem}-{width}.png", "PNG", optimize=True)]
    else:
        manifest["fallback"] = [width, _write(picture, width, f"{stem}-{width}.jpg", "JPEG", quality=82)]
    share = ImageOps.fit(on_white(picture), SHARE_SIZE, centering=(focus[0] / 100, focus[1] / 100))
    share_name = f"{stem}-share-{focus[0]}-{focus[1]}.jpg"
    manifest["share"] = _write(share, SHARE_SIZE[0], share_name, "JPEG", quality=84)
    store(_manifest_name(name), json.dumps(manifest).encode())
    for file in set(_files(before)) - {*_files(manifest), ""}:
        default_storage.delete(file)
    raise_shown_version()  # A page may have been made and kept since the commit, without them.
    return True


def show(file: Any) -> Shown:
    """How to show a stored picture (an ImageField's value). Never raises for what is missing on disk."""
    manifest = _manifest(file.name)
    width, height = manifest.get("width"), manifest.get("height")
    if not width or not height:
        width, height = _size(file)
    sources = []
    for kind in ("avif", "webp"):
        entries = [(w, name) for w, name in manifest.get(kind, []) if default_storage.exists(name)]
        if entries:
            srcset = ", ".join(f"{default_storage.url(name)} {w}w" for w, name in entries)
            sources.append((f"image/{kind}", srcset))
    src = file.name
    if manifest.get("fallback") and default_storage.exists(manifest["fallback"][1]):
        src = manifest["fallback"][1]
    return Shown(default_storage.url(src), width, height, tuple(sources))


def on_disk() -> Hashable:
    """Another value whenever a file came to, or went from, what lies ready for pages.

    ``UNSETTLED`` in the second after that: a folder's time is too coarse to tell one file from the next.
    """
    folders = [os.path.join(default_storage.location, folder) for folder in READY]  # type: ignore[attr-defined]
    times = [os.stat(folder).st_mtime_ns if os.path.isdir(folder) else 0 for folder in folders]
    return UNSETTLED if 0 <= time.time_ns() - max(times) < SECOND else (*folders, *times)


def share_url(file: Any) -> str:
    """The address of the 1200 x 630 picture for shared links, or nothing."""
    name = _manifest(file.name).get("share", "")
    return default_storage.url(name) if name and default_storage.exists(name) else ""


def on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _write(picture: Image.Image, width: int, name: str, kind: str, **options: Any) -> str:
    if width < picture.width:
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    picture.save(content, kind, **options)
    store(name, content.getvalue())
    return name


def store(name: str, content: bytes) -> None:
    """Whole or not at all: readers may be fetching it, and the worker may be writing the same."""
    part = default_storage.save(f"{name}.part", ContentFile(content))
    os.replace(default_storage.path(part), default_storage.path(name))


def _manifest_name(name: str) -> str:
    return f"renditions/{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"


def _manifest(name: str) -> dict[str, Any]:
    try:
        with default_storage.open(_manifest_name(name)) as stored:
            manifest = json.loads(stored.read())
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _files(manifest: dict[str, Any]) -> list[str]:
    pairs = [*manifest.get("avif", []), *manifest.get("webp", []), manifest.get("fallback", [0, ""])]
    return [name for _width, name in pairs] + [manifest.get("share", "")]


def _size(file: Any) -> tuple[int | None, int | None]:
    width, height = getattr(file.instance, "width", None), getattr(file.instance, "height", None)
    if width and height:
        return width, height
    with suppress(OSError, ValueError):
        return file.width, file.height
    return None, None
