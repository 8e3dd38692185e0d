"""Rich text that staff write in the admin: a few marks, lists and links, and nothing else.

What the editor offers and what is kept come from the same list, so nothing can be typed that is
lost on saving. Headings are blocks of their own, never part of a text: levels cannot jump.
"""

from typing import Any

from django_prose_editor.fields import ProseEditorField

EXTENSIONS = {
    "Bold": True,
    "Italic": True,
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "HardBreak": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto", "tel"]},
}


class RichTextField(ProseEditorField):
    """HTML that is cleaned on every way into the database, not only by forms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("extensions", EXTENSIONS)
        kwargs.setdefault("sanitize", True)
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return self.sanitize(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = self.sanitize(value)
            setattr(model_instance, self.attname, value)
        return value
