"""Check the rows of an import: what is wrong in each, and who is possibly here already."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from phonenumber_field.phonenumber import PhoneNumber

from booking.desk.patients.imports.columns import TARGETS
from booking.desk.patients.imports.table import CsvTable
from booking.forms.fields import BirthDateField, EmailLineField, LineField, PhoneField, validate_has_a_letter
from booking.models import Patient
from booking.scheduling import KnownPatients
from booking.staff.formats import format_phone
from booking.text_cleaning import normalize_for_search

_DATE = re.compile(r"([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})")


@dataclass
class ImportRow:
    """A row of the file: its number, the patient's fields, what is wrong, and who is possibly the same person."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    duplicates: list[Patient] = field(default_factory=list)
    same_as: int | None = None  # The number of an earlier row.

    @property
    def label(self) -> str:
        return str(self.values.get("name") or gettext("no name"))

    @property
    def phone(self) -> str:
        """The number as it is written here; empty if it is none."""
        number = self.values.get("phone")
        return format_phone(PhoneNumber.from_string(number)) if number else ""

    @property
    def is_doubtful(self) -> bool:
        return bool(self.duplicates or self.same_as)


def check_rows(table: CsvTable, columns: Mapping[str, int], date_order: str, *, today: date) -> list[ImportRow]:
    """Check every row with the fields of the office's own forms."""
    fields = _fields(today)
    known = KnownPatients()
    earlier: dict[tuple[str, str], int] = {}
    rows = []
    for number, cells in table.rows:
        row = _check(number, {target: cells[index] for target, index in columns.items()}, fields, date_order)
        if not row.errors:
            row.duplicates = known.like(row.values)
            row.same_as = _note_row(earlier, row)
        rows.append(row)
    return rows


def _fields(today: date) -> dict[str, forms.Field]:
    return {
        "name": LineField(
            max_length=120, validators=[validate_has_a_letter], error_messages={"required": gettext("There is none.")}
        ),
        "preferred_name": LineField(max_length=120, required=False),
        "pronouns": LineField(max_length=40, required=False),
        "phone": PhoneField(max_length=40, error_messages={"required": gettext("There is none.")}),
        "email": EmailLineField(max_length=254, required=False),
        "date_of_birth": BirthDateField(today=today, required=False),
        "contact_name": LineField(max_length=120, required=False),
    }


def _check(number: int, texts: dict[str, str], fields: Mapping[str, forms.Field], date_order: str) -> ImportRow:
    names = (texts.get("first_name", ""), texts.get("last_name", ""))
    texts["name"] = texts.get("name", "").strip() or " ".join(filter(None, map(str.strip, names)))
    texts["date_of_birth"] = _iso_date(texts.get("date_of_birth", ""), date_order)
    row = ImportRow(number)
    for name, form_field in fields.items():
        try:
            row.values[name] = form_field.clean(texts.get(name, ""))
        except ValidationError as error:
            row.errors.append(f"{TARGETS[name][0]}: {' '.join(error.messages)}")
    return row


def _iso_date(text: str, order: str) -> str:
    """The date in ISO form; a text that is no date stays as it is, and is refused by the field."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return text
    parts = dict(zip("ymd" if len(match[1]) == 4 else order, match.groups(), strict=True))
    if len(parts["y"]) != 4:
        return text
    return f"{parts['y']}-{int(parts['m']):02}-{int(parts['d']):02}"


def _note_row(earlier: dict[tuple[str, str], int], row: ImportRow) -> int | None:
    """The number of an earlier row with the same name, and the same phone or email."""
    name = normalize_for_search(row.values["name"])
    keys = [(name, contact) for contact in (row.values["phone"], row.values["email"].casefold()) if contact]
    found = next((earlier[key] for key in keys if key in earlier), None)
    for key in keys:
        earlier.setdefault(key, row.number)
    return found
