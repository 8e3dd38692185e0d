"""What the form templates need to know about a field and its widget."""

from typing import Any

from django import template
from django.forms.boundfield import BoundField

register = template.Library()


@register.filter
def first_input_id(field: BoundField) -> str:
    """The id of the first input a person can reach in this field: where an error message links to.

    Groups (radios, checkboxes, dates in parts) have no single input, so the widget's own
    context is asked for the first of its parts.
    """
    widget = field.field.widget
    attrs = field.build_widget_attrs({"id": field.auto_id} if field.auto_id else {})
    context: dict[str, Any] = widget.get_context(field.html_name, field.value(), attrs)["widget"]
    parts: list[dict[str, Any]] = context.get("subwidgets", [])
    if getattr(field.field.widget, "input_type", "") in ("radio", "checkbox"):
        parts = [option for _, options, _ in context.get("optgroups", ()) for option in options]
    first = parts[0] if parts else context
    return first["attrs"].get("id") or field.auto_id
