"""Form fields and widgets of the admin: native date and time inputs, normalized text."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, time
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import (
    AdminTextareaWidget,
    AdminTextInputWidget,
    AdminURLFieldWidget,
    RelatedFieldWidgetWrapper,
)
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from booking.forms.fields import EmailLineField, LineField, ParagraphsField, PhoneField, PictureField
from booking.staff.durations import HumanDurationField

PORTRAIT_SHAPES = ("round", "card", "share")
# Browsers without native inputs show a text box, so accept common formats too.
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y"]
_DAY_AND_MONTH = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
TIME_INPUT_FORMATS = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p"]


def focus_first_error(form: forms.BaseForm) -> None:
    """Let the page open with the focus in the first field that has an error."""
    first = next((name for name in form.fields if name in form.errors), None)
    if first is not None:
        form.fields[first].widget.attrs["autofocus"] = True


class NativeDateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class NativeTimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class OfficeDateField(forms.DateField):
    """A date such as 2027-03-02; also 24/11/2026 and 11/24/2026, which can be read in one way only.

    Canada writes both orders, so a date that can be read in two ways is refused.
    """

    widget = NativeDateInput
    default_error_messages = {"invalid": _("Enter the date as 2026-11-24.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"input_formats": DATE_INPUT_FORMATS} | kwargs)

    def to_python(self, value: Any) -> date | None:
        readings = set()
        if isinstance(value, str) and (match := _DAY_AND_MONTH.fullmatch(value.strip())):
            first, second, year = map(int, match.groups())
            for month, day in ((first, second), (second, first)):
                with suppress(ValueError):
                    readings.add(date(year, month, day))
        if len(readings) > 1:
            words = " or ".join(f"{reading:%B} {reading.day}" for reading in sorted(readings))
            numbers = " or ".join(reading.isoformat() for reading in sorted(readings))
            raise ValidationError(f"This could be {words}. Enter it as {numbers}.", code="invalid")
        return super().to_python(value)


class OfficeTimeField(forms.TimeField):
    """A wall time such as 14:30, 2:30 pm or 2:30 p.m."""

    widget = NativeTimeInput
    default_error_messages = {"invalid": "Write the time as 9:00 a.m. or 14:30."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"input_formats": TIME_INPUT_FORMATS} | kwargs)

    def to_python(self, value: Any) -> time | None:
        return super().to_python(value.replace(".", "") if isinstance(value, str) else value)


class PhoneInput(AdminTextInputWidget):
    input_type = "tel"


class ColourInput(forms.TextInput):
    input_type = "color"


ADMIN_FORMFIELD_OVERRIDES: dict[type[models.Field], dict[str, Any]] = {
    models.DurationField: {"form_class": HumanDurationField},
    models.DateField: {"form_class": OfficeDateField, "widget": NativeDateInput},
    models.TimeField: {"form_class": OfficeTimeField, "widget": NativeTimeInput},
    models.CharField: {"form_class": LineField, "widget": AdminTextInputWidget},
    models.TextField: {"form_class": ParagraphsField, "widget": AdminTextareaWidget(attrs={"rows": 4})},
    # Subclasses of CharField with a form field of their own.
    models.SlugField: {"widget": AdminTextInputWidget},
    models.EmailField: {"form_class": EmailLineField},
    PhoneNumberField: {"form_class": PhoneField, "widget": PhoneInput},
    models.ImageField: {"form_class": PictureField},
    models.URLField: {"widget": AdminURLFieldWidget, "assume_scheme": "https"},
}


class LabelledInlineFormSet(BaseInlineFormSet):
    """Give each input an aria-label: a column heading is not a label to screen readers."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            # Label the select itself, not the RelatedFieldWidgetWrapper around it.
            widget: Any = getattr(field.widget, "widget", field.widget)
            widget.attrs.setdefault("aria-label", field.label or name.replace("_", " ").capitalize())


class OfficeInline(admin.TabularInline):
    """A compact tabular inline, without the related-object buttons."""

    formset = LabelledInlineFormSet
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[arg-type]
        wrapper = getattr(field, "widget", None)
        if isinstance(wrapper, RelatedFieldWidgetWrapper):
            wrapper.can_add_related = wrapper.can_change_related = False
            wrapper.can_delete_related = wrapper.can_view_related = False
        return field


def focal_point_picker(
    src: str, width: Any = None, height: Any = None, *, shapes: Sequence[str] = PORTRAIT_SHAPES
) -> SafeString:
    """The picture on which a click or an arrow key sets the focal point (static/js/focal_point.js).

    ``shapes`` are those that pages cut it to. Without JavaScript the two number fields below do the same.
    """
    image = format_html("{}", gettext("It appears here once it's saved."))
    if src:
        image = format_html('<img src="{}"{} alt="The picture as it is stored">', src, _size(width, height))
    return format_html(
        '<div class="focal-point" data-shapes="{}"><div class="focal-point__picture">{}</div></div>'
        '<div class="focal-point__hint">{}</div>',
        " ".join(shapes),
        image,
        gettext(
            "The ring marks what must stay in view when the picture is cut to another shape. "
            "Click to move it, use the arrow keys, or type how far it is from the left and from the top."
        ),
    )


def _size(width: Any, height: Any) -> SafeString:
    return format_html(' width="{}" height="{}"', width, height) if width and height else mark_safe("")
