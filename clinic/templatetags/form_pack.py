"""Template filters about a form field and its widget."""

from typing import Any

from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def first_input_id(field: BoundField) -> str:
    """Return the id of the field's first focusable input, the target of links in error messages.

    Radios, checkboxes and split dates have no single input: their first subwidget's id is returned.
    """
    widget = field.field.widget
    attrs = field.build_widget_attrs({"id": field.auto_id} if field.auto_id else {})
    context: dict[str, Any] = widget.get_context(field.html_name, field.value(), attrs)["widget"]
    subwidgets: list[dict[str, Any]] = context.get("subwidgets", [])
    if getattr(field.field.widget, "input_type", "") in ("radio", "checkbox"):
        subwidgets = [option for _, options, _ in context.get("optgroups", ()) for option in options]
    first = subwidgets[0] if subwidgets else context
    return first["attrs"].get("id") or field.auto_id
