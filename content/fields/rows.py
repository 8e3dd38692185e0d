"""A model field for a small table of texts, stored as JSON and edited without JavaScript.

A ``RowsField`` declares its columns; every row has exactly those, as cleaned strings. Rows are validated and cleaned
on every write to the database, and empty rows are dropped. The widget consists of plain inputs, so it also works in
the forms that the content editor clones.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext

from booking.text_cleaning import clean_line, clean_text

MOST_ROWS = 60
SPARE_ROWS = 3  # Empty rows in the form; saving adds more.

Row = dict[str, str]


@dataclass(frozen=True)
class Column:
    """One column of the rows. ``is_long`` cells may hold paragraphs, lists and **bold** (see markup.py)."""

    name: str
    label: str | Promise
    is_required: bool = True
    is_long: bool = False
    max_length: int = 200
    hint: str | Promise = ""
    validators: tuple[Callable[[str], None], ...] = ()

    def clean(self, value: object) -> str:
        """Return the cleaned value of a cell, or raise ValidationError."""
        if value is None:
            return ""
        if not isinstance(value, str | int):
            raise ValidationError(f"{self.label}: this isn't text.")
        try:
            text = clean_text(str(value)) if self.is_long else clean_line(str(value))
            if len(text) > self.max_length:
                raise ValidationError(f"This has {len(text)} characters. The limit is {self.max_length}.")
            if text:
                for validate in self.validators:
                    validate(text)
        except ValidationError as error:
            raise ValidationError([f"{self.label}: {message}" for message in error.messages]) from None
        return text


def clean_rows(columns: Sequence[Column], value: object) -> list[Row]:
    """Return the rows with every column cleaned, without empty rows. Raises ValidationError."""
    if value in (None, ""):
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValidationError(gettext("These aren't rows."))
    rows: list[Row] = []
    errors: list[str] = []
    for number, cells in enumerate(value, start=1):
        row: Row = {}
        for column in columns:
            try:
                row[column.name] = column.clean(cells.get(column.name))
            except ValidationError as error:
                errors += [f"Row {number}. {message}" for message in error.messages]
        if not any(row.values()):
            continue
        errors += [
            f"Row {number}. {column.label}: write something here, or clear the whole row."
            for column in columns
            if column.is_required and row.get(column.name) == ""
        ]
        rows.append(row)
    if len(rows) > MOST_ROWS:
        errors.append(f"There are {len(rows)} rows. The limit is {MOST_ROWS}: use two blocks.")
    if errors:
        raise ValidationError(errors)
    return rows


# Style sheets of the editing pages, loaded after the admin's own in this order.
EDITOR_STYLES = [
    "css/admin/editor/layout.css",
    "css/admin/editor/pictures.css",
    "css/admin/content/editing.css",
    "css/admin/content/pictures.css",
    "css/admin/content/steps.css",
]


class RowsWidget(forms.Widget):
    """A group of inputs for each row: its cells, its position, and a checkbox to delete it."""

    template_name = "content/widgets/rows.html"

    class Media:
        css = {"all": EDITOR_STYLES}

    def __init__(self, columns: Sequence[Column] = (), attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.columns = columns

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        stored = value if isinstance(value, list) else []
        filled = [*stored, *({} for _ in range(SPARE_ROWS))]
        id_ = context["widget"]["attrs"].get("id") or f"id_{name}"
        context["widget"]["total"] = len(filled)
        context["widget"]["first_spare"] = len(stored) + 1
        context["widget"]["is_empty"] = not stored
        context["widget"]["has_long"] = any(column.is_long for column in self.columns)
        context["widget"]["rows"] = [
            {
                "name": f"{name}-{index}",
                "id": f"{id_}-{index}",
                "number": index + 1,
                "is_spare": index >= len(stored),
                "position": (index + 1) * 10 if index < len(stored) else "",
                "cells": [
                    {
                        "column": column,
                        "name": f"{name}-{index}-{column.name}",
                        "id": f"{id_}-{index}-{column.name}",
                        "value": row.get(column.name, "") if isinstance(row, dict) else "",
                    }
                    for column in self.columns
                ],
            }
            for index, row in enumerate(filled)
        ]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        """Return the rows in their new order. A row with an invalid position goes to the end."""
        rows: list[tuple[float, int, Row]] = []
        for index in range(min(_count(data.get(f"{name}-total")), MOST_ROWS + SPARE_ROWS)):
            if data.get(f"{name}-{index}-delete"):
                continue
            row = {column.name: data.get(f"{name}-{index}-{column.name}") or "" for column in self.columns}
            if any(cell.strip() for cell in row.values()):
                rows.append((_position(data.get(f"{name}-{index}-position")), index, row))
        return [row for _position_, _index, row in sorted(rows, key=lambda item: item[:2])]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-total" not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-{self.columns[0].name}" if self.columns else id_


def _count(value: Any) -> int:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _position(value: Any) -> float:
    try:
        position = float(str(value).replace(",", ".")[:10])
    except ValueError:
        return float("inf")
    return float("inf") if math.isnan(position) else position  # NaN cannot be sorted.


class RowsFormField(forms.Field):
    widget = RowsWidget

    def __init__(self, *, columns: Sequence[Column] = (), **kwargs: Any) -> None:
        self.columns = columns
        super().__init__(**kwargs)
        self.widget.columns = columns

    def to_python(self, value: Any) -> list[Row]:
        return clean_rows(self.columns, value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return clean_rows(self.columns, initial) != clean_rows(self.columns, data)
        except ValidationError:
            return True


class RowsField(models.JSONField):
    """A list of rows with fixed columns. The columns are not part of migrations."""

    def __init__(self, *args: Any, columns: Sequence[Column] = (), **kwargs: Any) -> None:
        self.columns = columns
        kwargs.setdefault("default", list)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, list):
            value = clean_rows(self.columns, value)
        return super().get_prep_value(value)

    def clean(self, value: Any, model_instance: Any) -> Any:
        return super().clean(clean_rows(self.columns, value), model_instance)

    def formfield(self, **kwargs: Any) -> Any:
        # Skip JSONField.formfield(), whose form field shows raw JSON. Because the default is callable, Django would
        # add a hidden initial value to detect changes; RowsFormField.has_changed() compares rows itself.
        defaults: dict[str, Any] = {
            "form_class": RowsFormField,
            "columns": self.columns,
            "widget": RowsWidget,
            "show_hidden_initial": False,
        } | kwargs
        return models.Field.formfield(self, **defaults)
