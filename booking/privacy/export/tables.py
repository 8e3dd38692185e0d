"""The tables of an export: the rows of one model with all their fields, as JSON and in words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import BooleanField, ForeignKey, IntegerField, JSONField, ManyToManyField, Model
from django.utils.functional import Promise

from booking.models import Appointment, Patient, WaitlistEntry, WaitlistOffer
from booking.privacy.field_words import label_of, state_in_words, words_of

# Secrets of a visitor's browser session. They say nothing about the person.
LEFT_OUT = {"hold_key", "submission_key"}
# In the JSON only: they mean something to the software alone.
NOT_TO_READ = {
    "search_key", "uid", "source", "source_site", "person_key", "wish_key", "known_starts", "series", "local_on",
    "local_time", "local_fold", "time_zone", "buffer_before", "buffer_after", "sequence", "link_generation", "key",
    "provider_id", "attempts", "leased_until", "delivery_check_at", "delivery_checks", "moved", "content_type", "id",
    "object_id", "action_flag", "patient", "model", "merged_into", "kept", "merged",
}  # fmt: skip
_encode = DjangoJSONEncoder().default
JsonType = str | list[str] | None


@dataclass(frozen=True)
class Extra:
    """A column that is no field of the model."""

    label: str
    value: Callable[[Any], Any]
    type: JsonType = "string"


@dataclass(frozen=True)
class ExportTable:
    """``name`` is its key in the JSON.

    ``extra`` are columns besides the model's fields; ``without`` names fields that are left out, ``replaced`` gives
    values in place of the stored ones. JSON fields hold values of the model ``states_of``, else of the row's ``model``.
    """

    name: str
    title: str | Promise
    model: type[Model]
    rows: Iterable[Any]
    extra: Mapping[str, Extra] = field(default_factory=dict)
    without: Sequence[str] = ()
    replaced: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    states_of: str = ""

    @property
    def fields(self) -> list[Any]:
        """The fields that are exported, those of many-to-many relations included."""
        meta = self.model._meta
        left_out = {*LEFT_OUT, *self.without}
        return [one for one in (*meta.concrete_fields, *meta.many_to_many) if one.name not in left_out]

    def items(self) -> list[dict[str, Any]]:
        """The rows as JSON holds them."""
        return [
            {
                **{one.name: self._value(one, row) for one in self.fields},
                **{name: extra.value(row) for name, extra in self.extra.items()},
            }
            for row in self.rows
        ]

    def _value(self, one: Any, row: Any) -> Any:
        return self.replaced[one.name](row) if one.name in self.replaced else json_value(one, row)

    def labels(self) -> dict[str, str]:
        fields = {one.name: label_of(one, one.name) for one in self.fields}
        return fields | {name: extra.label for name, extra in self.extra.items()}

    def lines(self, item: Mapping[str, Any]) -> list[tuple[str, str]]:
        """An item as labels and words, without what is empty, and what nobody reads."""
        fields = {one.name: one for one in self.fields}
        model = self.states_of or item.get("model", "")
        words = {
            name: state_in_words(model, value) if isinstance(value, dict) else words_of(fields.get(name), value)
            for name, value in item.items()
            if name not in NOT_TO_READ
        }
        labels = self.labels()
        return [(labels[name], text) for name, text in words.items() if text]

    def types(self) -> dict[str, JsonType]:
        """The JSON type of each column; None for any."""
        fields = {one.name: json_type(one) for one in self.fields}
        return fields | {name: extra.type for name, extra in self.extra.items()}


def json_value(field: Any, row: Any) -> Any:
    """A field's value: related rows by name, a patient's row by its number, a visit's by its reference."""
    if isinstance(field, ManyToManyField):
        return [str(related) for related in getattr(row, field.name).all()]
    if isinstance(field, ForeignKey):
        return _related(field, row)
    value = getattr(row, field.attname)
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    try:
        return _encode(value)
    except TypeError:
        return str(value)


def json_type(field: Any) -> JsonType:
    if isinstance(field, JSONField):
        return None
    if isinstance(field, ManyToManyField):
        return "array"
    kind = "string"
    if isinstance(field, BooleanField):
        kind = "boolean"
    elif isinstance(field, IntegerField) or _is_by_key(field):
        kind = "integer"
    return [kind, "null"] if field.null else kind


def _is_by_key(field: Any) -> bool:
    return isinstance(field, ForeignKey) and issubclass(field.related_model, Patient | WaitlistEntry | WaitlistOffer)


def _related(field: Any, row: Any) -> Any:
    if _is_by_key(field):
        return getattr(row, field.attname)
    related = getattr(row, field.name)
    if isinstance(related, Appointment):
        return related.reference
    if isinstance(related, AbstractUser):
        return str(related.get_full_name() or related.get_username())
    return None if related is None else str(related)
