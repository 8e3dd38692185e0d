"""Validate and decode uploaded images.

Validation, storage and rendering all decode with ``read_picture()``, so an image that passes
validation can be rendered. A file of 20 KB can decompress to 800 MB (a decompression bomb), so its
type and its number of pixels are read from the header before it is decoded.
"""

import io
import warnings
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models.fields.files import FieldFile
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

LARGEST_FILE = 15 * 1024 * 1024  # bytes
LARGEST_PICTURE = 25_000_000  # pixels
LONGEST_SIDE = 16_383  # pixels; the limit of WebP
SMALLEST_SIDE = 100  # pixels
# Phones write several images into one JPEG (MPO); Pillow opens the first one as a JPEG.
FORMATS = ("JPEG", "PNG", "WEBP")
ANIMATED_FORMATS = ("PNG", "WEBP")
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
HEIC_NAMES = (".heic", ".heif", ".heics", ".hif")
AVIF_BRANDS = {b"avif", b"avis"}
# The transformation for each value of Exif's Orientation tag (1 is upright).
TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
NOT_A_PICTURE = "This is not a JPEG, PNG or WebP picture."
DAMAGED = "This picture is damaged or cut off. Save it again and choose it once more."
HEIC = (
    "This is a HEIC picture, as newer phones take them, and most browsers can't show it. To get a JPEG: "
    "On an iPhone, open it in Photos, choose Share, then Options, then “Most Compatible”, and save it to Files; "
    "so that new photos are JPEGs, open Settings, Camera, Formats, and choose “Most Compatible”. "
    "On a Mac, open it in Preview and export it as JPEG. On Windows, open it in Photos and save it as .jpg."
)
TOO_LARGE = "This picture is larger than 15 MB: save a smaller one and choose that."
AVIF = "This is an AVIF picture, which older browsers can't show. Open it, save it as a JPEG and choose that."
# LARGEST_PICTURE is lower than the size at which Pillow warns.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def validate_picture(file: Any) -> None:
    """Accept only a complete JPEG, PNG or WebP image of up to 25 megapixels and 15 MB.

    Raises ValidationError otherwise. A file in the storage was validated on upload and is skipped.
    """
    if is_stored(file):
        return
    if file.size > LARGEST_FILE:
        raise ValidationError(TOO_LARGE)
    position = file.tell() if hasattr(file, "tell") else 0
    try:
        picture, _ = read_picture(file)
    finally:
        with suppress(ValueError):
            file.seek(position)
    if min(picture.size) < SMALLEST_SIDE:
        raise ValidationError(f"This picture is too small: each side needs at least {SMALLEST_SIDE} pixels.")


def is_stored(file: Any) -> bool:
    """Whether this is a model field's file that is in the storage, or was there and is missing now.

    The name of an upload has no folder; the name of a stored file begins with its field's. The storage is not asked.
    """
    if not isinstance(file, FieldFile):
        return False
    if (file.name or "").startswith(str(file.field.upload_to)):
        return True
    try:
        return file.file is None
    except FileNotFoundError:
        return True


def read_picture(file: Any) -> tuple[Image.Image, str]:
    """Decode an image to upright sRGB (mode RGB or RGBA) without metadata; also return its format's name.

    Raises ValidationError with a message for the uploader if the site cannot show the image.
    """
    opened = _open(file)
    try:
        opened.load()
        return _in_srgb(_upright(opened), opened.info.get("icc_profile")), str(opened.format)
    except Exception:  # Each decoder raises exceptions of its own for a broken file.
        raise ValidationError(DAMAGED) from None


def _open(file: Any) -> Image.Image:
    """Open the image and validate its header, without decoding pixels."""
    file.seek(0)
    head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:] in HEIC_BRANDS:
        raise ValidationError(HEIC)
    if head[4:8] == b"ftyp" and head[8:] in AVIF_BRANDS:
        raise ValidationError(AVIF)
    file.seek(0)
    try:
        opened = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValidationError(_too_many_pixels()) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        is_heic = str(getattr(file, "name", "")).lower().endswith(HEIC_NAMES)
        raise ValidationError(HEIC if is_heic else NOT_A_PICTURE) from None
    width, height = opened.size
    if width * height > LARGEST_PICTURE:
        raise ValidationError(_too_many_pixels(width * height))
    if max(width, height) > LONGEST_SIDE:
        raise ValidationError(
            f"This picture is {max(width, height):,} pixels long. Up to {LONGEST_SIDE:,} on each side are fine: "
            "cut it or make it smaller and choose it again."
        )
    if opened.format in ANIMATED_FORMATS and getattr(opened, "n_frames", 1) > 1:
        raise ValidationError("This picture is animated: save a still picture and choose that.")
    return opened


def _upright(opened: Image.Image) -> Image.Image:
    """Apply the Exif orientation.

    Not with ImageOps.exif_transpose, which writes the Exif data back and fails on invalid values.
    """
    try:
        transposition = TRANSPOSITIONS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # Damaged metadata does not make the pixels invalid.
        transposition = None
    return opened.copy() if transposition is None else opened.transpose(transposition)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info else "RGB"
    if picture.mode.startswith("I"):  # 16-bit grey: convert() would clip the values at 255.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    elif picture.mode in ("P", "PA"):
        picture = picture.convert(mode)  # The profile applies to the palette's colours.
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError):
            converted = ImageCms.profileToProfile(
                picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=mode
            )
            picture = converted or picture
    picture = picture.convert(mode)
    picture.info.clear()
    return picture


def _too_many_pixels(count: int = 0) -> str:
    size = f" ({count / 1_000_000:.0f} megapixels)" if count else ""
    return f"This picture has too many pixels{size}. Up to 25 megapixels are fine: make it smaller and choose it again."
