"""A model field for a small table of texts, stored as JSON and edited without JavaScript.

A ``RowsField`` declares its columns; every row has exactly those, as cleaned strings. Rows are validated and cleaned
on every write to the database, and empty rows are dropped. The widget consists of plain inputs, so it also works in
the forms that the content editor clones.
"""

import json
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext
from django_prose_editor.widgets import AdminProseEditorWidget

from booking.text_cleaning import clean_line, clean_text
from content.fields import markup
from content.fields.rich_text import EXTENSIONS, clean_html, text_of

MOST_ROWS = 60
SPARE_ROWS = 3  # Empty rows in the form; saving adds more.
MOST_FORM_ROWS = 1000  # Also those that were added and removed again before the save.
ADDED_ROW = "__row__"  # What the script replaces in the names of a row that it adds.
MOST_MARKUP = 10  # How many times as long as its words a long cell may be, with its tags and addresses.

Row = dict[str, str]


@dataclass(frozen=True)
class Column:
    """One column of the rows.

    ``is_long`` cells are rich text, stored as sanitized HTML; plain text becomes HTML (see markup.py). Their
    ``max_length`` counts the words that readers see. Other cells are one line.

    A draft may have rows without their required cells: publishing/checks/completeness.py asks for them.
    """

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
            text = self._clean_long(str(value)) if self.is_long else clean_line(str(value))
            length = len(text_of(text)) if self.is_long else len(text)
            if length > self.max_length:
                raise ValidationError(f"This has {length} characters. The limit is {self.max_length}.")
            if text:
                for validate in self.validators:
                    validate(text)
        except ValidationError as error:
            raise ValidationError([f"{self.label}: {message}" for message in error.messages]) from None
        return text

    def _clean_long(self, value: str) -> str:
        if len(value) > self.max_length * MOST_MARKUP:
            raise ValidationError(f"This has {len(value)} characters. The limit is {self.max_length}.")
        html = clean_html(value if markup.has_tag(value) else markup.to_html(clean_text(value)))
        return html if not html or markup.is_html(html) else clean_html(f"<p>{html}</p>").removesuffix("<p></p>")


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
        if any(row.values()):
            rows.append(row)
    if len(rows) > MOST_ROWS:
        errors.append(f"There are {len(rows)} rows. The limit is {MOST_ROWS}: use two blocks.")
    if errors:
        raise ValidationError(errors)
    return rows


def html_cells(rows: Any, names: Collection[str]) -> Any:
    """Return rows with the cells of these names as HTML. What is HTML already stays as it is."""
    if not isinstance(rows, list) or not names:
        return rows
    return [
        {name: to_html_cell(cell) if name in names else cell for name, cell in row.items()}
        if isinstance(row, dict)
        else row
        for row in rows
    ]


def to_html_cell(cell: Any) -> Any:
    return str(markup.to_html(cell)) if isinstance(cell, str) and not markup.is_html(cell) else cell


# Style sheets of the editing pages, loaded after the admin's own in this order.
EDITOR_STYLES = [
    "css/admin/editor/layout.css",
    "css/admin/editor/saved.css",
    "css/admin/editor/bar.css",
    "css/admin/editor/checks.css",
    "css/admin/editor/preview.css",
    "css/admin/editor/blocks.css",
    "css/admin/editor/rows.css",
    "css/admin/editor/comments.css",
    "css/admin/editor/pictures.css",
    "css/admin/content/editing.css",
    "css/admin/content/pictures.css",
    "css/admin/content/steps.css",
]


class RowsWidget(forms.Widget):
    """A group of inputs for each row: its cells, its position, and a checkbox to delete it.

    With JavaScript rows are dragged, added in place, and their long cells have the editor of rich text
    (static/js/page_editor/rows.js). Without it they are ordered by their positions.
    """

    template_name = "content/widgets/rows.html"

    def __init__(self, columns: Sequence[Column] = (), attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.columns = columns

    @property
    def media(self) -> forms.Media:
        return _rich_text_widget().media + forms.Media(css={"all": EDITOR_STYLES})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        stored = [row if isinstance(row, dict) else {} for row in value] if isinstance(value, list) else []
        filled = [*stored, *({} for _ in range(SPARE_ROWS))]
        id_ = context["widget"]["attrs"].get("id") or f"id_{name}"
        rows = [self._row(name, id_, number, row) for number, row in enumerate(filled, start=1)]
        context["widget"] |= {
            "total": len(rows),
            "rows": rows,
            "stored": rows[: len(stored)],
            "spare": [row | {"position": ""} for row in rows[len(stored) :]],
            "added": self._row(name, id_, 0, {}) | {"position": ""},
            "has_long": any(column.is_long for column in self.columns),
            "rich_text": json.dumps(_rich_text_widget().get_config(), cls=DjangoJSONEncoder),
        }
        return context

    def _row(self, name: str, id_: str, number: int, row: Row) -> dict[str, Any]:
        """Return the names and values of a row's inputs. Number 0 is the row that the script copies."""
        end = f"-{number - 1}"
        name, id_ = (f"{name}{end}", f"{id_}{end}") if number else (ADDED_ROW, f"id_{ADDED_ROW}")
        cells = [
            {
                "column": column,
                "name": f"{name}-{column.name}",
                "id": f"{id_}-{column.name}",
                "value": row.get(column.name, ""),
            }
            for column in self.columns
        ]
        return {"name": name, "id": id_, "number": number, "position": number * 10, "cells": cells}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        """Return the rows in their new order. A row with an invalid position goes to the end."""
        rows: list[tuple[float, int, Row]] = []
        for index in range(min(_count(data.get(f"{name}-total")), MOST_FORM_ROWS)):
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


def _rich_text_widget() -> AdminProseEditorWidget:
    return AdminProseEditorWidget(config={"extensions": EXTENSIONS}, preset="configurable")


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

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return long cells as HTML also where the release before has written text, before or during an upgrade."""
        return html_cells(super().from_db_value(value, expression, connection), self.long_columns)  # type: ignore[misc]

    @property
    def long_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.is_long)

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
