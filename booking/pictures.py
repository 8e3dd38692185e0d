"""Is this file a picture we take? Asked before anything is decoded.

A picture of 20 KB can unpack to 800 MB, so the type and the number of pixels are read from its
header first; only then is it decoded once, to refuse a file that is cut off.
"""

import warnings
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from PIL import Image, UnidentifiedImageError

LARGEST_FILE = 15 * 1024 * 1024  # bytes
LARGEST_PICTURE = 25_000_000  # pixels
SMALLEST_SIDE = 100  # pixels
# Phones write several pictures into one JPEG (MPO); Pillow opens it as the JPEG it begins with.
FORMATS = ("JPEG", "PNG", "WEBP")
MOVING = ("PNG", "WEBP")


def validate_picture(file: Any) -> None:
    """Refuse anything but a whole JPEG, PNG or WebP picture of up to 25 megapixels and 15 MB.

    A file that is stored already was checked when it came in, and is left alone.
    """
    if getattr(file, "_committed", False):
        return
    if file.size > LARGEST_FILE:
        raise ValidationError("This picture is larger than 15 MB. Save a smaller one and choose it again.")
    position = file.tell() if hasattr(file, "tell") else 0
    try:
        with warnings.catch_warnings():
            # Pillow warns of the very thing the pixel count below refuses.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            _check(file)
    finally:
        with suppress(ValueError):
            file.seek(position)


def _check(file: Any) -> None:
    file.seek(0)
    try:
        picture = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError:
        raise ValidationError(_too_many_pixels()) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise ValidationError("This is not a JPEG, PNG or WebP picture.") from None
    width, height = picture.size
    if width * height > LARGEST_PICTURE:
        raise ValidationError(_too_many_pixels(width * height))
    if min(width, height) < SMALLEST_SIDE:
        raise ValidationError(f"This picture is too small: each side needs at least {SMALLEST_SIDE} pixels.")
    if picture.format in MOVING and getattr(picture, "n_frames", 1) > 1:
        raise ValidationError("This picture moves. Save one moment of it as a still picture and choose that.")
    try:
        picture.load()
    except Exception:  # A broken picture fails in as many ways as there are decoders.
        raise ValidationError("This picture is damaged or cut off. Save it again and choose it once more.") from None


def _too_many_pixels(count: int = 0) -> str:
    size = f" ({count / 1_000_000:.0f} megapixels)" if count else ""
    return f"This picture has too many pixels{size}. Up to 25 megapixels are fine: make it smaller and choose it again."


class PictureField(forms.ImageField):
    """A form's field for a picture: checked as above before anything else touches the file.

    Django's own would open it as any of forty types, and trip over one with too many pixels. What a
    file is called decides nothing: it is stored under the name of what is in it.
    """

    default_validators = []

    def to_python(self, data: Any) -> Any:
        file = forms.FileField.to_python(self, data)
        if file is not None:
            validate_picture(file)
        return file

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"accept": "image/jpeg,image/png,image/webp"}
