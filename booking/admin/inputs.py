"""How the office types things: the browser's own date and time inputs, and text that is tidied."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import (
    AdminTextareaWidget,
    AdminTextInputWidget,
    AdminURLFieldWidget,
    RelatedFieldWidgetWrapper,
)
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from phonenumber_field.modelfields import PhoneNumberField

from booking.admin.durations import WrittenDurationField
from booking.pictures import PictureField
from booking.text import LineField, ParagraphsField

# Browsers without such inputs show a text box, so what people would write there is read as well.
DAYS_READ = ["%Y-%m-%d", "%d/%m/%Y"]
CLOCKS_READ = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p"]


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class PhoneInput(AdminTextInputWidget):
    input_type = "tel"


class ColourInput(forms.TextInput):
    input_type = "color"


OFFICE_INPUTS: dict[type[models.Field], dict[str, Any]] = {
    models.DurationField: {"form_class": WrittenDurationField},
    models.DateField: {"widget": DayInput, "input_formats": DAYS_READ},
    models.TimeField: {"widget": ClockInput, "input_formats": CLOCKS_READ},
    models.CharField: {"form_class": LineField, "widget": AdminTextInputWidget},
    models.TextField: {"form_class": ParagraphsField, "widget": AdminTextareaWidget(attrs={"rows": 4})},
    # These are kinds of CharField, but each checks what is typed in its own way.
    models.SlugField: {"widget": AdminTextInputWidget},
    PhoneNumberField: {"widget": PhoneInput},
    models.ImageField: {"form_class": PictureField},
    models.URLField: {"widget": AdminURLFieldWidget, "assume_scheme": "https"},
}


class NamedCells(BaseInlineFormSet):
    """Every field of a row says its name itself: the words above its column are no label to a screen reader."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            # A choice among other rows lies in a wrapper, which has names for its buttons only.
            widget: Any = getattr(field.widget, "widget", field.widget)
            widget.attrs.setdefault("aria-label", field.label or name.replace("_", " ").capitalize())


class OfficeInline(admin.TabularInline):
    """Rows on another row's page: as narrow as they can be, so without buttons beside each choice."""

    formset = NamedCells
    formfield_overrides = OFFICE_INPUTS
    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[arg-type]
        wrapper = getattr(field, "widget", None)
        if isinstance(wrapper, RelatedFieldWidgetWrapper):
            wrapper.can_add_related = wrapper.can_change_related = False
            wrapper.can_delete_related = wrapper.can_view_related = False
        return field
