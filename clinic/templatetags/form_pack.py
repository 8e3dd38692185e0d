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
    for _, options, _ in context.get("optgroups", ()) if context.get("type") in ("radio", "checkbox") else ():
        for option in options:
            return option["attrs"].get("id") or field.auto_id
    for part in context.get("subwidgets", ()):
        return part["attrs"].get("id") or field.auto_id
    return context["attrs"].get("id") or field.auto_id
