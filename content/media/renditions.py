"""Renditions of uploaded pictures: responsive image sources and Open Graph crops.

An upload is re-encoded from its pixels before it is stored (see uploads.py), which removes all metadata, and its file
name contains a hash of its content. The worker then writes AVIF and WebP renditions in four widths, one fallback and
the crop for og:image (see preparation.py), and lists them in the picture's ``PictureFile``. Until then pages show the
original.
"""

import hashlib
import io
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.http import HttpRequest
from PIL import Image, ImageOps

from booking.image_upload import read_picture
from booking.models import Practitioner
from content.media import stored_files
from content.models import PictureFile

WIDTHS = (480, 720, 960, 1600)
FALLBACK_WIDTH = 960
SHARE_SIZE = (1200, 630)  # The recommended size of og:image.
FOLDER = "renditions"
EXTENSIONS = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}


@dataclass(frozen=True)
class PictureSources:
    """The attributes of a <picture> element. ``sources`` are pairs of MIME type and srcset."""

    src: str
    width: int | None
    height: int | None
    sources: tuple[tuple[str, str], ...] = ()


class PictureFiles:
    """The rows of the picture files that one page shows, by name: one query for all that are announced with ``load``.

    Portraits need no announcement, because pages of booking show them, too: the first one loads them all.
    """

    def __init__(self) -> None:
        self._rows: dict[str, PictureFile | None] = {}

    def load(self, names: Iterable[str]) -> None:
        missing = set(names) - self._rows.keys()
        if missing:
            rows = PictureFile.objects.in_bulk(missing, field_name="name")
            self._rows |= dict.fromkeys(missing) | rows

    def get(self, name: str) -> PictureFile | None:
        if name not in self._rows and name.startswith(str(Practitioner.photo.field.upload_to)):
            portraits = PictureFile.objects.filter(name__in=Practitioner.objects.values("photo"))
            self._rows |= {row.name: row for row in portraits}
            self._rows.setdefault(name, None)
        self.load([name])
        return self._rows[name]

    def sources(self, file: Any) -> PictureSources:
        """Return the sources of a stored picture (an ImageField's value), without asking the storage."""
        return sources_of(file, self.get(file.name))

    def share_url(self, file: Any) -> str:
        """Return the URL of the 1200 x 630 crop for og:image, or "" if it has not been made yet."""
        row = self.get(file.name)
        name = row.renditions.get("share", "") if row else ""
        return default_storage.url(name) if name else ""


def picture_files_of(request: HttpRequest | None) -> PictureFiles:
    """Return the request's picture files: the same object for everything on the page."""
    if request is None:
        return PictureFiles()
    if not hasattr(request, "picture_files"):
        request.picture_files = PictureFiles()  # type: ignore[attr-defined]
    return request.picture_files  # type: ignore[attr-defined, no-any-return]


def sources_of(file: Any, row: PictureFile | None) -> PictureSources:
    """Return the sources of a stored picture from its row; the original if there is none, or no renditions yet."""
    width, height = (row.width, row.height) if row and row.width and row.height else stored_files.size_of(file)
    listed = row.renditions if row else {}
    sources = [
        (f"image/{kind}", ", ".join(f"{default_storage.url(name)} {width}w" for width, name in listed[kind]))
        for kind in ("avif", "webp")
        if listed.get(kind)
    ]
    src = listed["fallback"][1] if listed.get("fallback") else file.name
    return PictureSources(default_storage.url(src), width or None, height or None, tuple(sources))


def write_renditions(row: PictureFile, *, again: bool = False) -> dict[str, Any]:
    """Write what is missing of a picture's renditions, and return the fields of its row that list them.

    ``again`` writes them all anew, under new names, because browsers may keep a file for ever. Raises FileNotFoundError
    if the original is missing.
    """
    listed: dict[str, Any] = {} if again else dict(row.renditions)
    focus = (row.focal_x, row.focal_y)
    if listed.get("share", "").endswith(f"-{row.digest}-share-{focus[0]}-{focus[1]}.jpg"):
        if not default_storage.exists(row.name):
            raise FileNotFoundError(row.name)
        return {}
    content = stored_files.read(row.name)
    picture, _kind = read_picture(io.BytesIO(content))
    # Two originals may have the same content, and in two folders even the same base name. The digest includes the
    # full stored name, so that deleting one picture never deletes the renditions of another.
    digest = row.digest or hashlib.sha256(row.name.encode() + b"\0" + content).hexdigest()[:16]
    if again:
        digest = secrets.token_hex(8)
    stem = f"{FOLDER}/{PurePosixPath(row.name).stem[:40]}-{digest}"
    if not listed.get("fallback"):
        listed |= _write_widths(picture, stem)
    share = ImageOps.fit(on_white(picture), SHARE_SIZE, centering=(focus[0] / 100, focus[1] / 100))
    share_name = f"{stem}-share-{focus[0]}-{focus[1]}.jpg"
    listed["share"] = write_rendition(share, SHARE_SIZE[0], share_name, "JPEG", quality=84)
    return {"digest": digest, "width": picture.width, "height": picture.height, "renditions": listed}


def _write_widths(picture: Image.Image, stem: str) -> dict[str, Any]:
    def write(width: int, extension: str, kind: str, **options: Any) -> list[Any]:
        return [width, write_rendition(picture, width, f"{stem}-{width}.{extension}", kind, **options)]

    widths = sorted({min(width, picture.width) for width in WIDTHS})
    listed: dict[str, Any] = {
        "avif": [write(width, "avif", "AVIF", quality=48, speed=6) for width in widths],
        "webp": [write(width, "webp", "WEBP", quality=80) for width in widths],
    }
    width = min(FALLBACK_WIDTH, picture.width)
    if picture.mode == "RGBA":
        listed["fallback"] = write(width, "png", "PNG", optimize=True)
    else:
        listed["fallback"] = write(width, "jpg", "JPEG", quality=82)
    return listed


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
    try:
        picture.save(content, kind, **options)
    except OSError as error:  # Of the encoder, not of the storage.
        raise ValueError(f"The picture cannot be encoded as {kind}.") from error
    return stored_files.store(name, content.getvalue())
