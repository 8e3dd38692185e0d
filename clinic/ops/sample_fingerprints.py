"""Fingerprints of sample rows, to detect whether somebody has changed them since they were loaded.

A fingerprint is a hash of a row's editable fields and of its parts, the rows that belong to it alone (a
page's blocks, a practitioner's working hours). It leaves out bookkeeping fields, and fields with their default value,
so that a field that a later release adds does not change existing fingerprints.

Early releases stored no fingerprints. Their rows are compared with ``EARLIER``, portable fingerprints of what
those releases loaded: they refer to other rows by slug or title, and to dates by their distance from the day of
loading, so that they are the same in every database.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Any

from django.db import models

from booking.models import (
    AppointmentEvent,
    Break,
    Closure,
    HoursOverride,
    IntakeAnswers,
    IntakeForm,
    IntakeQuestion,
    Location,
    Message,
    OpeningHours,
    Practitioner,
    PractitionerService,
    Room,
    Service,
    SpecialHours,
    TimeOff,
    WorkingHours,
)
from content.blocks import page_content
from content.models import Page, Picture, Review, Revision

# Models of parts, and the name of the foreign key to the row that owns them.
OWNED_BY: dict[type[models.Model], str] = {
    WorkingHours: "practitioner",
    Break: "practitioner",
    HoursOverride: "practitioner",
    TimeOff: "practitioner",
    PractitionerService: "practitioner",
    OpeningHours: "location",
    SpecialHours: "location",
    Room: "location",
    Closure: "location",
    AppointmentEvent: "appointment",
    Message: "appointment",
    IntakeAnswers: "appointment",
    IntakeQuestion: "form",
    **dict.fromkeys(page_content.KINDS.values(), "parent"),
}
BOOKKEEPING = {
    *("created_at", "updated_at", "edited_at", "edited_by", "preview_generation", "search_key"),
    *("width", "height"),
}
# Former labels of renamed models, as stored fingerprints contain them.
NAMES_WHEN_HASHED: dict[type[models.Model], str] = {SpecialHours: "booking.OpeningException"}
# Defaults of earlier releases. Stored fingerprints leave them out, as they leave out the default of today.
FORMER_DEFAULTS: dict[tuple[type[models.Model], str], str] = {(Page, "booking_label"): "Book this visit"}
NATURAL_KEYS: dict[type[models.Model], str] = {
    IntakeForm: "name",
    Location: "slug",
    Page: "slug",
    Picture: "title",
    Practitioner: "slug",
    Service: "slug",
}

# Portable fingerprints of all rows that the releases without stored fingerprints loaded.
EARLIER: frozenset[str] = frozenset(
    {
        "037a0dfa7e043bf8d0b42ec52eff6ccd869d00a3aa7294e5877c75fece4981a3",
        "0fc4eec11b2a697be2e6edb930bc56d86f986f256d3ff1f955aafee1a9e4be41",
        "14bdb4bc7ed44903d675a972b56b03ffaff84da03dfff520c46879bd26e87c42",
        "21b5f9056eaa95f48f114ccb02e4d352d40f974c5915e0951f1e43b881f3ded8",
        "3bf21e6b24a61a825411d59c4c79d215416e540c5ad34736408d61cdba2b125c",
        "3dc2f617e0d5bae278633190f9688784caf4007343219ba3a40dafdf038a6ddd",
        "480f32e6a2c431b7699f06c5e849aac18ca94fb9c6a6ae34b7e7e6a2e5f29f70",
        "56724790493dbe2d1fe3bb85e503a15418e0c55be636ecc686c293d420a92871",
        "75d300341e22c5fb86db9ed2db0b1eb0a041a09a399fce3c1c050a8d74f565ed",
        "899fdccbf8a2d52b1249fd7f8c47f35245e46b2abcc56df538ffa638e74da978",
        "906632e6f4ada662c9eacec706f35e6db22fb108172a0e78dfde10ad5953dcb9",
        "9692fce0f2b9da85f928c33c968a47076426fa46465948ddcebc8cea44d31e9f",
        "a6e3e0960bbc8fc7be00cd4f62a19b1121fe8d9917fe60af540a00a3a99abc95",
        "a75d11d4a881f167d04558e386629149c84817d9cd047e5607342e563853dbaa",
        "a7d0aeb693deec37496c5cb7cb55b383028790c172691f1dd38c94c73f30c6da",
        "a878455fdd091a0f48bd0eb005693b5b42d002929ac33a737495e0540282125d",
        "aedb8baa7a2029cd09ecdd236298f4c12194d6626536e380b6255e948368c417",
        "b3592c09727103d4097541fbd9b748057f6f0f61d24c638b8caf477b11d90583",
        "ba733516c8ef3dba89b597faae477974ea1ff6ae0d9eb51ef51217ea66bd4486",
        "c1bef75c59197cb7c3046407a475d6f72c0e7e3cccc4fbc1b4edbac577852db0",
        "c6dfe01651215605aa258d274c1b64ff921d89be8d492d7200b4e63f5eee2117",
        "c7972a4c00534fb1a5e911168ed8ab62d74525799de4bb12aef2b364de065a1c",
        "c7ea947d77f919d58068571e375c9a0e9f1fc77f9d7fbbcfe2bea0329619b6a3",
        "e14c98d939ab0a6a16caea82e5fab2754af65bed6062bfcffc2d75e972d9efd7",
        "e40b4092d8ab69dd3f7ab88e83c7f41cdc2f6154e18dea29f97a99c91a0a93a1",
        "ed7a0bc9562baada169d6490748f59c8e09e5f27a620e915b16a68fed8d7727a",
        "f5f2683339ef502e9b81387eaf2c67deefcb32936b38aa0323503106cfd9a49b",
        "f61d34090f557508a9b41ba871d1c45d4335fac2c5740fd5f5dfdc9b928e0bca",
        "f98d2f3eb37236033d29fb1fbb83516031681755f548707b7b06b2aabbf71383",
        "fcd5f0c3ee4a4c50966538b75ad9b992cb9b691616fc0b72c3c0894ccbbd10b7",
    }
)


@dataclass(frozen=True)
class Serializer:
    """Serialize rows for hashing. With ``loaded_on``, the result is portable: the same in every database."""

    loaded_on: date | None = None

    def fields(self, row: models.Model, *, exclude: str = "") -> dict[str, Any]:
        """Serialize the editable fields that do not have their default value."""
        values = {}
        for field in row._meta.concrete_fields:
            if field.primary_key or field.name in BOOKKEEPING or field.name == exclude:
                continue
            value = getattr(row, field.attname)
            if value == FORMER_DEFAULTS.get((type(row), field.name)):
                continue
            if value not in (None, "") and value != field.get_default() and not _is_implicit_step(row, field.name):
                values[field.name] = self.value(field, row, value)
        return values

    def value(self, field: Any, row: models.Model, value: Any) -> Any:
        if self.loaded_on is None:
            return value if field.is_relation else field.value_to_string(row)
        if field.is_relation:
            return self.reference(field.related_model, value)
        if isinstance(field, models.FileField):
            return PurePosixPath(str(value)).stem.partition("_")[0]  # Storage appends _xxxxxxx to a duplicate name.
        if type(value) is date:
            return self.distance(row, value)
        return field.value_to_string(row)

    def distance(self, row: models.Model, on: date) -> Any:
        assert self.loaded_on is not None
        if isinstance(row, Closure):  # Public holidays have the same date each year.
            return [on.year - self.loaded_on.year, on.month, on.day]
        monday = self.loaded_on - timedelta(days=self.loaded_on.weekday())
        return (on - monday).days

    def reference(self, model: type[models.Model], pk: Any) -> Any:
        if self.loaded_on is None or model not in NATURAL_KEYS:
            return pk
        row = model._default_manager.filter(pk=pk).first()
        if row is None:
            return None
        if isinstance(row, Page):
            return [row.kind, row.slug or ("" if row.kind != Page.Kind.SNIPPET else row.title)]
        return getattr(row, NATURAL_KEYS[model])

    def block(self, block: dict[str, Any]) -> dict[str, Any]:
        model = page_content.KINDS[block["kind"]]
        keys = {field.name: field.related_model for field in page_content.keys_of(model)}
        defaults = {field.name: field.get_default() for field in model._meta.concrete_fields}
        values = {}
        for name, value in block["fields"].items():
            if value not in (None, "") and value != defaults[name]:
                values[name] = self.reference(keys[name]._meta.concrete_model, value) if name in keys else value
        return {"kind": block["kind"], "region": block["region"], "fields": values}


def _is_implicit_step(row: models.Model, name: str) -> bool:
    """Whether this is the step that a migration wrote down for an empty field; that is no change by staff."""
    return name == "step" and isinstance(row, Service) and row.step == row.duration


def fingerprints(rows: Iterable[models.Model], *, loaded_on: date | None = None) -> dict[models.Model, str]:
    """Return the fingerprint of each row. Pass rows as the database has them; ``loaded_on`` makes it portable."""
    serializer = Serializer(loaded_on)
    rows = list(rows)
    parts = parts_of(row for row in rows if not isinstance(row, Page))
    return {row: _hash(_content(row, parts[row], serializer)) for row in rows}


def parts_of(rows: Iterable[models.Model]) -> dict[models.Model, list[models.Model]]:
    """Map each row to its parts, with one query for each model in OWNED_BY."""
    by_model: dict[type[models.Model], dict[Any, models.Model]] = defaultdict(dict)
    for row in rows:
        by_model[row._meta.concrete_model or type(row)][row.pk] = row
    parts: dict[models.Model, list[models.Model]] = defaultdict(list)
    for model, name in OWNED_BY.items():
        field: Any = model._meta.get_field(name)
        if owners := by_model.get(field.related_model._meta.concrete_model):
            for part in model._default_manager.filter(**{f"{name}__in": list(owners)}):
                parts[owners[getattr(part, field.attname)]].append(part)
    return parts


def _content(row: models.Model, parts: list[models.Model], serializer: Serializer) -> dict[str, Any]:
    content: dict[str, Any] = {"kind": _kind(row), "fields": serializer.fields(row)}
    if isinstance(row, Page):
        content |= _page_content(row, serializer)
    content["parts"] = sorted(
        json.dumps(part, sort_keys=True, default=str) for part in _serialized_parts(parts, serializer)
    )
    return content


def _page_content(page: Page, serializer: Serializer) -> dict[str, Any]:
    """Serialize a page's blocks in order, its revisions (the sample's own has no ``made_by``) and review count."""
    draft = page_content.content_of_draft(page)
    revisions = Revision.objects.filter(page=page).order_by("pk")
    return {
        "blocks": [serializer.block(block) for block in draft.blocks],
        "revisions": [
            [
                revision.is_public,
                revision.made_by_id is None,
                page_content.content_of_revision(revision).digest == draft.digest,
            ]
            for revision in revisions
        ],
        "reviews": Review.objects.filter(page=page).count(),
    }


def _serialized_parts(parts: Iterable[models.Model], serializer: Serializer) -> Iterator[dict[str, Any]]:
    for part in parts:
        yield {"kind": _kind(part), "fields": serializer.fields(part, exclude=OWNED_BY[type(part)])}


def _kind(row: models.Model) -> str:
    return NAMES_WHEN_HASHED.get(type(row), row._meta.label)


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
