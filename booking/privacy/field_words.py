"""The label of a model's field, and its stored values as people read them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateField, DateTimeField, DecimalField, DurationField
from django.utils import timezone
from django.utils.dateparse import parse_duration
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from booking.formatting import clock, date_in_words, duration, money, phone_in_words

# What people read in place of a field's own name, and the values of a refused correction, which no field holds.
_LABELS = {
    "asked": _("They asked"),
    "at": _("When"),
    "created_at": _("Recorded"),
    "ends_at": _("Ends"),
    "is_first_visit": _("First visit"),
    "is_unverified": _("Email not confirmed yet"),
    "starts_at": _("Starts"),
    "statement": _("Their statement of disagreement"),
    "updated_at": _("Last changed"),
}
_PRICES = {"price", "own_price"}


def field_of(model: str, name: str) -> Any:
    """The field of a model such as booking.patient; None if there is no such field or model any more."""
    try:
        return apps.get_model(model)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None


def label_of(field: Any, name: str) -> str:
    """What people read for a field; ``name`` for one that the model no longer has."""
    own = getattr(field, "verbose_name", "") or name.replace("_", " ")
    words = str(_LABELS.get(name, own))
    return words[:1].upper() + words[1:]


def words_of(field: Any, value: Any) -> str:
    """A value as JSON holds it, in words; "" if it is empty. What the field no longer understands stays as it is."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return _text_in_words(field, value) if isinstance(value, str) else str(value)


def state_in_words(model: str, state: Mapping[str, Any]) -> str:
    """The values of several fields: "Name: Hannah Redcrow; Pronouns: she/her", without empty ones."""
    fields = {name: field_of(model, name) for name in state}
    words = {name: words_of(fields[name], value) for name, value in state.items()}
    return "; ".join(f"{label_of(fields[name], name)}: {text}" for name, text in words.items() if text)


def _text_in_words(field: Any, value: str) -> str:
    choices = dict(getattr(field, "flatchoices", ()))
    if value in choices:
        return str(choices[value])
    try:
        if isinstance(field, DateTimeField):
            return _instant(datetime.fromisoformat(value))
        if isinstance(field, DateField):
            return date_in_words(date.fromisoformat(value))
        if isinstance(field, DecimalField) and field.name in _PRICES:
            return money(Decimal(value))
    except (ValueError, InvalidOperation):
        return value
    if isinstance(field, DurationField):
        length = parse_duration(value)
        return duration(length) if length is not None else value
    return phone_in_words(value) if isinstance(field, PhoneNumberField) else value


def _instant(value: datetime) -> str:
    local = timezone.localtime(value)
    return f"{date_in_words(local)}, {clock(local)}"
