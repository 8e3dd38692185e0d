"""Renditions of uploaded pictures: responsive image sources and Open Graph crops.

An upload is re-encoded from its pixels before it is stored (see uploads.py), which removes all metadata, and its file
name contains a hash of its content. After the commit, AVIF and WebP renditions in four widths and one fallback are
written, with a JSON manifest that lists them. A page reads the manifest; renditions that are missing on disk are left
out, and the original is the last fallback.

There is no cache: a manifest has a few hundred bytes, and a replaced picture has a new name.
"""

import hashlib
import io
import json
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image, ImageOps

from booking.image_upload import read_picture
from booking.models import bump_content_version

logger = logging.getLogger("booking.image_upload")
WIDTHS = (480, 720, 960, 1600)
FALLBACK_WIDTH = 960
SHARE_SIZE = (1200, 630)  # The recommended size of og:image.
FOLDER = "renditions"
UNFINISHED = ".part"  # The extension of files that are being written.
UNFINISHED_AFTER = timedelta(days=1)
EXTENSIONS = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}


@dataclass(frozen=True)
class PictureSources:
    """The attributes of a <picture> element. ``sources`` are pairs of MIME type and srcset."""

    src: str
    width: int | None
    height: int | None
    sources: tuple[tuple[str, str], ...] = ()


class TrustedFile(ContentFile):
    """A picture that ships with the project: stored unchanged, not re-encoded."""


def delete_picture_files(name: str) -> None:
    """Delete the files of a replaced or deleted picture: the original, its renditions and its manifest."""
    for file in [*files_in(read_manifest(name)), manifest_name(name), name]:
        if file:
            default_storage.delete(file)


def make_renditions(name: str, *, focus: tuple[int, int] = (50, 50), again: bool = False) -> bool:
    """Write the renditions of a stored picture, then its manifest. Return whether anything was written.

    ``focus`` is the focal point in percent; ``again`` rewrites renditions that are up to date.
    """
    if not default_storage.exists(name):
        return False
    with default_storage.open(name) as stored:
        content = stored.read()
    # Two originals may have the same content, and in two folders even the same base name. The digest includes the
    # full stored name, so that deleting one picture never deletes the renditions of another.
    digest = hashlib.sha256(name.encode() + b"\0" + content).hexdigest()[:16]
    old_manifest = read_manifest(name)
    is_current = old_manifest.get("digest") == digest and old_manifest.get("focus") == list(focus)
    if is_current and not again and all(default_storage.exists(file) for file in files_in(old_manifest)):
        return False
    picture, _kind = read_picture(io.BytesIO(content))
    stem = f"renditions/{PurePosixPath(name).stem[:40]}-{digest}"
    widths = sorted({min(width, picture.width) for width in WIDTHS})

    def write(width: int, extension: str, kind: str, **options: Any) -> list[Any]:
        return [width, write_rendition(picture, width, f"{stem}-{width}.{extension}", kind, **options)]

    manifest: dict[str, Any] = {"digest": digest, "focus": list(focus)}
    manifest |= {"width": picture.width, "height": picture.height}
    manifest["avif"] = [write(width, "avif", "AVIF", quality=48, speed=6) for width in widths]
    manifest["webp"] = [write(width, "webp", "WEBP", quality=80) for width in widths]
    width = min(FALLBACK_WIDTH, picture.width)
    if picture.mode == "RGBA":
        manifest["fallback"] = write(width, "png", "PNG", optimize=True)
    else:
        manifest["fallback"] = write(width, "jpg", "JPEG", quality=82)
    share = ImageOps.fit(on_white(picture), SHARE_SIZE, centering=(focus[0] / 100, focus[1] / 100))
    share_name = f"{stem}-share-{focus[0]}-{focus[1]}.jpg"
    manifest["share"] = write_rendition(share, SHARE_SIZE[0], share_name, "JPEG", quality=84)
    store(manifest_name(name), json.dumps(manifest).encode())
    for file in set(files_in(old_manifest)) - {*files_in(manifest), ""}:
        default_storage.delete(file)
    bump_content_version()  # A page may have been rendered and cached without them since the commit.
    return True


def picture_sources(file: Any) -> PictureSources:
    """Return the sources of a stored picture (an ImageField's value). Never raises if files are missing on disk."""
    manifest = read_manifest(file.name)
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
    return PictureSources(default_storage.url(src), width, height, tuple(sources))


def share_url(file: Any) -> str:
    """Return the URL of the 1200 x 630 crop for og:image, or ""."""
    name = read_manifest(file.name).get("share", "")
    return default_storage.url(name) if name and default_storage.exists(name) else ""


def on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    background = Image.new("RGB", picture.size, "white")
    background.paste(picture, mask=picture.getchannel("A"))
    return background


def write_rendition(picture: Image.Image, width: int, name: str, kind: str, **options: Any) -> str:
    if width < picture.width:
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    picture.save(content, kind, **options)
    store(name, content.getvalue())
    return name


def store(name: str, content: bytes) -> None:
    """Write a file atomically: it may be read, or written by the worker, at the same time."""
    temporary = default_storage.save(f"{name}{UNFINISHED}", ContentFile(content))
    try:
        os.replace(default_storage.path(temporary), default_storage.path(name))
    except OSError:
        default_storage.delete(temporary)
        raise


def delete_unfinished() -> str:
    """Periodic task: delete the temporary files that a crash has left. Nobody has written to them for a day."""
    try:
        _, files = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return ""
    count, limit = 0, timezone.now() - UNFINISHED_AFTER
    for file in files:
        with suppress(FileNotFoundError):  # Renamed or deleted meanwhile.
            name = f"{FOLDER}/{file}"
            if file.endswith(UNFINISHED) and default_storage.get_modified_time(name) < limit:
                default_storage.delete(name)
                count += 1
    return f"Unfinished pictures deleted: {count}." if count else ""


def manifest_name(name: str) -> str:
    return f"renditions/{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"


def read_manifest(name: str) -> dict[str, Any]:
    try:
        with default_storage.open(manifest_name(name)) as stored:
            manifest = json.loads(stored.read())
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def files_in(manifest: dict[str, Any]) -> list[str]:
    pairs = [*manifest.get("avif", []), *manifest.get("webp", []), manifest.get("fallback", [0, ""])]
    return [name for _width, name in pairs] + [manifest.get("share", "")]


def _size(file: Any) -> tuple[int | None, int | None]:
    width, height = getattr(file.instance, "width", None), getattr(file.instance, "height", None)
    if width and height:
        return width, height
    with suppress(OSError, ValueError):
        return file.width, file.height
    return None, None
