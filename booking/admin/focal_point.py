"""Choosing which point of a picture stays in sight when it is cut: by a click, or by two numbers."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


def to_click_on(src: str, width: Any = None, height: Any = None) -> SafeString:
    """The stored picture (static/js/focal_point.js). Without a script the two numbers below say the same."""
    image = mark_safe("It appears here once it is saved.")
    if src:
        image = format_html('<img src="{}"{} alt="The picture as it is stored">', src, _size(width, height))
    return format_html(
        '<div class="focal-point"><div class="focal-point__picture">{}</div></div>'
        '<div class="focal-point__hint">What must stay in sight when the picture is cut to another shape. '
        "Click on it, or type how far it is from the left and from the top.</div>",
        image,
    )


def _size(width: Any, height: Any) -> SafeString:
    return format_html(' width="{}" height="{}"', width, height) if width and height else mark_safe("")
