"""A rich text field: bold, italic, lists and links only.

The editor's toolbar and the sanitizer use the same list of extensions, so nothing that can be typed is lost on
saving. Headings are fields of blocks, never part of a text, so heading levels cannot skip.
"""

import re
from html import unescape
from typing import Any

from django.utils.html import strip_tags
from django_prose_editor.fields import ProseEditorField, create_sanitizer

from booking.text_cleaning import clean_text, drop_invisible

EXTENSIONS = {
    "Bold": True,
    "Italic": True,
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "HardBreak": True,
    # Both are ours: static/js/rich_text_paste.js. With autolink, a domain in a link's words would become a second link.
    "WebLink": {"enableTarget": False, "autolink": False, "protocols": ["http", "https", "mailto", "tel"]},
    "PastedText": True,
}

_sanitize = create_sanitizer(EXTENSIONS)
_BREAK = re.compile(r"</(?:p|li|ul|ol)>|<br ?/?>")


def clean_html(html: str) -> str:
    """Return sanitized HTML, normalized as ``clean_text`` does; empty if it holds no words.

    Raises ValidationError for characters that cannot be read. They are looked for twice: the sanitizer cannot read
    half a character, and turns references such as ``&#x202e;`` into characters.
    """
    html = clean_text(_sanitize(clean_text(html)))
    return html if text_of(html) else ""


def text_of(html: str) -> str:
    """Return the words of rich text in one line."""
    return " ".join(unescape(strip_tags(_BREAK.sub(" ", html))).split())


def validate_visible(html: str) -> None:
    """Reject unreadable characters and those that change how text reads, such as the right-to-left override."""
    clean_text(html)


class RichTextField(ProseEditorField):
    """HTML that is sanitized on every save and query, not only in forms, and has no soft hyphens and the like."""

    default_validators = [validate_visible]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("extensions", EXTENSIONS)
        kwargs.setdefault("sanitize", True)
        super().__init__(*args, **kwargs)

    def clean(self, value: Any, instance: Any) -> Any:
        return drop_invisible(super().clean(value, instance))

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return drop_invisible(self.sanitize(value)) if isinstance(value, str) else value

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = drop_invisible(self.sanitize(value))
            setattr(model_instance, self.attname, value)
        return value
